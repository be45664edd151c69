"""The command of the answers' keeper: where votes live, backups, and the ways back."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emostudio.storage.database import Database
    from emostudio.storage.sounds import Sounds
    from emostudio.studio import Studio


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    storage = commands.add_parser("storage", help="studies and answers: where they are, backups")
    verbs = storage.add_subparsers(dest="verb", required=True, metavar="VERB")
    status = verbs.add_parser("status", help="say where votes live and how many there are")
    status.set_defaults(run=_status)
    backup = verbs.add_parser("backup", help="write a zip of everything, also while people listen")
    backup.add_argument("file", type=Path, help="zip to write")
    backup.set_defaults(run=_backup)
    restore = verbs.add_parser("restore", help="put a backup into an empty place")
    restore.add_argument("file", type=Path, help="zip of a backup")
    restore.set_defaults(run=_restore)
    rebuild = verbs.add_parser("rebuild", help="make the database anew from the journal")
    rebuild.set_defaults(run=_rebuild)


def _open() -> tuple[Database, Sounds]:
    from emostudio.settings import Settings
    from emostudio.storage.database import Database

    settings = Settings.from_env()
    db = Database.open(settings.database_url, settings.data_dir)
    return db, db.sounds()


def _status(args: argparse.Namespace, studio: Studio | None) -> int:
    db, sounds = _open()
    try:
        print(db.where().sentence)
        counts = db.counts()
        for name in ("study", "stimulus", "listener", "response"):
            print(f"{name:10}{counts[name]:>8}")
        print(f"{'sound':10}{sum(1 for _ in sounds):>8}")
    finally:
        db.close()
    return 0


def _backup(args: argparse.Namespace, studio: Studio | None) -> int:
    if args.file.is_dir() or not args.file.parent.is_dir():
        raise ValueError(f"{args.file} can't be written; name a file in a folder that is there.")
    if args.file.exists():
        raise ValueError(f"{args.file} is there already; name another file.")
    from emostudio.storage.backup import backup

    db, sounds = _open()
    try:
        held = backup(db, sounds, args.file)
    finally:
        db.close()
    print(f"{args.file}: {held.n_rows} rows, {held.n_sounds} sounds")
    return 0


def _restore(args: argparse.Namespace, studio: Studio | None) -> int:
    if not args.file.is_file():
        raise ValueError(f"There is no file {args.file}. Check the path.")
    from emostudio.storage.backup import restore

    db, sounds = _open()
    try:
        held = restore(args.file, db, sounds)
    finally:
        db.close()
    print(f"restored {held.n_rows} rows, {held.n_sounds} sounds")
    return 0


def _rebuild(args: argparse.Namespace, studio: Studio | None) -> int:
    from emostudio.settings import Settings
    from emostudio.storage.backup import rebuild

    settings = Settings.from_env()
    db = rebuild(settings.database_url, settings.data_dir)
    try:
        print(f"rebuilt {sum(db.counts().values())} rows from the journal")
    finally:
        db.close()
    return 0
