"""Asked against got: the requested mixture beside what the studio's own recognizer hears."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from emostudio.values import EMOTIONS, Prediction, ReadBack

OWN = "EmoStudio's own recognizer, a small model trained on acted speech"

# Where an emotion has no name: its share among what was asked, and what is said instead.
NAMELESS = {
    "reference": "The emotion was taken from your recording.",
    "path": "The emotion was taken from the map.",
}


def caption(passport: Mapping[str, Any]) -> str:
    """Say who heard it, and what that is worth."""
    tuned = [key.partition(":")[2] for key in passport.get("models", {}) if key.startswith("ser:")]
    reader = f"the recognizer '{escape(tuned[0])}', which was tuned here" if tuned else OWN
    return f"Heard by {reader}. It is a hint for comparing takes, not a listener's judgment."


def emotions_of(asked: Iterable[str], *heard: Prediction) -> list[str]:
    """Return the emotions that were asked or could be heard, those of a tuned recognizer last."""
    known = {*asked, *(name for each in heard for name in each.probs)}
    new = [name for name in heard[0].probs if name not in EMOTIONS]
    return [name for name in EMOTIONS if name in known] + new


def asked_got(read_back: ReadBack, passport: Mapping[str, Any]) -> str:
    """Draw the table and the three measures as HTML."""
    asked, heard = read_back.requested, read_back.heard
    names = emotions_of(asked, heard)
    nothing = 0.0 if any(name in asked for name in EMOTIONS) else None  # by name
    rows = "".join(_row(name, asked.get(name, nothing), heard.probs.get(name)) for name in names)
    taken = [line for name, line in NAMELESS.items() if name in asked]
    note = f"<p class='note'>{taken[0]}</p>" if taken else ""
    measures = "".join(
        [
            measure(
                "Voice similarity",
                read_back.voice_similarity,
                "cosine to the asked voice, by our speaker encoder; 1 is equal",
            ),
            measure("Arousal", heard.affect.arousal, "0 calm, 1 excited"),
            measure("Valence", heard.affect.valence, "0 unpleasant, 1 pleasant"),
        ]
    )
    return (
        "<section class='asked-got'><h3>Asked against got</h3>"
        "<p class='legend'><i class='asked'></i> asked <i class='got'></i> recognized</p>"
        f"{note}<table><thead class='unseen'><tr><th>Emotion</th><th>Asked and recognized</th>"
        "<th>Asked</th><th>Recognized</th></tr></thead>"
        f"<tbody>{rows}</tbody></table><dl>{measures}</dl>"
        f"<p class='note'>{caption(passport)}</p></section>"
    )


def _row(name: str, asked: float | None, heard: float | None) -> str:
    wanted, got = ("–" if share is None else f"{share:.0%}" for share in (asked, heard))
    return (
        f"<tr class='is-{name}'><th scope='row'>{escape(name.capitalize())}</th>"
        f"<td class='bars' aria-hidden='true'><i class='asked' style='width:{asked or 0:.1%}'></i>"
        f"<i class='got' style='width:{heard or 0:.1%}'></i></td>"
        f"<td class='share asked'>{wanted}</td><td class='share'>{got}</td></tr>"
    )


def measure(name: str, value: float, meaning: str) -> str:
    """Draw a number in [0, 1], what it means below it; text in HTML."""
    width = min(1.0, max(0.0, value))
    return (
        f"<div><dt>{name}</dt><dd><b>{value:.2f}</b>"
        f"<span class='track' aria-hidden='true'><i style='width:{width:.0%}'></i></span>"
        f"<small>{meaning}</small></dd></div>"
    )
