"""One self-contained page of a report: the goals, then a picture of every figure."""

import html
from collections.abc import Iterator, Sequence
from typing import Any

import plotly.graph_objects as go

from emostudio.evaluation import asked, page_diemo, page_zest
from emostudio.evaluation.goals import acted_of
from emostudio.evaluation.tables import shown
from emostudio.values import EMOTIONS

# Two hues that differ for every kind of color sight; real recordings are gray.
COLORS = {"judge": "#0072B2", "recognizer": "#E69F00"}
REAL = "#777777"
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; } th, td { padding: .25rem .8rem; }
th, td { text-align: left; border-bottom: 1px solid #ddd; } .table { overflow-x: auto; }
"""


def render(report: dict[str, Any]) -> str:
    """The page of a report that `evaluation.report` wrote."""
    tables = (_goals, _missing, _ablations, _same_sentence, _nets)
    parts = [table(report) for table in tables]
    for tables_of in (page_zest.tables, page_diemo.tables):
        parts += [_table(*table) for table in tables_of(report)]
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
        "Bars and bands are 95 % intervals over sentences, of conversions over sources. The judge "
        "of emotion and the outside judges took no part in training; the recognizer and our "
        "aligner did.</p>" + "\n".join(parts) + "</html>\n"
    )


def _goals(report: dict[str, Any]) -> str:
    rows = [
        (
            g["name"],
            f"{g['reached']:.3g}",
            f"{'≥' if g['at_least'] else '≤'} {g['goal']:.3g}",
            "met" if g["met"] else g["why"] or "missed",
            g["by"],
        )
        for g in report.get("goals", [])
    ]
    return _table("Goals", ("figure", "reached", "goal", "", "judged by"), rows)


def _missing(report: dict[str, Any]) -> str:
    return _table("Could not be asked", ("judge", "why"), list(report["missing"].items()))


def _ablations(report: dict[str, Any]) -> str:
    runs = report.get("ablations", {})
    columns = list(dict.fromkeys(name for row in runs.values() for name in row))
    rows = [(run, *(shown(row.get(name)) for name in columns)) for run, row in runs.items()]
    head = ("run", *(name.replace("_", " ") for name in columns))
    return _table("Ablations: runs of equal minutes", head, rows)


def _same_sentence(report: dict[str, Any]) -> str:
    rows = [
        (speaker, emotion, shown(row.get("mcd")), shown(row.get("log_f0_error")))
        for speaker, of in report.get("same_sentence", {}).items()
        for emotion, row in of.items()
    ]
    head = ("voice", "emotion", "mel cepstral distortion, dB", "error of log F0")
    return _table("Against recordings of the same sentence", head, rows)


def _nets(report: dict[str, Any]) -> str:
    rows = [
        (f"copies of {corpus}", measure.replace("_", " "), shown(value))
        for corpus, of in report.get("vocoder", {}).items()
        for measure, value in of.items()
    ]
    rows += [
        ("speaker", measure.replace("_", " "), shown(value))
        for measure, value in report.get("speaker", {}).items()
    ]
    german = report.get("german", {})
    rows += [
        (f"German {sounds}", f"phoneme error by {german['by']}", shown(german[sounds]))
        for sounds in ("takes", "recordings")
        if sounds in german
    ]
    rows += [
        (f"voice {voice}", measure.replace("_", " "), shown(value))
        for voice, row in report.get("presets", {}).items()
        for measure, value in row.items()
    ]
    return _table("Vocoder, speaker encoder, German, voices", ("what", "measure", "figure"), rows)


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    top = "".join(f"<th>{html.escape(name)}" for name in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return (
        f"<h2>{html.escape(title)}</h2><div class='table'><table><tr>{top}</tr>{body}</table></div>"
    )


def _pictures(report: dict[str, Any]) -> Iterator[tuple[str, go.Figure]]:
    for voice, rows in report.get("speech", {}).items():
        real = report.get("real", {})
        for key, title in (
            ("word_error", "Word error (pocketsphinx)"),
            ("p808", "Opinion (DNSMOS P.808)"),
            ("similarity", "Voice similarity (resemblyzer)"),
        ):
            if any(key in row for row in rows.values()):
                yield f"{title}: {voice}", _bars(rows, key, real, asked.speaker_of(voice))
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
    for ear, counts in report.get("zest", {}).get("heard", {}).items():
        yield f"Conversion: asked against heard by the {ear}", heatmap(counts)
    for ear, counts in report.get("diemo", {}).get("heard", {}).items():
        yield f"DiEmo: emotion of the clip against heard by the {ear}", heatmap(counts)
    if report.get("readers"):
        counts = report["readers"]["confusions"]
        yield "Ten seconds of a reader: whose voice the take is", heatmap(counts)


def _bars(rows: dict[str, Any], key: str, real: dict[str, Any], speaker: str) -> go.Figure:
    figure = go.Figure()
    known = {emotion: row[key] for emotion, row in rows.items() if key in row}
    figure.add_bar(
        x=list(known),
        y=[of["value"] for of in known.values()],
        error_y=_whiskers(list(known.values())),
        marker_color=COLORS["judge"],
        name="takes",
    )
    beside = {emotion: acted_of(real, emotion).get(key) for emotion in known}
    beside = {emotion: of for emotion, of in beside.items() if of}
    figure.add_scatter(
        x=list(beside),
        y=[of["value"] for of in beside.values()],
        mode="markers",
        marker={"symbol": "diamond", "size": 11, "color": REAL},
        name="real actors",
    )
    # Words and opinion are held to one reader; a voice is held to itself.
    reader = speaker if key == "similarity" else "kathleen"
    if key in real.get(reader, {}):
        figure.add_hline(
            y=real[reader][key]["value"],
            line={"dash": "dash", "color": REAL},
            annotation_text=f"real reading ({reader})",
            annotation_position="top left",
        )
    if key == "p808":
        figure.update_yaxes(range=[1, 5])  # the scale of opinions
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
    acted = {emotion: acted_of(real, emotion) for emotion in rows}
    for ear, symbol in (("judge", "diamond"), ("recognizer", "diamond-open")):
        hits = {e: of[f"{ear}_hit"]["value"] for e, of in acted.items() if f"{ear}_hit" in of}
        figure.add_scatter(
            x=list(hits),
            y=list(hits.values()),
            mode="markers",
            marker={"symbol": symbol, "size": 11, "color": REAL},
            name=f"real actors, {ear}",
        )
    return _sized(figure.update_yaxes(range=[0, 1.05]))


def _curve(places: list[float], curve: dict[str, Any], y_name: str, x_name: str) -> go.Figure:
    figure = go.Figure()
    for ear, color in COLORS.items():
        points = curve[ear]
        if points[0]["n"] > 2:  # fewer sentences have no interval worth drawing
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
    truth = [name for name in names if name in counts]
    table = [[counts[row].get(name, 0) for name in names] for row in truth]
    shares = [[n / max(1, sum(row)) for n in row] for row in table]
    figure = go.Figure(
        go.Heatmap(x=names, y=truth, z=shares, text=table, texttemplate="%{text}", zmin=0, zmax=1)
    )
    figure.update_traces(colorscale="Blues", showscale=False)
    figure.update_xaxes(title="heard").update_yaxes(title="asked or true", autorange="reversed")
    return _sized(figure, height=420)


def _whiskers(figures: Sequence[dict[str, float]]) -> dict[str, Any]:
    return {
        "type": "data",
        "array": [max(0.0, of["high"] - of["value"]) for of in figures],
        "arrayminus": [max(0.0, of["value"] - of["low"]) for of in figures],
    }


def _sized(figure: go.Figure, height: int = 340) -> go.Figure:
    margin = {"l": 60, "r": 20, "t": 20, "b": 50}
    return figure.update_layout(template="plotly_white", height=height, margin=margin)
