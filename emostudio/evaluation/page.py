"""One self-contained page of a report: the goals, then a picture of every figure."""

import html
from collections.abc import Iterator, Sequence
from typing import Any

import plotly.graph_objects as go

from emostudio.values import EMOTIONS

# Two hues that differ for every kind of color sight; real recordings are gray.
COLORS = {"judge": "#0072B2", "recognizer": "#E69F00"}
REAL = "#777777"
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; } th, td { padding: .25rem .8rem; }
th, td { text-align: left; border-bottom: 1px solid #ddd; } td.n { text-align: right; }
.table { overflow-x: auto; } .missed { color: #a33; }
"""


def render(report: dict[str, Any]) -> str:
    """The page of a report that `evaluation.report` wrote."""
    parts = [_goals(report), _missing(report), _ablations(report)]
    figures = list(_pictures(report))
    for number, (title, figure) in enumerate(figures):
        # The first picture brings plotly itself, so that the page needs no network.
        drawn = figure.to_html(full_html=False, include_plotlyjs=number == 0)
        parts.append(f"<h2>{html.escape(title)}</h2>\n{drawn}")
    models = ", ".join(f"{name} {sha[:8]}" for name, sha in report["models"].items())
    kind = "Quick" if report["quick"] else "Full"
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width'>"
        f"<title>EmoStudio: what the models reach</title><style>{STYLE}</style>"
        f"<h1>What the models reach</h1><p>{kind} evaluation of {html.escape(models)}. "
        "Bars and bands are 95 % intervals over sentences.</p>" + "\n".join(parts) + "</html>\n"
    )


def _goals(report: dict[str, Any]) -> str:
    if not report.get("goals"):
        return ""
    rows = "".join(
        f"<tr><td>{html.escape(g['name'])}</td><td class='n'>{g['reached']:.3g}</td>"
        f"<td class='n'>{'≥' if g['at_least'] else '≤'} {g['goal']:.3g}</td>"
        f"<td class='{'met' if g['met'] else 'missed'}'>{'met' if g['met'] else 'missed'}</td>"
        f"<td>{html.escape(g['by'])}</td></tr>"
        for g in report["goals"]
    )
    head = "<th>figure<th>reached<th>goal<th><th>judged by"
    return f"<h2>Goals</h2><div class='table'><table><tr>{head}</tr>{rows}</table></div>"


def _missing(report: dict[str, Any]) -> str:
    if not report["missing"]:
        return ""
    rows = "".join(
        f"<li>{html.escape(name)}: {html.escape(why)}</li>"
        for name, why in report["missing"].items()
    )
    return f"<h2>Missing</h2><p>These could not be asked:</p><ul>{rows}</ul>"


def _ablations(report: dict[str, Any]) -> str:
    runs = report.get("ablations")
    if not runs:
        return ""
    columns = list(dict.fromkeys(name for row in runs.values() for name in row))
    rows = "".join(
        f"<tr><td>{html.escape(run)}</td>"
        + "".join(f"<td class='n'>{_shown(row.get(name))}</td>" for name in columns)
        + "</tr>"
        for run, row in runs.items()
    )
    head = "".join(f"<th>{html.escape(name.replace('_', ' '))}" for name in columns)
    return (
        "<h2>Ablations: runs of equal minutes</h2>"
        f"<div class='table'><table><tr><th>run{head}</tr>{rows}</table></div>"
    )


def _shown(figure: dict[str, float] | None) -> str:
    if figure is None:
        return ""
    return f"{figure['value']:.3g} ({figure['low']:.3g} to {figure['high']:.3g})"


def _pictures(report: dict[str, Any]) -> Iterator[tuple[str, go.Figure]]:
    for voice, rows in report.get("speech", {}).items():
        real = report.get("real", {})
        for key, title in (
            ("word_error", "Word error (pocketsphinx)"),
            ("p808", "Opinion (DNSMOS P.808)"),
            ("similarity", "Voice similarity (resemblyzer)"),
        ):
            if any(key in row for row in rows.values()):
                yield f"{title}: {voice}", _bars(rows, key, real)
        yield f"Emotion, how often it is heard: {voice}", _hits(rows, real)
        for ear in COLORS:
            counts = {emotion: row["heard"][ear] for emotion, row in rows.items()}
            yield f"Asked against heard by the {ear}: {voice}", heatmap(counts)
    for corpus, found in report.get("ser", {}).items():
        for ear in COLORS:
            if "accuracy" in found[ear]:
                of = found[ear]["accuracy"]
                title = f"Real clips of {corpus} by the {ear}: {of['value']:.1%} right"
                yield title, heatmap(found[ear]["confusion"])
    for curve in report.get("mixing", []):
        title = f"{curve['added']} mixed into {curve['base']}"
        yield title, _curve(curve["weights"], curve, f"probability of {curve['added']}", "weight")
    for curve in report.get("intensity", []):
        axis = f"probability of {curve['emotion']}"
        yield (
            f"Intensity of {curve['emotion']}",
            _curve(curve["intensities"], curve, axis, "intensity"),
        )
    if report.get("readers"):
        counts = report["readers"]["confusions"]
        yield "Ten seconds of a reader: whose voice the take is", heatmap(counts)


def _bars(rows: dict[str, Any], key: str, real: dict[str, Any]) -> go.Figure:
    figure = go.Figure()
    known = {emotion: row[key] for emotion, row in rows.items() if key in row}
    figure.add_bar(
        x=list(known),
        y=[of["value"] for of in known.values()],
        error_y=_whiskers(list(known.values())),
        marker_color=COLORS["judge"],
        name="takes",
    )
    beside = {emotion: _acted(real, emotion).get(key) for emotion in known}
    beside = {emotion: of for emotion, of in beside.items() if of}
    figure.add_scatter(
        x=list(beside),
        y=[of["value"] for of in beside.values()],
        mode="markers",
        marker={"symbol": "diamond", "size": 11, "color": REAL},
        name="real actors",
    )
    if key in real.get("kathleen", {}):
        figure.add_hline(
            y=real["kathleen"][key]["value"],
            line={"dash": "dash", "color": REAL},
            annotation_text="real reading (kathleen)",
        )
    return _sized(figure)


def _hits(rows: dict[str, Any], real: dict[str, Any]) -> go.Figure:
    figure = go.Figure()
    for ear, color in COLORS.items():
        hits = [row[f"{ear}_hit"] for row in rows.values()]
        figure.add_bar(
            x=list(rows),
            y=[of["value"] for of in hits],
            error_y=_whiskers(hits),
            marker_color=color,
            name=f"takes, {ear}",
        )
    acted = {emotion: _acted(real, emotion) for emotion in rows}
    for ear, symbol in (("judge", "diamond"), ("recognizer", "diamond-open")):
        hits = {e: of[f"{ear}_hit"]["value"] for e, of in acted.items() if f"{ear}_hit" in of}
        figure.add_scatter(
            x=list(hits),
            y=list(hits.values()),
            mode="markers",
            marker={"symbol": symbol, "size": 11, "color": REAL},
            name=f"real actors, {ear}",
        )
    return _sized(figure.update_yaxes(range=[0, 1]))


def _curve(places: list[float], curve: dict[str, Any], y_name: str, x_name: str) -> go.Figure:
    figure = go.Figure()
    for ear, color in COLORS.items():
        points = curve[ear]
        figure.add_scatter(
            x=places + places[::-1],
            y=[p["high"] for p in points] + [p["low"] for p in points[::-1]],
            fill="toself",
            fillcolor=color,
            opacity=0.2,
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
        )
        figure.add_scatter(
            x=places,
            y=[p["value"] for p in points],
            line={"color": color, "dash": "solid" if ear == "judge" else "dash"},
            name=f"{ear}, rank correlation {curve[f'{ear}_spearman']:.2f}",
        )
    figure.update_yaxes(range=[0, 1], title=y_name).update_xaxes(title=x_name)
    return _sized(figure)


def heatmap(counts: dict[str, dict[str, int]]) -> go.Figure:
    """Rows asked (or true), columns heard, as shares of the row with the counts written in."""
    names = list(dict.fromkeys([*counts, *(name for row in counts.values() for name in row)]))
    names.sort(key=lambda name: EMOTIONS.index(name) if name in EMOTIONS else len(EMOTIONS))
    asked = [name for name in names if name in counts]
    table = [[counts[row].get(name, 0) for name in names] for row in asked]
    shares = [[n / max(1, sum(row)) for n in row] for row in table]
    figure = go.Figure(
        go.Heatmap(x=names, y=asked, z=shares, text=table, texttemplate="%{text}", zmin=0, zmax=1)
    )
    figure.update_traces(colorscale="Blues", showscale=False)
    figure.update_xaxes(title="heard").update_yaxes(title="asked or true", autorange="reversed")
    return _sized(figure, height=420)


def _acted(real: dict[str, Any], emotion: str) -> dict[str, Any]:
    return real.get(f"ravdess {emotion}") or real.get(f"emodb {emotion}") or {}


def _whiskers(figures: Sequence[dict[str, float]]) -> dict[str, Any]:
    return {
        "type": "data",
        "array": [max(0.0, of["high"] - of["value"]) for of in figures],
        "arrayminus": [max(0.0, of["value"] - of["low"]) for of in figures],
    }


def _sized(figure: go.Figure, height: int = 340) -> go.Figure:
    margin = {"l": 60, "r": 20, "t": 20, "b": 50}
    return figure.update_layout(template="plotly_white", height=height, margin=margin)
