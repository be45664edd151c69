"""Checkpoints as HTML: what ships, what was made here, and one with all that is known of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from emostudio.evaluation.gate import UNMEASURED, Gate
from emostudio.jobs.tuning import TITLES
from emostudio.storage.tuned_tables import Model
from emostudio.web.admin.machine import sized
from emostudio.web.admin.parts.tables import table

if TYPE_CHECKING:
    from emostudio.jobs.registry import Known

SHORT = 12  # characters of a hash; nobody compares more by eye


def drawn_shipped(shipped: Sequence[Known]) -> str:
    """Draw the checkpoints in use that were not made here."""
    rows = [
        {"net": one.net, "size": sized(one.size_bytes), "sha256": one.sha256[:SHORT]}
        for one in shipped
    ]
    return table(rows)


def drawn_own(models: Sequence[Model], offered: Mapping[str, object]) -> str:
    """Draw those that were made or uploaded here as cards, the newest first."""
    if not models:
        return (
            "<p class='note'>None yet. They come of jobs under <a href='training'>Training</a>, or "
            "are uploaded below.</p>"
        )
    return f"<ul class='studies'>{''.join(_card(one, one.id in offered) for one in models)}</ul>"


def drawn_model(model: Model, job: bool) -> str:
    """Draw one: what it is, of what it was made, by whom."""
    parents = ", ".join(
        f"{escape(net)} <code>{escape(str(sha256)[:SHORT])}</code>"
        for net, sha256 in model.parents.items()
    )
    facts = {
        "Net": escape(TITLES.get(model.net, model.net)),
        "SHA-256": f"<code>{model.sha256}</code>",
        "Size": sized(model.size_bytes),
        "Made": f"{model.created_at:%Y-%m-%d %H:%M} UTC, {model.made_by} by {escape(model.actor)}",
        "Made from": parents,
        "Trained on": escape(", ".join(model.corpora)),
        "Job": f"<a href='job?job={model.job_id}'>Open</a>" if job else "",
    }
    rows = "".join(f"<dt>{name}</dt><dd>{fact}</dd>" for name, fact in facts.items() if fact)
    return (
        f"<h2 class='told'>{escape(model.name)}</h2><dl class='facts'>{rows}</dl>"
        f"<p class='links exports'><a href='files/models/{model.id}.zip' download>Download it with "
        "its card</a></p>"
    )


def verdict_of(model: Model) -> str:
    """Say in a few words how a model compared with what it started from."""
    if not model.gate:
        return "was compared with nothing"
    gate = Gate.from_json(model.gate)
    worse = len(gate.refusals)
    if not worse:
        return "passed its comparison"
    if UNMEASURED in gate.refusals:
        return "could not be measured"
    return f"fell in {worse} guarded number{'s' * (worse != 1)}"


def _card(model: Model, offered: bool) -> str:
    state = "<span class='state live'>Offered</span> " if offered else ""
    return (
        f"<li class='card'><p>{state}<a class='said' href='models?model={model.id}'>"
        f"{escape(model.name)}</a></p><p class='note'>{escape(TITLES.get(model.net, model.net))} · "
        f"{sized(model.size_bytes)} · {model.made_by} {model.created_at:%Y-%m-%d} · "
        f"{verdict_of(model)}</p></li>"
    )
