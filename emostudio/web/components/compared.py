"""Asked against got of a conversion: the emotion of source, reference and result, voice, words."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from emostudio.conversion import Comparison, Converted
from emostudio.values import Prediction
from emostudio.web.components.asked_got import caption, emotions_of, measure

AS_RECORDED = "reference"  # how a Comparison names the share that the recording has


def compared(read_back: Comparison, passport: Mapping[str, Any]) -> str:
    """Draw the table and the measures as HTML."""
    columns = {"Result": read_back.heard, "Source": read_back.source_heard}
    if read_back.reference_heard is not None:
        columns["Reference"] = read_back.reference_heard
    asked = read_back.requested
    names = emotions_of(asked, *columns.values())
    if AS_RECORDED in asked:
        names.append(AS_RECORDED)
    heads = "".join(f"<th scope='col'>{name}</th>" for name in ("Asked", *columns))
    rows = "".join(_row(name, asked.get(name, 0.0), list(columns.values())) for name in names)
    return (
        "<section class='asked-got'><h3>Asked against got</h3>"
        "<p class='legend'><i class='asked'></i> asked <i class='got'></i> recognized in the "
        "result</p><table><thead><tr><th scope='col'><span class='unseen'>Emotion</span></th>"
        f"<td class='bars'></td>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        f"<dl>{_measures(read_back)}</dl><p class='note'>{caption(passport)}</p></section>"
    )


def warned(converted: Converted) -> str:
    """Draw what a person should know of a result; nothing where there is nothing."""
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in converted.warnings)
    return f"<ul class='warned' role='alert'>{items}</ul>" if items else ""


def words_line(apart: tuple[int, int] | None) -> str:
    """Say what pocketsphinx hears of the words in source and result.

    >>> words_line((1, 8))
    'pocketsphinx hears 1 of 8 words of the source otherwise in the result.'
    """
    if apart is None:
        return (
            "pocketsphinx, which writes down what it hears, is not installed here; "
            "the aligner's measure above stands alone."
        )
    n_apart, n_words = apart
    if n_words == 0:
        return "pocketsphinx hears no words in the source; it knows English alone."
    words = "word" if n_words == 1 else "words"
    return (
        f"pocketsphinx hears {n_apart} of {n_words} {words} of the source otherwise in the result."
    )


def _measures(back: Comparison) -> str:
    def from_source(value: float) -> str:
        return f"the source has {value:.2f}"

    heard, source = back.heard.affect, back.source_heard.affect
    return "".join(
        [
            measure(
                "Voice similarity",
                back.voice_similarity,
                "cosine to the source, by our speaker encoder; "
                f"{back.own_similarity:.2f} is its most",
            ),
            measure(
                "Words unlike",
                back.words_unlike,
                "share of sounds that our aligner hears otherwise; 0 is equal",
            ),
            measure("Intensity", back.intensity, "what the identity guard left"),
            measure("Arousal", heard.arousal, f"0 calm, 1 excited; {from_source(source.arousal)}"),
            measure(
                "Valence",
                heard.valence,
                f"0 unpleasant, 1 pleasant; {from_source(source.valence)}",
            ),
        ]
    )


def _row(name: str, asked: float, heard: list[Prediction]) -> str:
    label = "Recorded" if name == AS_RECORDED else name.capitalize()
    shares = [each.probs.get(name) for each in heard]
    cells = "".join(
        f"<td class='share'>{'–' if share is None else f'{share:.0%}'}</td>" for share in shares
    )
    return (
        f"<tr class='is-{name}'><th scope='row'>{label}</th>"
        f"<td class='bars' aria-hidden='true'><i class='asked' style='width:{asked:.1%}'></i>"
        f"<i class='got' style='width:{shares[0] or 0.0:.1%}'></i></td>"
        f"<td class='share asked'>{asked:.0%}</td>{cells}</tr>"
    )
