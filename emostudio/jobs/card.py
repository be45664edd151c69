"""The card of a model, written from facts alone: what nobody knows is said to be unknown."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from emostudio.evaluation.gate import Gate, Number
from emostudio.jobs.tuning import BASES, METHODS, Tuning

UNKNOWN = "unknown"
STRICT = "CC BY-NC-SA 4.0"  # what most shipped models carry
INHERITED = ", that of what it was made from"
DOUBT = f"it is {UNKNOWN}"
# How the Hub names what a net does, and the licences of the shipped models.
TASKS = {
    "ser": "audio-classification",
    "emomix": "text-to-speech",
    "diemo": "text-to-speech",
    "vocoder": "audio-to-audio",
    "zest": "audio-to-audio",
}
LICENCES = {STRICT: "cc-by-nc-sa-4.0", "CC BY 4.0": "cc-by-4.0"}
SPEAKING = (
    "Let it speak only in voices whose owners agreed to it. Say of every take that it is "
    "synthetic, as its file and its passport do. Don't use it to pass for somebody, or to make "
    "people believe that something was said."
)
HEARING = (
    "Hear only people with it who agreed to it. It hears how somebody sounds, and errs: don't use "
    "it to judge what people feel where it matters to them."
)


@dataclass(frozen=True)
class Data:
    """A corpus that a model was trained on, as its row tells."""

    name: str
    report: Mapping[str, Any]
    consent: str
    actor: str
    at: datetime


@dataclass(frozen=True)
class Facts:
    """All that is known of a model.

    `parents` are the hashes of the nets it was made from or with, by name, `licences` theirs, as
    their cards tell. `minutes` and `device` are those of the training. `own_card` is what came with
    an upload, `consent` what was said of its voices.
    """

    name: str
    net: str
    sha256: str
    actor: str
    at: datetime
    parents: Mapping[str, str] = field(default_factory=dict)
    licences: Mapping[str, str] = field(default_factory=dict)
    tuning: Tuning | None = None
    data: Sequence[Data] = ()
    minutes: float = 0.0
    device: str = ""
    gate: Gate | None = None
    own_card: str = ""
    consent: str = ""


def written(facts: Facts) -> str:
    """Return a card in Markdown."""
    what = BASES.get(facts.net, facts.net)
    lines = [f"# {facts.name}", "", f"{what}", ""]
    lines += [f"- **{title}**: {text}" for title, text in _told(facts).items()]
    if facts.gate is not None:
        lines += ["", *_numbers(facts.gate)]
    if facts.own_card:
        lines += ["", "## What came with it", "", facts.own_card.strip()]
    return "\n".join(lines) + "\n"


def for_hub(card: str, net: str, langs: Sequence[str] = ()) -> str:
    """Return a card as the README.md of a repository of models of the Hub."""
    about: dict[str, Any] = {
        "library_name": "emostudio",
        "pipeline_tag": TASKS[net],
        "license": licence_of(card),
        "tags": ["emotion", "speech", f"emostudio-{net}"],
    }
    if langs:
        about["language"] = list(langs)
    told = [f"{key}: {json.dumps(value)}" for key, value in about.items()]  # JSON is YAML
    return "\n".join(["---", *told, "---", "", card])


def licence_of(card: str) -> str:
    """Return the licence that a card names, as the Hub calls it; what is in doubt is another."""
    line = licence_line(card)
    return next(
        (tag for name, tag in LICENCES.items() if name in line and DOUBT not in line), "other"
    )


def licence_line(card: str) -> str:
    """Return what a card says of its licence, or nothing."""
    found = re.search(r"^- \*\*Licence\*\*: (.+?)(?=\n- \*\*|\n\n|\n#|\Z)", card, re.M | re.S)
    return " ".join(found[1].split()) if found else ""


def _told(facts: Facts) -> dict[str, str]:
    made = "tuned" if facts.tuning else "uploaded"
    told = {
        "Made": f"{made} by {facts.actor} on {facts.at:%Y-%m-%d}; weights `{facts.sha256}`.",
        "From": _parents(facts),
        "Data": " ".join(_data(data) for data in facts.data) or f"{UNKNOWN}.",
    }
    if facts.consent:
        told["Consent"] = f'"{facts.consent}", said by {facts.actor} on {facts.at:%Y-%m-%d}.'
    if facts.tuning is not None:
        told["Training"] = _training(facts, facts.tuning)
    if facts.gate is not None and facts.gate.refusals:
        told["Refused by the gate"] = " ".join(facts.gate.refusals)
    if facts.gate is None:
        told["Numbers"] = "none: it was not compared with anything here."
    told["Licence"] = _licence(facts)
    told["Use"] = HEARING if facts.net == "ser" else SPEAKING
    return told


def _parents(facts: Facts) -> str:
    if not facts.parents:
        return f"{UNKNOWN}."
    listed = [f"`{name}` {sha256[:12]}" for name, sha256 in facts.parents.items()]
    return f"{listed[0]}" + (f", with {', '.join(listed[1:])}." if listed[1:] else ".")


def _data(data: Data) -> str:
    report = data.report
    parts = [_n(str(report["clips"]), "clip")] if "clips" in report else []
    if "hours" in report:
        parts.append(_n(f"{60 * report['hours']:.1f}", "minute"))
    if speakers := report.get("speakers"):
        names = ", ".join(list(speakers)[:8]) + (", ..." if len(speakers) > 8 else "")
        parts.append(f"{_n(str(len(speakers)), 'speaker')} ({names})")
    if emotions := report.get("emotions"):
        parts.append("emotions " + ", ".join(emotions))
    if splits := report.get("splits"):
        parts.append(f"{_n(str(splits.get('dev', 0)), 'clip')} held out")
    consent = f'"{data.consent}"' if data.consent else "none was given"
    return (
        f"corpus '{data.name}': {', '.join(parts) or UNKNOWN}. Consent: {consent}, said by "
        f"{data.actor} on {data.at:%Y-%m-%d}."
    )


def _training(facts: Facts, tuning: Tuning) -> str:
    if tuning.rehearsal and tuning.rehearse_with:
        rehearsed = f"{100 * tuning.rehearsal:.0f} % of what was drawn rehearsed from another pack"
    elif tuning.rehearsal and tuning.base != "vocoder":
        rehearsed = f"{100 * tuning.rehearsal:.0f} % of what was drawn rehearsed from our own takes"
    else:
        rehearsed = "nothing rehearsed"
    method = METHODS[tuning.method].partition(":")[0]
    where = facts.device or tuning.backend
    spent = _spent(facts.minutes) if facts.minutes else f"a time that is {UNKNOWN}"
    method = method[:1].lower() + method[1:]
    return (
        f"`{tuning.method}` ({method}), {tuning.steps} steps, {rehearsed}, seed {tuning.seed}; "
        f"{spent} on {where}."
    )


def _spent(minutes: float) -> str:
    return _n(f"{minutes:.0f}", "minute") if minutes >= 1 else "less than a minute"


def _n(number: str, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != '1')}"


def _licence(facts: Facts) -> str:
    """The strictest of the parents', and of which of them, or of their own, it is not known."""
    texts = {name: text.partition(INHERITED)[0] for name, text in facts.licences.items()}
    known = [text.rstrip(".") for text in texts.values() if text and not text.startswith(UNKNOWN)]
    if not known:
        return f"{UNKNOWN}: ask who made it, before it is passed on."
    told = (STRICT if any(STRICT in text for text in known) else known[0]) + INHERITED
    if silent := [name for name, text in facts.licences.items() if _in_doubt(text)]:
        told += f" (of {', '.join(silent)} {DOUBT})"
    if facts.data:
        told += f"; that of the recordings is {UNKNOWN} here: ask who gave them"
    return told + "."


def _in_doubt(text: str) -> bool:
    return not text or text.startswith(UNKNOWN) or DOUBT in text


def _numbers(gate: Gate) -> list[str]:
    """The table of a gate: base, candidate, difference with its interval."""
    lines = [
        "Base and this model on what was held out; differences with their 95 % intervals:",
        "",
        "| | base | this model | difference | n | guarded |",
        "|---|---|---|---|---|---|",
    ]
    lines += [_row(number) for number in gate.numbers]
    if gate.missing:
        lines += ["", f"Judges that were not there: {', '.join(gate.missing)}."]
    if gate.notes:
        lines += ["", *(f"- {note}" for note in gate.notes)]
    return lines


def _row(number: Number) -> str:
    scale, sign = (100, " %") if number.unit == "share" else (1, "")
    unit = f" {number.unit}" if number.unit in ("dB", "cents") else sign
    low, high = (scale * end for end in number.interval)
    base, ours = (f"{scale * value:.3g}{unit}" for value in (number.base, number.candidate))
    change = f"{scale * number.difference:+.3g} ({low:+.3g} to {high:+.3g})"
    return (
        f"| {number.name} | {base} | {ours} | {change} | {number.n} | "
        f"{'yes' if number.guarded else 'no'} |"
    )
