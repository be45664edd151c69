import zipfile
from pathlib import Path

import pytest

from emostudio.data import archives
from emostudio.data.archives import unzip
from tests.studies.sounding import burst


def packed(folder: Path, files: dict[str, bytes]) -> Path:
    archive = folder / "clips.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in files.items():
            out.writestr(name, data)
    return archive


def test_a_zip_is_unpacked_under_names_of_our_own(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    archive = packed(
        tmp_path,
        {
            "../evil.wav": b"x",
            "/etc/evil.wav": b"x",
            "C:\\evil.wav": b"x",
            "a/../../evil.wav": b"x",
            "good/a.wav": burst(1),
            "good/b.wav": burst(2),
            "__MACOSX/a.wav": b"x",
            ".DS_Store": b"x",
        },
    )
    files, refused = unzip(archive, target)
    assert set(files) == {"good/a.wav", "good/b.wav"}
    assert set(refused) == {"../evil.wav", "/etc/evil.wav", "C:\\evil.wav", "a/../../evil.wav"}
    assert sorted(path.parent for path in files.values()) == [target, target]
    assert files["good/a.wav"].read_bytes() == burst(1)
    assert {path.name for path in tmp_path.rglob("*.wav")} == {"00000.wav", "00001.wav"}


def test_a_zip_bomb_is_stopped_at_the_limit_and_the_rest_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_FILE_BYTES", 2**20)
    archive = packed(tmp_path, {"bomb.wav": bytes(2**24), "good.wav": burst(1)})
    target = tmp_path / "out"
    target.mkdir()
    files, refused = unzip(archive, target)
    assert list(files) == ["good.wav"] and "larger than" in refused["bomb.wav"]
    assert sum(path.stat().st_size for path in target.iterdir()) == len(burst(1))


def test_a_zip_may_not_hold_more_in_all_than_the_limit(tmp_path: Path) -> None:
    archive = packed(tmp_path, {f"{n}.wav": bytes(20_000) for n in range(5)})
    target = tmp_path / "out"
    target.mkdir()
    files, refused = unzip(archive, target, max_bytes=50_000)
    assert (len(files), len(refused)) == (2, 3)


def test_a_zip_may_not_hold_too_many_files(tmp_path: Path) -> None:
    archive = packed(tmp_path, {f"{n}.wav": b"x" for n in range(3)})
    target = tmp_path / "out"
    target.mkdir()
    files, refused = unzip(archive, target, max_files=2)
    assert (len(files), list(refused)) == (2, ["2.wav"])


def test_a_name_that_comes_twice_never_takes_another_files_place(tmp_path: Path) -> None:
    archive, target = packed(tmp_path, {"a.wav": b"a"}), tmp_path / "out"
    target.mkdir()
    with zipfile.ZipFile(archive, "a") as out, pytest.warns(UserWarning, match="Duplicate name"):
        out.writestr("a.wav", b"another")
        out.writestr("b.wav", b"b")
    files, refused = unzip(archive, target)
    held = {name: file.read_bytes() for name, file in files.items()}
    assert held == {"a.wav": b"a", "b.wav": b"b"}
    assert "twice" in refused["a.wav"]


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_file_that_can_not_be_unpacked_keeps_the_others(tmp_path: Path, packing: int) -> None:
    archive = tmp_path / "clips.zip"
    with zipfile.ZipFile(archive, "w", packing) as out:
        out.writestr("bad.wav", bytes(range(256)) * 40)
        out.writestr("good.wav", b"good")
    whole = bytearray(archive.read_bytes())
    start = 30 + len("bad.wav")  # its local header
    whole[start + 4 : start + 40] = b"\xff" * 36
    archive.write_bytes(bytes(whole))
    files, refused = unzip(archive, tmp_path)
    assert list(files) == ["good.wav"] and "damaged" in refused["bad.wav"]


def test_a_damaged_file_in_a_zip_keeps_the_others(tmp_path: Path) -> None:
    archive = packed(tmp_path, {"bad.wav": burst(1), "good.wav": burst(2)})
    data = bytearray(archive.read_bytes())
    data[500] ^= 0xFF
    archive.write_bytes(data)
    target = tmp_path / "out"
    target.mkdir()
    files, refused = unzip(archive, target)
    assert list(files) == ["good.wav"] and "damaged" in refused["bad.wav"]


def test_what_is_no_zip_is_refused_in_words(tmp_path: Path) -> None:
    file = tmp_path / "clips.zip"
    file.write_bytes(b"no zip")
    with pytest.raises(ValueError, match="is no zip"):
        unzip(file, tmp_path)
