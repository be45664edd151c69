"""How far a study is: listeners, and answers in each cell of the grid."""

from __future__ import annotations

from collections import Counter
from html import escape

from emostudio.studies.grid import Grid
from emostudio.studies.watching import Cell, Progress
from emostudio.web.admin.desk import STATES
from emostudio.web.admin.parts.tables import counted

SHOWN = 60  # utterances


def drawn_progress(state: Progress, grid: Grid) -> str:
    """Draw it as HTML."""
    started = [person for person in state.people if not person.withdrawn]
    facts = {
        "Planned": state.planned,
        "Finished": state.finished,
        "Started": len(started),
        "Withdrawn": len(state.people) - len(started),
        "Left out": sum(bool(person.excluded) for person in started),
    }
    share = min(1.0, state.finished / state.planned)
    early = (
        f"<p class='warn'>Looked at early, on {state.unlocked_at:%Y-%m-%d}.</p>"
        if state.unlocked_at
        else ""
    )
    return (
        f"<h2><span class='state {state.state}'>{STATES[state.state]}</span> Progress</h2>"
        f"<div class='filling' aria-hidden='true'><i style='width:{share:.0%}'></i></div>"
        f"{counted(facts)}{early}{_answers(state, grid)}"
    )


def _answers(state: Progress, grid: Grid) -> str:
    if not grid.systems or not grid.utterances:
        return ""
    answers = state.answers
    most = max(answers.values(), default=0) or 1
    heads = "".join(f"<th scope='col' class='number'>{escape(name)}</th>" for name in grid.systems)
    rows = "".join(
        f"<tr><th scope='row'>{escape(utterance)}</th>"
        + "".join(_cell((system, utterance), answers, grid, most) for system in grid.systems)
        + "</tr>"
        for utterance in grid.utterances[:SHOWN]
    )
    return (
        "<h3>Answers by clip</h3><div class='wide'><table class='fill'><thead><tr>"
        f"<th scope='col'>Utterance</th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _cell(cell: Cell, answers: Counter[Cell], grid: Grid, most: int) -> str:
    if cell not in grid.at:
        return "<td class='hole number'>–</td>"
    count = answers[cell]
    return f"<td class='number' style='--full:{count / most:.2f}'>{count}</td>"
