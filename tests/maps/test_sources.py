import zipfile
from pathlib import Path

import pytest
import soundfile

from emostudio.data.features import pack
from emostudio.maps import sources
from emostudio.maps.embedding import Packed
from emostudio.maps.sources import of_folder, of_hub, of_pack, of_paths, of_zip
from emostudio.values import Clip
from tests.speech import corpora, vowels


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "clips"
    (folder / "Happy").mkdir(parents=True)
    for number, name in enumerate(["a.wav", "b.flac", "Happy/c.wav"]):
        soundfile.write(folder / name, vowels(seed=number), 16_000)
    (folder / "notes.txt").write_text("no sound")
    (folder / ".hidden.wav").write_bytes(b"x")
    return folder


def told(source: sources.Source) -> dict[str, dict[str, str]]:
    return {sound.name: sound.labels for sound in source.sounds}


def test_every_sound_of_a_folder_is_taken_and_nothing_else(folder: Path) -> None:
    source = of_folder(folder)
    assert set(told(source)) == {"a.wav", "b.flac", "Happy/c.wav"}
    clip = source.sounds[0].load()
    assert isinstance(clip, Clip) and clip.duration_s > 1


def test_a_folder_that_is_called_like_an_emotion_tells_it(folder: Path) -> None:
    found = told(of_folder(folder))
    assert found["Happy/c.wav"]["emotion"] == "happy"
    assert "emotion" not in found["a.wav"] and found["a.wav"]["source"] == "own"


@pytest.mark.parametrize(
    "header", ["file,speaker,emotion,text", "file_name,speaker_id,label,transcription"]
)
def test_a_table_tells_what_clips_are(folder: Path, header: str) -> None:
    (folder / "Happy" / "metadata.csv").write_text(f"{header}\nc.wav,Anna,Sad,Oh.\n")
    found = told(of_folder(folder))["Happy/c.wav"]
    assert found == {"speaker": "Anna", "emotion": "sad", "text": "Oh.", "source": "own"}


def test_what_is_no_table_is_refused_in_words(folder: Path) -> None:
    (folder / "metadata.csv").write_text("name,emotion\na.wav,sad\n")
    with pytest.raises(ValueError, match="no column 'file'"):
        of_folder(folder)
    (folder / "metadata.csv").write_bytes(b"file,emotion\n\xff\xfe,sad\n")
    with pytest.raises(ValueError, match="UTF-8"):
        of_folder(folder)


def test_a_folder_and_its_zip_are_the_same_clips(folder: Path, tmp_path: Path) -> None:
    archive = tmp_path / "clips.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for path in sorted(folder.rglob("*.*")):
            out.write(path, path.relative_to(folder).as_posix())
        out.writestr("../evil.wav", b"x")
    inside = tmp_path / "inside"
    inside.mkdir()
    source = of_zip(archive, inside)
    assert told(source) == told(of_folder(folder))
    assert "../evil.wav" in source.refused


def test_the_key_changes_with_sound_and_label_and_with_nothing_else(folder: Path) -> None:
    first = of_folder(folder).key
    assert of_folder(folder).key == first
    (folder / "notes.txt").write_text("other notes")
    assert of_folder(folder).key == first
    (folder / "metadata.csv").write_text("file,emotion\na.wav,sad\n")
    second = of_folder(folder).key
    soundfile.write(folder / "a.wav", vowels(seed=9), 16_000)
    assert len({first, second, of_folder(folder).key}) == 3


def test_paths_keep_their_names_below_what_they_share(folder: Path) -> None:
    (folder / "metadata.csv").write_text("file,emotion\na.wav,angry\n")
    found = told(of_paths(reversed([folder / "a.wav", str(folder / "Happy/c.wav")])))
    assert list(found) == ["Happy/c.wav", "a.wav"]
    assert found["a.wav"]["emotion"] == "angry"


def test_where_no_sound_is_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has no sound files"):
        of_folder(tmp_path)
    with pytest.raises(ValueError, match="No sound files are given"):
        of_paths([])


def test_too_many_clips_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_CLIPS", 2)
    with pytest.raises(ValueError, match="has 3 clips; 2 is the limit"):
        of_folder(folder)


def test_without_network_a_dataset_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="can't be downloaded now"):
        of_hub("somebody/nothing")
    with pytest.raises(ValueError, match="check its name"):
        of_hub("no such name/at/all")


def test_of_a_pack_every_actor_and_some_of_the_readers_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = tmp_path / "pack"
    pack(corpora(tmp_path / "corpora"), packed, processes=1)
    every = of_pack(packed, ["kathleen"])
    monkeypatch.setattr(sources, "OTHER_READERS", 1)
    monkeypatch.setattr(sources, "A_PRESET", 1)
    source = of_pack(packed, ["kathleen", "reader-1"])
    speakers = [sound.labels["speaker"] for sound in source.sounds]
    actors = [sound for sound in every.sounds if sound.labels["corpus"] == "ravdess"]
    assert sum(speaker.startswith("ravdess") for speaker in speakers) == len(actors)
    assert (speakers.count("kathleen"), speakers.count("librispeech-1")) == (1, 1)
    assert len(speakers) == len(actors) + 3 and not source.audible
    clip = source.sounds[0].load()
    assert isinstance(clip, Packed) and clip.mel.shape == (80, len(clip.f0))
