"""The command `convert`: change the emotion of recordings, one to a file or many to a zip."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emostudio.cli.out import checked_out
from emostudio.cli.passport import read_passport
from emostudio.cli.progress import with_progress

if TYPE_CHECKING:
    from emostudio.conversion import Conversion, Converted
    from emostudio.studio import Studio
    from emostudio.values import EmotionMix


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    convert = commands.add_parser("convert", help="change the emotion of recordings")
    convert.add_argument("sources", nargs="+", type=Path, metavar="SOURCE")
    convert.add_argument("--mix", help="emotions and weights, e.g. happy=0.7,surprise=0.3")
    convert.add_argument(
        "--emotion-reference", type=Path, metavar="SOUND", help="a recording to take emotion from"
    )
    convert.add_argument(
        "--reference-share", type=float, help="of the recording beside --mix, 0 to 1 (0.5)"
    )
    convert.add_argument("--passport", type=Path, metavar="JSON", help="convert SOURCE as before")
    convert.add_argument("--intensity", type=float, help="0 neutral to 1 (1)")
    convert.add_argument(
        "--floor", type=float, help="share of the voice's likeness that must stay, 0 to 1 (0.4)"
    )
    convert.add_argument("--rhythm", choices=("source", "emotion"), help="whose rate (source)")
    convert.add_argument("--seed", type=int, help="same seed, same result (0)")
    convert.add_argument("--engine", help="zest, or with a tuned model zest:NAME (zest)")
    convert.add_argument(
        "--i-have-consent",
        action="store_true",
        help="I may use the recorded voices given here",
        dest="consent",
    )
    convert.add_argument(
        "--out", type=Path, help="a .wav or .flac (converted.wav); a .zip of several SOURCEs"
    )
    convert.add_argument("--json", action="store_true", help="print passports as JSON, one a line")
    convert.set_defaults(run=_convert)


def _convert(args: argparse.Namespace, studio: Studio) -> int:
    if len(args.sources) > 1 or (args.out is not None and args.out.suffix.lower() == ".zip"):
        return _many(args, studio)
    (source,) = args.sources
    taken = (source, args.emotion_reference)
    out = checked_out(args.out or Path("converted.wav"), taken, args.passport)
    _report(_converted(args, studio, source), out, args.json)
    return 0


def _many(args: argparse.Namespace, studio: Studio) -> int:
    """Convert every recording that can be converted into a zip, and return the exit code."""
    out: Path = args.out or Path("converted.zip")
    if out.suffix.lower() != ".zip":
        raise ValueError(f"{out} can't hold several results; name a file that ends in .zip.")
    if args.passport is not None:
        raise ValueError("A passport is of one recording; give one SOURCE with --passport.")
    if not out.parent.is_dir() or out.is_dir():
        raise ValueError(f"{out} can't be written; name a file in a folder that is there.")
    _checked(args)
    code, names = 0, set[str]()
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        kept = Path(folder) / out.name  # takes the place of an older one once it is whole
        with zipfile.ZipFile(kept, "w") as bundle:
            for source in args.sources:
                try:
                    result = _converted(args, studio, source)
                except ValueError as error:
                    print(f"emostudio: {source}: {error}", file=sys.stderr)
                    code = 2
                    continue
                stem = source.stem
                while stem.casefold() in names:  # two folders can hold files of one name
                    stem += "-again"
                names.add(stem.casefold())
                path = result.save(Path(folder) / f"{stem}-converted.wav")
                for file in (path, path.with_suffix(".json")):
                    bundle.write(file, file.name)
                _tell(result, f"{out}:{path.name}", args.json)
        if names:
            kept.replace(out)
    return code


def _converted(args: argparse.Namespace, studio: Studio, source: Path) -> Converted:
    request = _request(args, studio, source)
    return with_progress(lambda progress: studio.convert(request, progress=progress))


def _request(args: argparse.Namespace, studio: Studio, source: Path) -> Conversion:
    from emostudio.conversion import Conversion
    from emostudio.values import Clip

    given, mix = _checked(args)
    clip = Clip.load(source)
    reference = Clip.load(args.emotion_reference) if args.emotion_reference else None
    if args.passport is not None:
        passport = read_passport(args.passport)
        return studio.conversion_of(passport, source=clip, emotion_reference=reference)
    return Conversion(clip, consent=True, emotion=mix, emotion_reference=reference, **given)


def _checked(args: argparse.Namespace) -> tuple[dict[str, Any], EmotionMix | None]:
    """What is asked of every source, refused before a file is read or written.

    Raises:
        ValueError: consent is missing, or something is out of range.
    """
    from emostudio.conversion import Conversion
    from emostudio.values import UNREAD, EmotionMix

    if not args.consent:
        raise ValueError(
            "A recorded voice is used here: confirm that you may use it by --i-have-consent."
        )
    names = ("reference_share", "intensity", "floor", "rhythm", "seed", "engine")
    given = {name: getattr(args, name) for name in names if getattr(args, name) is not None}
    mix = None if args.mix is None else EmotionMix.parse(args.mix)
    if args.passport is not None and (given or args.mix is not None):
        raise ValueError("A passport says all that is asked; leave the other options out.")
    if args.reference_share is not None and args.emotion_reference is None:
        raise ValueError("--reference-share is of --emotion-reference; give that recording too.")
    if args.passport is None:
        shown = UNREAD if args.emotion_reference else None
        Conversion(UNREAD, consent=True, emotion=mix, emotion_reference=shown, **given)
    return given, mix


def _report(result: Converted, out: Path, as_json: bool) -> None:
    """Write a result and its passport, and say what came of it."""
    result.save(out)
    _tell(result, str(out), as_json)


def _tell(result: Converted, file: str, as_json: bool) -> None:
    """Say what came of a result, and what should be known of it."""
    for warning in result.warnings:
        print(f"emostudio: {file}: {warning}", file=sys.stderr)
    if as_json:
        print(json.dumps({"file": file, **result.passport}, ensure_ascii=False), flush=True)
        return
    back = result.read_back
    asked = ",".join(f"{name}={share:.2g}" for name, share in back.requested.items())
    print(
        f"{file}: {result.clip.duration_s:.1f} s, asked {asked}, heard {back.heard.label} "
        f"{back.heard.probs[back.heard.label]:.2f}, voice {back.voice_similarity:.2f}",
        flush=True,
    )
