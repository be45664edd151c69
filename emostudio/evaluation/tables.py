"""Figures as tables of text, for the page and for the console."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple


class Table(NamedTuple):
    """A title, the names of the columns, and rows of cells."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


Shown = Callable[[Any], str]


def shown(figure: dict[str, Any] | float | None) -> str:
    """A figure with its interval; nothing where there is none."""
    if isinstance(figure, dict) and "low" in figure:
        return f"{figure['value']:.3g} ({figure['low']:.3g} to {figure['high']:.3g})"
    return brief(figure)


def brief(figure: dict[str, Any] | float | None) -> str:
    """A figure alone."""
    value = figure["value"] if isinstance(figure, dict) else figure
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.3g}"


def text(table: Table) -> str:
    """A table whose columns stand one below the other.

    >>> print(text(Table("Counts", ("what", "how many"), [("clips", "12")])))
    Counts
    what   how many
    clips  12
    """
    lines = [table.head, *table.rows]
    widths = [max(len(row[place]) for row in lines) for place in range(len(table.head))]
    padded = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in lines
    )
    return "\n".join([table.title, *padded])


def of_probes(title: str, found: dict[str, Any], show: Shown) -> Table:
    """What linear probes read in each embedding."""
    rows = [
        (name.replace("_", " "), what.replace("_", " "), show(row), show(row["chance"]))
        for name, of in found.items()
        if isinstance(of, dict)
        for what, row in of.items()
    ]
    head = ("embedding", "asked for", "accuracy", "chance")
    return Table(f"{title}, {found['clips']} dev clips", head, rows)
