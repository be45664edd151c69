"""Sounds are named for what they hold."""

import hashlib
import shutil
from pathlib import Path

import pytest

from emostudio.storage.database import Database
from emostudio.storage.sounds import Sounds


def test_a_sound_comes_back_byte_by_byte(tmp_path: Path) -> None:
    sounds = Sounds(tmp_path / "sounds")
    name = sounds.add(b"RIFF\x00\xff")
    assert name == hashlib.sha256(b"RIFF\x00\xff").hexdigest()
    assert sounds.path(name).read_bytes() == b"RIFF\x00\xff"
    assert name in sounds


def test_the_same_sound_twice_is_one_file(tmp_path: Path) -> None:
    sounds = Sounds(tmp_path / "sounds")
    assert sounds.add(b"same") == sounds.add(b"same")
    assert list(sounds) == [sounds.add(b"same")]
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_a_folder_of_sounds_is_made_with_the_first(tmp_path: Path) -> None:
    sounds = Sounds(tmp_path / "sounds")
    assert list(sounds) == []
    assert not (tmp_path / "sounds").exists()


def test_clips_survive_wherever_votes_do(db: Database, tmp_path: Path) -> None:
    with db.write():  # a sound waits for no turn
        name = db.sounds().add(b"a sound")
    assert db.sounds().add(b"a sound") == name
    if db.url.drivername != "sqlite":  # whose file lies beside the sounds
        shutil.rmtree(tmp_path / "sounds")
    assert list(db.sounds()) == [name]
    assert db.sounds().path(name).read_bytes() == b"a sound"


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "a" * 63])
def test_only_a_sha256_names_a_sound(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="names no sound"):
        Sounds(tmp_path).path(name)


def test_a_sound_that_is_not_here_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Restore it from a backup"):
        Sounds(tmp_path).path("a" * 64)
