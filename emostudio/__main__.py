"""The command line: `python -m emostudio speak "You came back!" --mix happy=0.7,surprise=0.3`.

Exit code 0 when all went well, 2 when something a person can mend did not; results go to stdout,
messages to stderr. A file at `--out` is replaced, as its name was given on purpose; a recording
that the take is made from never is, nor a JSON beside it that is no passport.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from emostudio.cli import convert, corpus, job, measure, recognize, speak, storage, train
from emostudio.cli import map as mapping

if TYPE_CHECKING:
    from emostudio.studio import Studio


def parser() -> argparse.ArgumentParser:
    """Describe every command and option."""
    top = argparse.ArgumentParser(
        prog="emostudio", description="Emotional speech from a text, a voice and emotions."
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for group in (speak, convert, recognize, mapping, storage, train, measure, corpus, job):
        group.add(commands)
    return top


def main(argv: list[str] | None = None, *, studio: Studio | None = None) -> int:
    """Run one command and return its exit code."""
    args = parser().parse_args(argv)
    try:
        if studio is None and args.command in (
            "speak",
            "convert",
            "recognize",
            "map",
            "evaluate",
            "bench",
        ):
            from emostudio.settings import Settings
            from emostudio.studio import Studio

            studio = Studio(Settings.from_env())  # loads nothing yet
        return args.run(args, studio)
    except (ValueError, OSError) as error:
        print(f"emostudio: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
