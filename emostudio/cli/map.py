"""The command `map`: clips to a map, as one file that a browser opens or as a folder."""

from __future__ import annotations

import argparse
import json
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from emostudio.cli.progress import with_progress
from emostudio.maps.space import FEATURES, METHODS

if TYPE_CHECKING:
    from emostudio.maps.sources import Source
    from emostudio.studio import Studio

PAGE = ".html"
NICENESS = 10  # of a map in the background: who speaks meanwhile comes first


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    clips = commands.add_parser("map", help="lay clips out by how alike they sound")
    clips.add_argument(
        "clips", nargs="?", metavar="DIR|ZIP|hf:ID", help="sounds, or a dataset of the Hub"
    )
    clips.add_argument("--data", type=Path, help="map a folder that `pack` wrote", metavar="PACK")
    clips.add_argument("--own", type=int, help="speak this many takes and map them", metavar="N")
    clips.add_argument(
        "--out", type=Path, required=True, help="FILE.html, or a folder for the page Map"
    )
    clips.add_argument(
        "--feature", choices=tuple(FEATURES), help="what decides who is alike (diemo)"
    )
    clips.add_argument(
        "--method", choices=tuple(METHODS), default="umap", help="how they are laid out (umap)"
    )
    clips.add_argument(
        "--events", type=Path, help="write progress here, a JSON object a line", metavar="FILE"
    )
    clips.set_defaults(run=_map)


def _map(args: argparse.Namespace, studio: Studio) -> int:
    if sum(one is not None for one in (args.clips, args.data, args.own)) != 1:
        raise ValueError("Say what to map: a folder, a zip, hf:ID, --data or --own, one of them.")
    from emostudio.maps.building import check_place, copy

    page = args.out.suffix.lower() == PAGE
    if args.out.is_dir() if page else args.out.is_file():
        raise ValueError(f"{args.out} can't be written; name a file {PAGE} or a folder.")
    if not page:
        check_place(args.out)
    if not args.out.absolute().parent.is_dir():
        raise ValueError(f"There is no folder {args.out.absolute().parent}; make it first.")
    if args.events is not None and hasattr(os, "nice"):
        os.nice(NICENESS)
    # The method alone is asked where one picture is shown; a folder has them all.
    feature = args.feature or ("diemo" if "diemo" in studio.engines() else "ser")
    with _stoppable(), tempfile.TemporaryDirectory(prefix="emostudio-map-") as folder:
        source = _source(args, studio, Path(folder))

        def work(show: Callable[[float, str], None] | None) -> None:
            space = studio.map(
                source,
                method=args.method,
                feature=feature,
                every=not page,
                progress=_told(args.events) if args.events else show,
            )
            if page:
                from emostudio.maps.sheet import write_sheet

                write_sheet(space, args.out)
            else:
                copy(space, args.out)

        with_progress(work)
    print(args.out)
    return 0


def _source(args: argparse.Namespace, studio: Studio, folder: Path) -> Source:
    from emostudio.maps import own, sources
    from emostudio.models.checkpoint import Store

    if args.data is not None:
        return sources.of_pack(args.data, studio.voices())
    if args.own is not None:
        engines = tuple(name for name in studio.engines() if ":" not in name)
        known = [set(studio.emotions(engine)) for engine in engines]
        emotions = [name for name in studio.emotions() if all(name in one for one in known)]
        requests = own.plan(args.own, engines, studio.voices(), emotions)
        store = Store(studio.settings.checkpoints, studio.settings.models)
        hashes = {name: store.sha256(name) for name in (*engines, "vocoder")}
        return own.of_takes(requests, studio.speak, hashes)
    if args.clips.startswith(sources.HUB):
        return sources.of_hub(args.clips.removeprefix(sources.HUB))
    clips = Path(args.clips)
    if clips.is_dir():
        return sources.of_folder(clips)
    if not clips.is_file():
        raise ValueError(f"There is no folder or zip {clips}. Check the path.")
    return sources.of_zip(clips, folder)


def _told(events: Path) -> Callable[[float, str], None]:
    def tell(share: float, message: str) -> None:
        with events.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"share": round(share, 4), "message": message}) + "\n")

    return tell


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let whoever ends this process find no half map: what is begun is cleaned up first."""

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
