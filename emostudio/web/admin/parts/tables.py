"""Tables of results as HTML: numbers to the right, rounded for reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

Row = dict[str, Any]
SHOWN = 200  # rows; the export has them all
LONG = 30  # characters, from which a cell gets room
WORDS = {None: "–", True: "yes", False: "no", "": "–"}


def table(rows: Sequence[Row], title: str = "", note: str = "") -> str:
    """Draw rows of the same columns; a column that is empty throughout is left out.

    >>> "<td class='number'>0.5</td>" in table([{"system": "a", "mean": 0.50001}])
    True
    """
    names = [
        name
        for name in (rows[0] if rows else ())
        if any(row[name] not in (None, "") for row in rows)
    ]
    kinds = {name: _kind([row[name] for row in rows]) for name in names}
    heads = "".join(
        f"<th scope='col'{kinds[name]}>{escape(name.replace('_', ' '))}</th>" for name in names
    )
    body = "".join(
        f"<tr>{''.join(f'<td{kinds[name]}>{_cell(row[name])}</td>' for name in names)}</tr>"
        for row in rows[:SHOWN]
    )
    more = f" {len(rows) - SHOWN} more rows are not shown." if len(rows) > SHOWN else ""
    return (
        (f"<h3>{escape(title)}</h3>" if title else "")
        + (
            f"<div class='wide'><table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody>"
            "</table></div>"
            if rows
            else "<p class='note'>Nothing yet.</p>"
        )
        + (f"<p class='note'>{escape(note + more)}</p>" if note or more else "")
    )


def counted(facts: Mapping[str, Any]) -> str:
    """Draw numbers in a row, each below its name."""
    items = "".join(f"<div><dt>{name}</dt><dd>{fact}</dd></div>" for name, fact in facts.items())
    return f"<dl class='counts'>{items}</dl>"


def _kind(values: Sequence[Any]) -> str:
    """Say to the style sheet what a column holds."""
    if all(value is None or type(value) in (int, float) for value in values):
        return " class='number'"
    return " class='long'" if max(len(str(value)) for value in values) > LONG else ""


def _cell(value: Any) -> str:
    if value is None or value == "" or isinstance(value, bool):
        return WORDS[value]
    return f"{value:.3g}" if isinstance(value, float) else escape(str(value))
