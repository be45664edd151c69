"""Pictures of a listening test, from the tables of its results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plotly.graph_objects import Figure, Heatmap

    from emostudio.listening.results import Results

Rows = Sequence[dict[str, Any]]
GRAY, GRID = "#808696", "rgba(128, 134, 150, .22)"  # read on light and on dark
INK = "#8b5cf6"
COLORS = ("#8b5cf6", "#f59e0b", "#10b981", "#ef4444", "#3b82f6", "#06b6d4", "#84cc16", "#ec4899")
SHARES = "Blues"
DIFFERENCES = "RdBu"
LEVELS = ["weak", "medium", "strong"]
ROW_HEIGHT = 34  # pixels of a system, an emotion


def figures_of(results: Results) -> dict[str, Figure]:
    """Return a figure for every table that has one, the headline first, by the table's name."""
    names = [results.headline, *(name for name in DRAWN if name != results.headline)]
    figures = {}
    for name in names:
        rows = results.rows(name)
        if name in DRAWN and rows:
            figure = DRAWN[name](rows)
            figure.update_layout(title=results.tables[name].title)
            figures[name] = figure
    return figures


def dots(rows: Rows, label: str, value: str, ends: tuple[str, str] = ("low", "high")) -> Figure:
    """Dots with their intervals, the first row on top; a dot without a line has none."""
    from plotly import graph_objects as go

    figure = go.Figure(
        go.Scatter(
            x=[row[value] for row in rows],
            y=[row[label] for row in rows],
            error_x=_reach(rows, value, ends),
            mode="markers",
            marker={"size": 11, "color": INK},
            hovertemplate="%{y}: %{x:.3g}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_xaxes(title=value)
    return _styled(figure, len(rows))


def matrix(rows: Rows, value: str) -> Figure:
    """Every system against every other: the number, and stars for Holm's p."""
    from plotly import graph_objects as go

    names = sorted({name for row in rows for name in (row["system"], row["other"])})
    numbers: list[list[float | None]] = [[None] * len(names) for _ in names]
    texts = [[""] * len(names) for _ in names]
    for row in rows:
        if row[value] is None:
            continue
        i, j = names.index(row["system"]), names.index(row["other"])
        for y, x, number in ((i, j, row[value]), (j, i, -row[value])):
            numbers[y][x] = number
            texts[y][x] = f"{number:+.2f}{_stars(row['p (Holm)'])}"
    figure = go.Figure(
        go.Heatmap(
            z=numbers,
            x=names,
            y=names,
            text=texts,
            texttemplate="%{text}",
            colorscale=DIFFERENCES,
            zmid=0,
            showscale=False,
            hovertemplate="%{y} minus %{x}: %{text}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_xaxes(type="category", title="* p < .05, ** p < .01, *** p < .001, by Holm")
    return _styled(figure, len(names) + 1)


def histogram(rows: Rows) -> Figure:
    """Share of each grade, a bar a system."""
    from plotly import graph_objects as go

    grades = list(dict.fromkeys((row["grade"], row["label"]) for row in rows))
    figure = go.Figure()
    for number, (grade, label) in enumerate(grades):
        mine = [row for row in rows if row["grade"] == grade]
        figure.add_bar(
            y=[row["system"] for row in mine],
            x=[row["share"] for row in mine],
            name=f"{grade} {label}",
            orientation="h",
            marker_color=_shade(number, len(grades)),
            hovertemplate="%{y}, " + label + ": %{x:.0%}<extra></extra>",
        )
    figure.update_layout(barmode="stack")
    figure.update_xaxes(tickformat=".0%", range=[0, 1])
    figure.update_yaxes(autorange="reversed", type="category")
    return _styled(figure, len({row["system"] for row in rows}) + 2)


def confusion(rows: Rows) -> Figure:
    """Asked against heard emotions: share of the asked one's answers, and their number."""
    return _matrices(rows, "system", 1)


def levels(rows: Rows) -> Figure:
    """Asked against heard levels, a matrix for each emotion and one for all of them."""
    return _matrices(rows, "emotion", 3)


def level_means(rows: Rows) -> Figure:
    """Mean level heard over the level asked, a line a system."""
    from plotly import graph_objects as go

    figure = go.Figure()
    for number, system in enumerate(dict.fromkeys(row["system"] for row in rows)):
        mine = sorted(
            (row for row in rows if row["system"] == system), key=lambda r: LEVELS.index(r["asked"])
        )
        figure.add_scatter(
            x=[row["asked"] for row in mine],
            y=[row["mean"] for row in mine],
            error_y=_reach(mine, "mean", ("low", "high")),
            name=system,
            marker={"size": 9, "color": COLORS[number % len(COLORS)]},
        )
    figure.update_xaxes(title="asked", categoryorder="array", categoryarray=LEVELS)
    figure.update_yaxes(title="heard", tickvals=[1, 2, 3], ticktext=LEVELS)
    return _styled(figure, 7)


def emotions(rows: Rows) -> Figure:
    """Hit rate and unbiased hit rate of each asked emotion."""
    figure = dots(rows, "asked", "hit rate", ("hit rate low", "hit rate high"))
    figure.update_traces(name="hit rate")
    unbiased = "unbiased hit rate"
    beside = dots(rows, "asked", unbiased, (f"{unbiased} low", f"{unbiased} high"))
    beside.update_traces(name=unbiased, marker_color=COLORS[1])
    figure.add_traces(beside.data)
    figure.update_xaxes(range=[0, 1], tickformat=".0%", title="")
    return figure


def mixtures(rows: Rows) -> Figure:
    """Shares heard, a bar for each system and mixture."""
    from plotly import graph_objects as go

    figure = go.Figure()
    for number, emotion in enumerate(dict.fromkeys(row["emotion"] for row in rows)):
        mine = [row for row in rows if row["emotion"] == emotion]
        figure.add_bar(
            y=[[row["system"] for row in mine], [row["mixture"] for row in mine]],
            x=[row["heard"] for row in mine],
            name=emotion,
            orientation="h",
            marker_color=COLORS[number % len(COLORS)],
        )
    figure.update_layout(barmode="stack")
    figure.update_xaxes(tickformat=".0%", range=[0, 1], title="heard")
    figure.update_yaxes(autorange="reversed")
    return _styled(figure, len({(row["system"], row["mixture"]) for row in rows}) + 2)


def heard(rows: Rows) -> Figure:
    """How often each emotion was heard."""
    from plotly import graph_objects as go

    figure = go.Figure(
        go.Bar(
            y=[row["emotion"] for row in rows],
            x=[row["share"] for row in rows],
            orientation="h",
            marker_color=INK,
            hovertemplate="%{y}: %{x:.0%}<extra></extra>",
        )
    )
    figure.update_xaxes(tickformat=".0%")
    figure.update_yaxes(autorange="reversed")
    return _styled(figure, len(rows))


DRAWN: dict[str, Callable[[Rows], Figure]] = {
    "means": lambda rows: dots(rows, "system", "mean"),
    "pairs": lambda rows: matrix(rows, "mean"),
    "ladder": lambda rows: dots(rows, "system", "points"),
    "level means": level_means,
    "distances": lambda rows: dots(rows, "system", "distance"),
    "differences": lambda rows: matrix(rows, "difference"),
    "confusion": confusion,
    "emotions": emotions,
    "levels": levels,
    "mixtures": mixtures,
    "histogram": histogram,
    "heard": heard,
}


def _matrices(rows: Rows, by: str, abreast: int) -> Figure:
    """A matrix of asked and heard for every value of a column, so many in a line."""
    from plotly.subplots import make_subplots

    groups = list(dict.fromkeys(row[by] for row in rows))
    lines = -(-len(groups) // abreast)
    figure = make_subplots(
        lines,
        min(len(groups), abreast),
        subplot_titles=groups if len(groups) > 1 else None,
        shared_yaxes=True,
        vertical_spacing=0.3 / lines,
    )
    for number, group in enumerate(groups):
        mine = [one for one in rows if one[by] == group]
        row, column = number // abreast + 1, number % abreast + 1
        figure.add_trace(_shares(mine), row=row, col=column)
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_xaxes(type="category")
    figure.update_yaxes(title="asked", col=1)
    asked = len({row["asked"] for row in rows})
    return _styled(figure, (asked + 2) * lines)


def _shares(rows: Rows) -> Heatmap:
    """A matrix of shares whose rows sum to one."""
    from plotly import graph_objects as go

    ys = list(dict.fromkeys(row["asked"] for row in rows))
    xs = list(dict.fromkeys(row["heard"] for row in rows))
    by_cell = {(row["asked"], row["heard"]): row for row in rows}
    cells = [[by_cell.get((y, x)) for x in xs] for y in ys]
    texts = [[f"{c['share']:.0%} ({c['count']})" if c else "" for c in line] for line in cells]
    return go.Heatmap(
        z=[[cell["share"] if cell else None for cell in line] for line in cells],
        x=xs,
        y=ys,
        text=texts,
        texttemplate="%{text}",
        colorscale=SHARES,
        zmin=0,
        zmax=1,
        showscale=False,
        hovertemplate="asked %{y}, heard %{x}: %{text}<extra></extra>",
    )


def _reach(rows: Rows, value: str, ends: tuple[str, str]) -> dict[str, Any]:
    """Error bars from the ends of intervals, none where there is none."""
    low, high = ends
    return {
        "type": "data",
        "symmetric": False,
        "array": [None if row[high] is None else row[high] - row[value] for row in rows],
        "arrayminus": [None if row[low] is None else row[value] - row[low] for row in rows],
        "thickness": 2,
        "width": 6,
    }


def _stars(p: float | None) -> str:
    return "" if p is None else "*" * sum(p < limit for limit in (0.05, 0.01, 0.001))


def _shade(number: int, count: int) -> str:
    """From red over yellow to green."""
    hue = round(120 * number / max(count - 1, 1))
    return f"hsl({hue}, 55%, 55%)"


def _styled(figure: Figure, rows: int) -> Figure:
    figure.update_layout(
        height=140 + ROW_HEIGHT * rows,
        margin={"l": 10, "r": 10, "t": 50, "b": 40},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": GRAY, "size": 12},
    )
    figure.update_xaxes(gridcolor=GRID, zeroline=False, automargin=True)
    figure.update_yaxes(gridcolor=GRID, zeroline=False, automargin=True)
    return figure
