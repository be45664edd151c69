import zipfile
from pathlib import Path

import pytest

from emostudio.data.archives import unzip
from emostudio.listening.protocol import Protocol
from emostudio.storage.database import Database
from emostudio.storage.sounds import Sounds
from emostudio.studies import authoring
from emostudio.studies.grid import grid
from emostudio.studies.uploads import by_name, by_table
from tests.studies.sounding import burst


def packed(folder: Path, files: dict[str, bytes]) -> Path:
    archive = folder / "clips.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in files.items():
            out.writestr(name, data)
    return archive


def table(folder: Path, text: str) -> Path:
    file = folder / "clips.csv"
    file.write_bytes(text.encode())
    return file


def test_names_tell_system_utterance_emotion_and_intensity() -> None:
    files = {
        "mix_s1_happy_0.3.wav": Path("a"),
        "deep/zest_s2_sad_strong.flac": Path("b"),
        "readme.txt": Path("c"),
        "mix_s1_happy_loud.wav": Path("d"),
    }
    upload = by_name(files)
    told = [(clip.system, clip.utterance, clip.emotion, clip.intensity) for clip in upload.clips]
    assert told == [("mix", "s1", "happy", 0.3), ("zest", "s2", "sad", 0.9)]
    assert "not like" in upload.refused["readme.txt"]
    assert "intensity is 'loud'" in upload.refused["mix_s1_happy_loud.wav"]


def test_folders_count_where_the_pattern_has_them() -> None:
    files = {"mix/s_1.wav": Path("a"), "zest\\s_1.wav": Path("b"), "s_1.wav": Path("c")}
    upload = by_name(files, "{system}/{utterance}.wav")
    assert [(clip.system, clip.utterance) for clip in upload.clips] == [
        ("mix", "s_1"),
        ("zest", "s_1"),
    ]
    assert list(upload.refused) == ["s_1.wav"]


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("{system}_{voice}.wav", "has '{voice}'"),
        ("{system}_{system}.wav", "twice"),
        ("clips.wav", "tells nothing"),
        ("{}.wav", "has '{}'"),
    ],
)
def test_a_pattern_that_cant_be_read_is_refused_in_words(pattern: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        by_name({}, pattern)


def test_a_table_tells_all_of_a_clip(tmp_path: Path) -> None:
    rows = table(
        tmp_path,
        "\ufefffile;System;utterance;text;intensity;mix;role;gold_value;gold_emotion\r\n"
        'a.wav;mix;u1;"Hello; you";medium;happy=3,sad=1;test;;\r\n'
        "b.wav;;;;;;gold;5;happy\r\n",
    )
    upload = by_table(rows, {"deep/a.wav": Path("a"), "b.wav": Path("b")})
    one, two = upload.clips
    assert upload.refused == {}
    assert (one.sound, one.system, one.utterance, one.text) == (
        Path("a"),
        "mix",
        "u1",
        "Hello; you",
    )
    assert (one.intensity, one.mix, one.gold) == (0.6, {"happy": 0.75, "sad": 0.25}, None)
    assert (two.role, two.gold) == ("gold", {"value": 5, "emotion": "happy"})


def test_rows_and_files_that_do_not_meet_are_listed(tmp_path: Path) -> None:
    rows = table(tmp_path, "file,role\na.wav,test\ngone.wav,test\nb.wav,boss\n")
    upload = by_table(rows, {"a.wav": Path("a"), "b.wav": Path("b"), "more.wav": Path("c")})
    assert [clip.name for clip in upload.clips] == ["a.wav"]
    assert "Line 3 names a file that is not there" in upload.refused["gone.wav"]
    assert "no role 'boss'" in upload.refused["b.wav"]
    assert "No line" in upload.refused["more.wav"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no column 'file'"),
        ("name,system\na,b\n", "no column 'file'"),
        ("file,colour\na,b\n", "a column 'colour'"),
        ('file,text\na,"b\n', "is no CSV"),
    ],
)
def test_a_table_that_cant_be_read_is_refused_in_words(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        by_table(table(tmp_path, text), {})


def test_a_row_longer_than_its_head_is_no_reason_to_stop(tmp_path: Path) -> None:
    upload = by_table(table(tmp_path, "file,text\na.wav,b,c,d\nb.wav\n"), {"a.wav": Path("a")})
    assert [clip.text for clip in upload.clips] == ["b"]


def test_a_zip_becomes_a_study_without_what_is_no_sound(
    db: Database, sounds: Sounds, tmp_path: Path
) -> None:
    names = [f"{system}_{place}.wav" for system in ("a", "b") for place in range(2)]
    files = {name: burst(seed) for seed, name in enumerate(names)}
    archive = packed(tmp_path, {**files, "a_9.wav": b"no sound", "notes.txt": b"x"})
    target = tmp_path / "out"
    target.mkdir()
    found, refused = unzip(archive, target)
    upload = by_name(found, "{system}_{utterance}.wav")
    slug = authoring.create(db, Protocol("ab", "t"))
    added = authoring.add_clips(db, sounds, slug, upload.clips)
    table = grid(db, slug)
    assert (refused, list(upload.refused), list(added.refused)) == ({}, ["notes.txt"], ["a_9.wav"])
    assert (table.systems, table.utterances, table.holes) == (("a", "b"), ("0", "1"), ())
    assert len(set(sounds)) == 4
