"""The commands from recordings to a checkpoint: `pack`, `train` and `export`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emostudio.studio import Studio


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands to the command line."""
    pack = commands.add_parser("pack", help="turn corpora into features to train on")
    pack.add_argument("--corpora", type=Path, required=True, help="a folder for each corpus")
    pack.add_argument("--out", type=Path, required=True, help="folder to write")
    pack.set_defaults(run=_pack)

    train = commands.add_parser("train", help="train a model by a recipe")
    train.add_argument("recipe", metavar="RECIPE")
    train.add_argument("--data", type=Path, required=True, help="folder that `pack` wrote")
    train.add_argument("--run", type=Path, required=True, help="folder of this run", dest="folder")
    train.add_argument("--minutes", type=float, default=60.0, help="time to train (60)")
    train.add_argument("--resume", action="store_true", help="go on where the run stopped")
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--start", type=Path, help="checkpoint to fine-tune", metavar="FOLDER")
    train.set_defaults(run=_train)

    export = commands.add_parser("export", help="turn a run into a small checkpoint")
    export.add_argument("source", type=Path, metavar="RUN", help="folder that `train` wrote")
    export.add_argument("target", type=Path, metavar="FOLDER", help="folder to write")
    export.set_defaults(run=_export)


def _pack(args: argparse.Namespace, _: Studio | None) -> int:
    if not args.corpora.is_dir():
        raise ValueError(f"There is no folder {args.corpora}. Check the path.")
    from emostudio.data import features

    features.pack(corpora=args.corpora, out=args.out)
    return 0


def _train(args: argparse.Namespace, _: Studio | None) -> int:
    if not args.minutes > 0:
        raise ValueError(f"minutes is {args.minutes:g}; give a number above 0.")
    if not args.data.is_dir():
        raise ValueError(f"There is no folder {args.data}; make it by `emostudio pack`.")
    from emostudio.training import recipes

    recipes.train(
        args.recipe,
        data=args.data,
        run=args.folder,
        minutes=args.minutes,
        resume=args.resume,
        seed=args.seed,
        start=args.start,
    )
    return 0


def _export(args: argparse.Namespace, _: Studio | None) -> int:
    from emostudio.training import recipes

    recipes.export(args.source, args.target)
    return 0
