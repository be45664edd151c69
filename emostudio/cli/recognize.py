"""The command `recognize`: which emotion recordings have."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emostudio.studio import Studio


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    recognize = commands.add_parser("recognize", help="say which emotion recordings have")
    recognize.add_argument("files", nargs="+", type=Path, metavar="FILE")
    recognize.add_argument("--json", action="store_true", help="print JSON")
    recognize.set_defaults(run=_recognize)


def _recognize(args: argparse.Namespace, studio: Studio) -> int:
    code = 0
    for path in args.files:
        try:
            guess = studio.recognize(path)
        except ValueError as error:
            print(f"emostudio: {error}", file=sys.stderr)
            code = 2
            continue
        affect = vars(guess.affect)
        if args.json:
            line = {"file": str(path), "label": guess.label, "probs": guess.probs, **affect}
            print(json.dumps(line, ensure_ascii=False), flush=True)
        else:
            felt = ", ".join(f"{name} {value:.2f}" for name, value in affect.items())
            print(f"{path}: {guess.label} {guess.probs[guess.label]:.2f} ({felt})", flush=True)
    return code
