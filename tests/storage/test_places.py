"""Where votes live, and where SQLite must not."""

from pathlib import Path

import pytest

from emostudio.storage.connections import url_of
from emostudio.storage.database import Database, DatabaseDownError
from emostudio.storage.places import (
    file_system,
    file_whereabouts,
    refuse_remote,
    server_whereabouts,
)

MOUNTS = """\
overlay / overlay rw 0 0
/dev/sda1 /home ext4 rw 0 0
server:/lab /home/lab nfs4 rw 0 0
hf-mount /data fuse.hf-mount rw 0 0
tmpfs /dev/shm tmpfs rw 0 0
/dev/sdb1 /mnt/my\\040disk fuseblk rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/srv/data", "overlay"),
        ("/home/ann/data", "ext4"),
        ("/home/laboratory", "ext4"),
        ("/home/lab/x", "nfs4"),
        ("/data", "fuse.hf-mount"),
        ("/mnt/my disk/x", "fuseblk"),
    ],
)
def test_a_folder_is_on_the_nearest_mount_above_it(folder: str, kind: str) -> None:
    assert file_system(Path(folder), MOUNTS) == kind


@pytest.mark.parametrize("folder", ["/home/lab", "/data/emostudio"])
def test_sqlite_is_refused_on_a_network_disk(folder: str) -> None:
    with pytest.raises(ValueError, match="Set EMOSTUDIO_DATA_DIR"):
        refuse_remote(Path(folder), MOUNTS)


def test_sqlite_is_allowed_on_a_local_disk() -> None:
    refuse_remote(Path("/home/ann"), MOUNTS)
    refuse_remote(Path("/mnt/my disk"), MOUNTS)
    refuse_remote(Path("/anywhere"), "")  # where there is no list of mounts


@pytest.mark.parametrize(
    ("file", "in_space", "survives"),
    [
        ("/home/ann/emostudio.db", False, True),
        ("/home/ann/emostudio.db", True, False),
        ("/dev/shm/emostudio.db", False, False),
        ("/srv/emostudio.db", False, None),
    ],
)
def test_whether_a_file_survives_a_restart(
    file: str, in_space: bool, survives: bool | None
) -> None:
    there = file_whereabouts(Path(file), MOUNTS, in_space=in_space)
    assert there.survives is survives
    assert (there.kind, there.place) == ("sqlite", file)


def test_votes_on_a_server_survive() -> None:
    assert server_whereabouts("db.example/studies").survives


def test_an_open_database_says_where_it_is(db: Database, tmp_path: Path) -> None:
    there = db.where()
    if db.url.drivername == "sqlite":
        assert there.place == str(tmp_path / "emostudio.db")
    else:
        assert there.kind == "postgresql"
        assert str(db.url.password or "no password") not in there.sentence


@pytest.mark.parametrize("given", ["nonsense", "mysql://a@b/c", "postgresql://host", "sqlite://"])
def test_an_address_that_names_no_database_is_refused(given: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="DATABASE_URL"):
        url_of(given, tmp_path)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_way_to_write_postgresql_is_understood(scheme: str, tmp_path: Path) -> None:
    assert url_of(f"{scheme}://ann:pw@host/name", tmp_path).drivername == "postgresql+psycopg"


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "100% my data? #1"
    Database.open("", folder).close()
    assert (folder / "emostudio.db").is_file()


def test_a_server_that_is_not_there_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(DatabaseDownError, match="Check its server"):
        Database.open("postgresql://nobody@127.0.0.1:1/nothing", tmp_path)
