"""One take of the command line: options to a request, a request to files and a line of words."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emostudio.cli.progress import with_progress

if TYPE_CHECKING:
    from emostudio.studio import Studio
    from emostudio.values import Request, Take

# Option of the command line -> field of Request, where they are one to one.
_FIELDS = {
    "engine": "engine",
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


def request_of(args: argparse.Namespace, studio: Studio, values: dict[str, str]) -> Request:
    """Join the options of the command line and the values of one line, which win.

    Raises:
        ValueError: what is asked can't be spoken, or a recording is used without consent.
    """
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
    voice, lang = values.get("voice") or args.voice, values.get("lang") or args.lang
    if voice is None and lang is not None:
        voices = studio.voices(args.engine or "emomix")
        voice = next((name for name, spoken in voices.items() if spoken == lang), None)
    if voice is not None:
        fields["voice"] = voice
    if lang is not None:
        fields["lang"] = lang
    if args.consent:
        fields["consent"] = True
    fields["reference"], fields["emotion_reference"] = recordings(args)
    return Request(text=values["text"], emotion=EmotionMix.parse(values["mix"]), **fields)


def recordings(args: argparse.Namespace) -> tuple[Any, Any]:
    """Clips of the recorded voice and of the recorded emotion, none where none is given.

    Raises:
        ValueError: they can't be read, or consent is missing.
    """
    from emostudio.values import Clip

    given = (args.reference, args.emotion_reference)
    if any(given) and not args.consent:
        raise ValueError(
            "A recorded voice is used here: confirm that you may use it by --i-have-consent."
        )
    voice, emotion = (Clip.load(path) if path else None for path in given)
    return voice, emotion


def speak_request(studio: Studio, request: Request) -> Take:
    """Speak, and show a person how far it is."""
    return with_progress(lambda progress: studio.speak(request, progress=progress))


def report(take: Take, out: Path, as_json: bool) -> None:
    """Write a take and its passport, and say what came of it."""
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
