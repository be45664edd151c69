"""The command of a job's own process: `python -m emostudio job FOLDER`, started by the queue."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emostudio.studio import Studio


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line; without a line of help it stays out of the list."""
    job = commands.add_parser("job")
    job.add_argument("folder", type=Path, metavar="FOLDER", help="folder with job.json")
    job.add_argument("--resume", action="store_true", help="go on where it stopped")
    job.set_defaults(run=_job)


def _job(args: argparse.Namespace, _: Studio | None) -> int:
    from emostudio.jobs.worker import work

    return work(args.folder, resume=args.resume)
