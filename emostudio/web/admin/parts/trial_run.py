"""Before anybody listens: work and width to expect, and a dry run that must find a truth."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

from emostudio.studies.planning import Plan, listeners_needed
from emostudio.web.admin.desk import Desk
from emostudio.web.admin.parts.clips import chosen
from emostudio.web.admin.parts.tables import counted, table
from emostudio.web.errors import in_words

if TYPE_CHECKING:
    from emostudio.studies.dry_run import DryRun

Updates = dict[Any, Any]


@dataclass(frozen=True)
class TrialRun:
    """The components of this part."""

    expected: gr.HTML
    wanted: gr.Number
    needed: gr.HTML
    run: gr.Button
    found: gr.HTML

    def outputs(self) -> list[Any]:
        """Return the components that `shown` updates."""
        return [self.expected, self.needed, self.found]

    def shown(self, plan: Plan) -> Updates:
        """Return the updates that show what to expect of a study."""
        return {self.expected: drawn(plan), self.needed: "", self.found: ""}


def trial_run() -> TrialRun:
    """Build it, empty."""
    gr.HTML("<h2>What to expect</h2>")
    expected = gr.HTML(elem_id="expected")
    wanted = gr.Number(
        label="How many listeners for ± this?",
        info="Half of a 95 % interval, in grades or a share.",
        minimum=0,
        step=0.05,
        elem_id="wanted",
    )
    needed = gr.HTML(elem_id="needed")
    run = gr.Button("Dry run with simulated listeners", size="sm", elem_id="dry-run")
    found = gr.HTML(elem_id="dry-run-found")
    return TrialRun(expected, wanted, needed, run, found)


def connect_trial_run(part: TrialRun, desk: Desk, study: gr.Dropdown) -> None:
    """Run the study on simulated listeners; nothing of it is kept."""

    def run(slug: str | None) -> str:
        from emostudio.studies.dry_run import dry_run

        with in_words():
            return drawn_run(dry_run(desk.db, chosen(slug)))

    def need(slug: str | None, half_width: float | None) -> str:
        with in_words():
            if not slug or not half_width:
                return ""
            n_listeners = listeners_needed(desk.db, slug, half_width)
        if n_listeners is None:
            return "<p class='note'>No number of listeners does it: more utterances are needed.</p>"
        return f"<p>About {n_listeners} listeners.</p>"

    part.wanted.input(
        need,
        [study, part.wanted],
        part.needed,
        api_visibility="private",
        show_progress="hidden",
        trigger_mode="always_last",
    )
    part.run.click(run, study, part.found, api_visibility="private")


def drawn(plan: Plan) -> str:
    """Draw the work of a listener, and how wide the intervals will be."""
    if not plan.trials:
        return "<p class='note'>There are no trials yet. Add clips.</p>"
    votes = f"{plan.fewest}" if plan.fewest == plan.most else f"{plan.fewest} to {plan.most}"
    facts = {
        "Trials for each": plan.trials,
        "Minutes": f"about {plan.minutes:.0f}",
        "Listeners": plan.listeners,
        "Votes a cell": votes,
        "Balanced after": f"{plan.round} listener{'s' * (plan.round != 1)}",
    }
    return f"{counted(facts)}<p>{escape(_width(plan))}</p>"


def _width(plan: Plan) -> str:
    width = plan.width
    if width.mean is None:
        return width.why
    half = f"{width.mean:.2f}" if width.unit == "grades" else f"{width.mean:.0%}"
    said = (
        f"95 % intervals of about ± {half} {width.unit if width.unit == 'grades' else ''}".strip()
    )
    if width.smallest is not None:
        smallest = f"{width.smallest:.2f}" if width.unit == "grades" else f"{width.smallest:.0%}"
        said += f"; a difference of {smallest} is found four times out of five"
    return f"{said}. Assumed are usual spreads; the study's own interval comes from its answers."


def drawn_run(run: DryRun) -> str:
    """Draw what was true of the simulated listeners beside what the results say."""
    rows = [check.to_row() for check in run.checks]
    tone = {True: "note", False: "warn", None: "note"}[run.recovered]
    return f"<p class='{tone}' role='status'>{escape(run.sentence)}</p>{table(rows)}"
