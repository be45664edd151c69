"""The command `corpus`: what could be tuned on recordings, and what is wrong with them."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from emostudio.cli.progress import with_progress
from emostudio.jobs.tuning import TITLES

if TYPE_CHECKING:
    from emostudio.data.report import Report
    from emostudio.studio import Studio

HUB = "hf:"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    corpus = commands.add_parser("corpus", help="check recordings before tuning on them")
    corpus.add_argument("recordings", metavar="DIR|ZIP|CSV|hf:ID", help="sounds, and what they are")
    corpus.add_argument("--lang", default="en", help="what is spoken where no table tells (en)")
    corpus.add_argument("--speaker", default="", help="who speaks where no table tells")
    corpus.add_argument(
        "--read", action="store_true", help="all is neutral where nothing tells an emotion"
    )
    corpus.set_defaults(run=_corpus)


def _corpus(args: argparse.Namespace, studio: Studio | None) -> int:
    from emostudio.data import hub
    from emostudio.data.labels import ForAll
    from emostudio.data.taking_over import take_over

    place = Path(args.recordings)
    if args.recordings.startswith(HUB):
        place = hub.download(args.recordings.removeprefix(HUB))
    emotion = "neutral" if args.read else ""
    told = ForAll("speaker", lang=args.lang, speaker=args.speaker, emotion=emotion)

    def work(show: Callable[[float, str], None] | None) -> Report:
        with tempfile.TemporaryDirectory(prefix="emostudio-corpus-") as folder:
            return take_over(place, Path(folder), told, progress=show)

    report = with_progress(work)
    for line in lines(report):
        print(line)
    return 0 if report.useful else 1


def lines(report: Report) -> Iterator[str]:
    """Write a report as lines of text."""
    yield (
        f"{report.clips} clips, {report.hours * 60:.1f} minutes, {report.with_text} with text, "
        f"{report.splits['train']} to train on, {report.splits['dev']} held out by "
        f"{report.split_by}"
    )
    yield from _block("speakers", {n: f"{60 * h:.1f} min" for n, h in report.speakers.items()})
    clips = {name: str(sum(of.values())) for name, of in report.emotions.items()}
    yield from _block("emotions", clips)
    fits = {TITLES.get(base, base): why or "yes" for base, why in report.fits.items()}
    yield from _block("fits", fits)
    yield from _block("worth knowing", dict.fromkeys(report.warnings, ""))
    yield from _block("left out", report.refused)
    yield from _block("texts that can't be spoken", report.unspoken)


def _block(title: str, told: dict[str, str]) -> Iterator[str]:
    if told:
        yield f"\n{title}"
        yield from (f"  {name}  {what}".rstrip() for name, what in told.items())
