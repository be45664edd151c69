"""Base and candidate side by side as HTML: each number, its interval, and what refuses."""

from __future__ import annotations

from html import escape

from emostudio.evaluation.gate import Gate, Number

WIDTH, MIDDLE = 132, 66  # pixels of an interval's picture, and where no difference is
REACH = 60  # pixels from the middle to the farthest end


def drawn_verdict(gate: Gate) -> str:
    """Say in a sentence whether a candidate may be promoted, and what stands against it."""
    guarded = [number for number in gate.numbers if number.guarded]
    if not guarded:
        return (
            "<div class='verdict' role='status'><strong>Nothing guarded could be measured.</strong>"
            " Listen before you promote it.</div>"
        )
    if gate.refusals:
        listed = "".join(f"<li>{escape(why)}</li>" for why in gate.refusals)
        return (
            "<div class='verdict refused' role='status'><strong>Worse than what it started "
            f"from.</strong><ul>{listed}</ul></div>"
        )
    return (
        "<div class='verdict passed' role='status'><strong>It may be promoted.</strong> None of "
        f"the {len(guarded)} guarded numbers fell by more than its interval.</div>"
    )


def drawn_numbers(gate: Gate) -> str:
    """Draw a row a number: base, candidate, and the difference with its interval."""
    if not gate.numbers:
        return "<p class='note'>No number could be measured.</p>"
    rows = "".join(_row(number) for number in gate.numbers)
    return (
        "<div class='wide'><table class='gate'><thead><tr><th scope='col'>Measured</th>"
        "<th scope='col' class='number'>Base</th><th scope='col' class='number'>Candidate</th>"
        "<th scope='col'>Difference, 95 % (right is better)</th><th scope='col'></th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
        "<p class='note'>Guarded numbers refuse promotion where they get worse by more than their "
        "interval. Each compares the same clips.</p>"
    )


def drawn_beside(gate: Gate) -> str:
    """Draw what else was noted, and which judges are missing."""
    notes = "".join(f"<li>{escape(note)}</li>" for note in gate.notes)
    missing = "".join(
        f"<li><b>{escape(judge)}</b>: {escape(why)}</li>" for judge, why in gate.missing.items()
    )
    return (f"<h3>Good to know</h3><ul class='note know'>{notes}</ul>" if notes else "") + (
        f"<h3>Judges that are missing</h3><ul class='note know'>{missing}</ul>" if missing else ""
    )


def said(value: float, unit: str, *, signed: bool = False) -> str:
    """Write a number with its unit; `signed` is for differences.

    >>> said(0.5, "share"), said(-0.031, "share", signed=True), said(3.25, "grade")
    ('50 %', '−3.1', '3.25')
    """
    sign = "+" if signed else ""
    if unit == "share":
        text = f"{100 * value:{sign}.1f}" if signed else f"{100 * value:.1f}".removesuffix(".0")
        return text.replace("-", "−") + ("" if signed else " %")
    places = {"grade": 2, "dB": 2, "cents": 0}.get(unit, 3)
    text = f"{value:{sign}.{places}f}".replace("-", "−")
    return f"{text} {unit}" if unit in ("dB", "cents") and not signed else text


def _row(number: Number) -> str:
    low, high = number.interval
    unit = number.unit
    if not number.guarded:
        tone, word = "same", "not guarded"
    elif number.fell:
        tone, word = "worse", "refuses"
    elif _rose(number):
        tone, word = "better", "better"
    else:
        tone, word = "same", "no clear change"
    points = " points" if unit == "share" else f" {unit}" if unit in ("dB", "cents") else ""
    return (
        f"<tr class='{tone}'><th scope='row'>{escape(number.name[:1].upper() + number.name[1:])}"
        f"<small>{escape(number.what)} n = {number.n}</small></th>"
        f"<td class='number'>{said(number.base, unit)}</td>"
        f"<td class='number'><b>{said(number.candidate, unit)}</b></td>"
        f"<td>{_interval(number, tone)}<small>{said(number.difference, unit, signed=True)} "
        f"({said(low, unit, signed=True)} to {said(high, unit, signed=True)}){points}</small></td>"
        f"<td><span class='mark {tone}'>{word}</span></td></tr>"
    )


def _rose(number: Number) -> bool:
    low, high = number.interval
    return low > 0 if number.better == "higher" else high < 0


def _interval(number: Number, tone: str) -> str:
    """Draw the interval around no difference; to the right is better, whatever the number is."""
    sign = 1 if number.better == "higher" else -1
    ends = sorted(sign * end for end in number.interval)
    reach = max(abs(ends[0]), abs(ends[1]), abs(number.difference)) or 1.0

    def at(value: float) -> float:
        return round(MIDDLE + REACH * value / reach, 1)

    return (
        f"<svg class='interval {tone}' viewBox='0 0 {WIDTH} 18' aria-hidden='true'>"
        f"<line class='zero' x1='{MIDDLE}' x2='{MIDDLE}' y1='1' y2='17'/>"
        f"<line class='reach' x1='{at(ends[0])}' x2='{at(ends[1])}' y1='9' y2='9'/>"
        f"<circle cx='{at(sign * number.difference)}' cy='9' r='4'/></svg>"
    )
