"""The clips of a study as a table: utterances by systems, holes, doubles, clipping, loudness."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from emostudio.studies.checks import MANY_CLIPPED
from emostudio.studies.grid import Grid, GridClip
from emostudio.web.admin.parts.tables import counted

SHOWN = 60  # utterances; a page with thousands helps nobody


def clip_table(grid: Grid) -> str:
    """Draw the grid as HTML."""
    if not grid.clips:
        return "<p class='note'>No clips yet.</p>"
    extra = [clip for clip in grid.clips if clip.role != "test"]
    return _numbers(grid) + _cells(grid) + _others(extra)


def _numbers(grid: Grid) -> str:
    rates = ", ".join(f"{rate / 1000:g} kHz" for rate in sorted(grid.sample_rates))
    doubles = sum(len(clips) for clips in grid.duplicates)
    facts = {
        "Clips to test": len(grid.tested),
        "Systems": len(grid.systems),
        "Utterances": len(grid.utterances),
        "Empty cells": len(grid.holes),
        "Same file": doubles,
        "Sample rates": rates or "–",
    }
    return counted(facts)


def _cells(grid: Grid) -> str:
    systems, utterances = grid.systems or ("",), grid.utterances
    if not utterances:
        return _others(list(grid.tested), "Clips")
    doubled = {clip.id for clips in grid.duplicates for clip in clips}
    at = {(clip.system, clip.utterance): clip for clip in grid.tested}
    heads = "".join(f"<th scope='col'>{escape(name or 'clip')}</th>" for name in systems)
    rows = "".join(
        f"<tr><th scope='row'>{escape(utterance)}</th>"
        + "".join(_cell(at.get((system, utterance)), doubled) for system in systems)
        + "</tr>"
        for utterance in utterances[:SHOWN]
    )
    more = len(utterances) - SHOWN
    note = f"<p class='note'>… and {more} more utterances.</p>" if more > 0 else ""
    return (
        "<div class='wide'><table class='grid'><thead><tr><th scope='col'>Utterance</th>"
        f"{heads}</tr></thead><tbody>{rows}</tbody></table></div>{note}"
    )


def _cell(clip: GridClip | None, doubled: set[str]) -> str:
    if clip is None:
        return "<td class='hole'>no clip</td>"
    return f"<td>{_described(clip, clip.id in doubled)}</td>"


def _described(clip: GridClip, doubled: bool) -> str:
    loud = "?" if clip.loudness_db is None else f"{clip.loudness_db:.0f}"
    heard = (
        f"<a href='files/sounds/{clip.sha256}' target='_blank' rel='noopener' "
        f"aria-label='Hear {escape(clip.called)}'>▶ {clip.duration_s:.1f} s</a>"
    )
    said = [heard, f"{loud} LUFS"]
    if clip.clipped > MANY_CLIPPED:
        said.append(f"<b class='over'>{clip.clipped:.1%} clipped</b>")
    if doubled:
        said.append("<b class='over'>double</b>")
    return " · ".join(said)


def _others(clips: Sequence[GridClip], title: str = "Beside the test") -> str:
    if not clips:
        return ""
    items = "".join(
        f"<li><b>{clip.role}</b> {escape(clip.called)} · {_described(clip, False)}"
        f"{escape(_answer(clip))}</li>"
        for clip in clips[:SHOWN]
    )
    more = f"<li>… and {len(clips) - SHOWN} more</li>" if len(clips) > SHOWN else ""
    return f"<h3>{title}</h3><ul class='note'>{items}{more}</ul>"


def _answer(clip: GridClip) -> str:
    if not clip.gold:
        return ""
    return " · right: " + ", ".join(f"{name} {value}" for name, value in clip.gold.items())
