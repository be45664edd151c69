"""The command `speak`: its options, and the three things that it speaks."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from emostudio.cli.batch import speak_batch
from emostudio.cli.out import checked_out
from emostudio.cli.passport import read_passport
from emostudio.cli.take import recordings, report, request_of, speak_request

if TYPE_CHECKING:
    from emostudio.studio import Studio


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    speak = commands.add_parser("speak", help="speak a text, a table of texts or a passport")
    speak.add_argument("text", nargs="?", metavar="TEXT")
    speak.add_argument("--batch", type=Path, metavar="CSV", help="speak a table: a line a take")
    speak.add_argument("--passport", type=Path, metavar="JSON", help="speak a take again")
    speak.add_argument(
        "--engine",
        help="what speaks: emomix (the default), diemo, which is fast and has no diffusion to "
        "steer, or one of these with a tuned model, as in emomix:NAME",
    )
    speak.add_argument("--mix", help="emotions and weights, e.g. happy=0.7,surprise=0.3")
    speak.add_argument("--base", help="emotion of the first, coarse steps (the largest share)")
    speak.add_argument("--intensity", type=float, help="0 neutral to 1 (1)")
    voice = speak.add_mutually_exclusive_group()
    voice.add_argument("--voice", metavar="NAME", help="a preset voice")
    voice.add_argument("--reference", type=Path, metavar="SOUND", help="a recorded voice")
    speak.add_argument(
        "--emotion-reference", type=Path, metavar="SOUND", help="a recording to take emotion from"
    )
    speak.add_argument(
        "--i-have-consent",
        action="store_true",
        help="I may use the recorded voices given here",
        dest="consent",
    )
    speak.add_argument("--lang", help="en or de (that of the voice)")
    speak.add_argument("--speed", type=float, help="0.5 to 2 (1)")
    speak.add_argument("--steps", type=int, help="diffusion steps (0: as tuned)")
    speak.add_argument("--temperature", type=float, help="0: as tuned; higher is calmer")
    speak.add_argument(
        "--k-max",
        type=float,
        help="diffusion time (1 noise, 0 speech) at which mixing starts (0.6)",
    )
    speak.add_argument("--k-min", type=float, help="diffusion time at which the tail starts (0.2)")
    speak.add_argument("--tail", choices=("mix", "published"), help="what the last steps follow")
    speak.add_argument("--seed", type=int, help="same seed, same take (0)")
    speak.add_argument("--out", type=Path, help="a .wav or .flac (take.wav); a folder with --batch")
    speak.add_argument("--json", action="store_true", help="print passports as JSON, one a line")
    speak.set_defaults(run=_speak)


def _speak(args: argparse.Namespace, studio: Studio) -> int:
    given = [args.text is not None, args.batch is not None, args.passport is not None]
    if sum(given) != 1:
        raise ValueError("Give one of TEXT, --batch CSV and --passport JSON.")
    if args.batch is not None:
        return speak_batch(args, studio)
    taken = (args.reference, args.emotion_reference)
    out = checked_out(args.out or Path("take.wav"), taken, args.passport)
    if args.passport is not None:
        return _speak_passport(args, studio, out)
    request = request_of(args, studio, {"text": args.text, "mix": args.mix or "neutral"})
    report(speak_request(studio, request), out, args.json)
    return 0


def _speak_passport(args: argparse.Namespace, studio: Studio, out: Path) -> int:
    passport = read_passport(args.passport)
    reference, emotion_reference = recordings(args)
    request = studio.request_of(passport, reference=reference, emotion_reference=emotion_reference)
    take = speak_request(studio, request)
    report(take, out, args.json)
    if take.passport["sha256"] != passport.get("sha256"):
        print(
            "emostudio: this take differs from the passport's: "
            "the models, versions or machine are not the same.",
            file=sys.stderr,
        )
    return 0
