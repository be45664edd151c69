"""The command line: `python -m emostudio speak "You came back!" --mix happy=0.7,surprise=0.3`.

Exit code 0 when all went well, 2 when something a person can mend did not; results go to stdout,
messages to stderr. A file at `--out` is replaced, as its name was given on purpose; a recording
that the take is made from never is.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emostudio.studio import Studio
    from emostudio.values import Request, Take

SUFFIXES = (".wav", ".flac")
SUITES = ("speak", "ser", "speaker", "vocoder")
BATCH_COLUMNS = ("text", "mix", "voice", "intensity", "seed", "lang", "name")
# Option of the command line -> field of Request, where they are one to one.
_FIELDS = {
    "base": "base",
    "intensity": "intensity",
    "speed": "speed",
    "steps": "n_timesteps",
    "temperature": "temperature",
    "k_max": "k_max",
    "k_min": "k_min",
    "tail": "tail",
    "seed": "seed",
}


def parser() -> argparse.ArgumentParser:
    """Describe every command and option."""
    top = argparse.ArgumentParser(
        prog="emostudio", description="Emotional speech from a text, a voice and emotions."
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_speak(commands.add_parser("speak", help="speak a text, a table of texts or a passport"))

    recognize = commands.add_parser("recognize", help="say which emotion recordings have")
    recognize.add_argument("files", nargs="+", type=Path, metavar="FILE")
    recognize.add_argument("--json", action="store_true", help="print JSON")
    recognize.set_defaults(run=_recognize)

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

    evaluate = commands.add_parser("evaluate", help="measure what the models reach")
    evaluate.add_argument("--suite", choices=SUITES, default="speak")
    evaluate.add_argument("--data", type=Path, help="pack, for the suites ser, speaker, vocoder")
    evaluate.add_argument("--out", type=Path, required=True, help="folder for takes and report")
    evaluate.add_argument("--voice", default="kathleen", help="a preset voice (kathleen)")
    evaluate.add_argument("--quick", action="store_true", help="six sentences instead of twenty")
    evaluate.set_defaults(run=_evaluate)

    pack = commands.add_parser("pack", help="turn corpora into features to train on")
    pack.add_argument("--corpora", type=Path, required=True, help="a folder for each corpus")
    pack.add_argument("--out", type=Path, required=True, help="folder to write")
    pack.set_defaults(run=_pack)
    return top


def _add_speak(speak: argparse.ArgumentParser) -> None:
    speak.add_argument("text", nargs="?", metavar="TEXT")
    speak.add_argument("--batch", type=Path, metavar="CSV", help="speak a table: a line a take")
    speak.add_argument("--passport", type=Path, metavar="JSON", help="speak a take again")
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


# --- speak -------------------------------------------------------------------------------------


def _speak(args: argparse.Namespace, studio: Studio) -> int:
    given = [args.text is not None, args.batch is not None, args.passport is not None]
    if sum(given) != 1:
        raise ValueError("Give one of TEXT, --batch CSV and --passport JSON.")
    if args.batch is not None:
        return _speak_batch(args, studio)
    out = _checked_out(args.out or Path("take.wav"), args)
    if args.passport is not None:
        return _speak_passport(args, studio, out)
    request = _request(args, studio, {"text": args.text, "mix": args.mix or "neutral"})
    _report(_take(studio, request), out, args.json)
    return 0


def _speak_batch(args: argparse.Namespace, studio: Studio) -> int:
    folder: Path = args.out or Path("takes")
    folder.mkdir(parents=True, exist_ok=True)
    names: set[str] = set()
    code = 0
    for number, line in _lines(args.batch):
        try:
            name = line.pop("name", "") or f"{number:04d}"
            if name in names:
                raise ValueError(f"the name '{name}' is taken by a line above; choose another.")
            if Path(name).name != name or name in (".", ".."):
                raise ValueError(f"'{name}' is no file name; leave slashes out.")
            out = _checked_out(folder / (name if name.endswith(SUFFIXES) else f"{name}.wav"), args)
            names.add(name)
            values = {"mix": args.mix or "neutral"} | {key: v for key, v in line.items() if v}
            _report(_take(studio, _request(args, studio, values)), out, args.json)
        except ValueError as error:
            print(f"emostudio: line {number}: {error}", file=sys.stderr)
            code = 2
    return code


def _lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    if not path.is_file():
        raise ValueError(f"There is no file {path}. Check the path.")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = reader.fieldnames or []
            unknown = sorted(set(columns) - set(BATCH_COLUMNS))
            if "text" not in columns or unknown:
                wrong = f"the column '{unknown[0]}'" if unknown else "no column 'text'"
                raise ValueError(
                    f"{path.name} has {wrong}; its first line names the columns "
                    f"{', '.join(BATCH_COLUMNS)}, of which text is needed."
                )
            lines = [(reader.line_num, line) for line in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path.name} is no table; save it as CSV in UTF-8.") from error
    if not lines:
        raise ValueError(f"{path.name} has no lines to speak.")
    for number, line in lines:
        yield number, {key: (value or "").strip() for key, value in line.items() if key}


def _speak_passport(args: argparse.Namespace, studio: Studio, out: Path) -> int:
    if not args.passport.is_file():
        raise ValueError(f"There is no file {args.passport}. Check the path.")
    try:
        passport = json.loads(args.passport.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{args.passport.name} is no passport: it is not JSON.") from error
    if not isinstance(passport, dict):
        raise ValueError(f"{args.passport.name} is no passport of a take.")
    reference, emotion_reference = _recordings(args)
    take = _take(
        studio,
        studio.request_of(passport, reference=reference, emotion_reference=emotion_reference),
    )
    _report(take, out, args.json)
    if take.passport["sha256"] != passport.get("sha256"):
        print(
            "emostudio: this take differs from the passport's: "
            "the models, versions or machine are not the same.",
            file=sys.stderr,
        )
    return 0


def _request(args: argparse.Namespace, studio: Studio, values: dict[str, str]) -> Request:
    """Join the options of the command line and the values of one line, which win."""
    from emostudio.values import EmotionMix, Request

    fields: dict[str, Any] = {
        field: getattr(args, option)
        for option, field in _FIELDS.items()
        if getattr(args, option) is not None
    }
    for name, kind in (("intensity", float), ("seed", int)):
        if name in values:
            try:
                fields[name] = kind(values[name])
            except ValueError:
                raise ValueError(f"The {name} is '{values[name]}'; give a number.") from None
    voices = studio.voices()
    voice, lang = values.get("voice") or args.voice, values.get("lang") or args.lang
    if voice is None and lang is not None:
        voice = next((name for name, spoken in voices.items() if spoken == lang), None)
    if voice is not None:
        fields["voice"] = voice
        lang = lang or voices.get(voice)
    if lang is not None:
        fields["lang"] = lang
    if args.consent:
        fields["consent"] = True
    fields["reference"], fields["emotion_reference"] = _recordings(args)
    return Request(text=values["text"], emotion=EmotionMix.parse(values["mix"]), **fields)


def _recordings(args: argparse.Namespace) -> tuple[Any, Any]:
    from emostudio.values import Clip

    given = (args.reference, args.emotion_reference)
    if any(given) and not args.consent:
        raise ValueError(
            "A recorded voice is used here: confirm that you may use it by --i-have-consent."
        )
    voice, emotion = (Clip.load(path) if path else None for path in given)
    return voice, emotion


def _checked_out(out: Path, args: argparse.Namespace) -> Path:
    """Refuse before the work what could not be written after it."""
    if out.suffix.lower() not in SUFFIXES:
        raise ValueError(f"{out} can't be written; name a file that ends in .wav or .flac.")
    if not out.parent.is_dir():
        raise ValueError(f"There is no folder {out.parent}; make it first.")
    if out.is_dir():
        raise ValueError(f"{out} is a folder; name a file.")
    taken = (args.reference, args.emotion_reference, args.passport)
    if any(path and path.exists() and out.exists() and path.samefile(out) for path in taken):
        raise ValueError(f"{out} is a recording that the take is made from; choose another --out.")
    if args.passport and out.with_suffix(".json").absolute() == args.passport.absolute():
        raise ValueError(f"{args.passport} would be overwritten; choose another --out.")
    return out


def _take(studio: Studio, request: Request) -> Take:
    if not sys.stderr.isatty():
        return studio.speak(request)

    def show(share: float, message: str) -> None:
        print(f"\r{share:4.0%} {message:<40}", end="", file=sys.stderr, flush=True)

    take = studio.speak(request, progress=show)
    print("\r" + " " * 46 + "\r", end="", file=sys.stderr, flush=True)
    return take


def _report(take: Take, out: Path, as_json: bool) -> None:
    take.save(out)
    if as_json:
        print(json.dumps({"file": str(out), **take.passport}, ensure_ascii=False), flush=True)
        return
    heard = take.read_back.heard
    print(
        f"{out}: {take.clip.duration_s:.1f} s, asked {_asked(take)}, "
        f"heard {heard.label} {heard.probs[heard.label]:.2f}",
        flush=True,
    )


def _asked(take: Take) -> str:
    requested = take.read_back.requested
    if not requested:
        return "the emotion of the recording"
    return ",".join(f"{name}={share:.2g}" for name, share in requested.items())


# --- the other commands ------------------------------------------------------------------------


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


def _evaluate(args: argparse.Namespace, studio: Studio) -> int:
    from emostudio.evaluation.report import evaluate, evaluate_net

    if args.suite != "speak":
        if args.data is None:
            raise ValueError(f"The suite '{args.suite}' needs --data, a folder that `pack` wrote.")
        report = evaluate_net(args.suite, args.data, args.out)
        print(json.dumps(report, indent=2))
        return 0
    evaluate(
        studio,
        args.out,
        voice=args.voice,
        quick=args.quick,
        say=lambda line: print(line, flush=True),
    )
    return 0


def _pack(args: argparse.Namespace, _: Studio | None) -> int:
    if not args.corpora.is_dir():
        raise ValueError(f"There is no folder {args.corpora}. Check the path.")
    from emostudio.data import features

    features.pack(corpora=args.corpora, out=args.out)
    return 0


def main(argv: list[str] | None = None, *, studio: Studio | None = None) -> int:
    """Run one command and return its exit code."""
    args = parser().parse_args(argv)
    try:
        if studio is None and args.command in ("speak", "recognize", "evaluate"):
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
