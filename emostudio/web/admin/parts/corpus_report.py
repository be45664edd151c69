"""What the check of a corpus found, drawn: numbers, what fits, warnings, all that is left out."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from emostudio.data.report import Report
from emostudio.jobs.tuning import BASES, TITLES
from emostudio.web.admin.parts.tables import counted, table

APART_BY = {
    "table": "as the table tells",
    "speaker": "whole speakers",
    "sentence": "whole sentences",
    "clip": "single clips, as few sentences are spoken or known",
}


def drawn_report(report: Report) -> str:
    """Draw a report."""
    return (
        _numbers(report)
        + _fits(report)
        + _listed("Worth knowing", report.warnings)
        + _speakers(report)
        + _facts(report)
        + _details("Left out", report.refused, "file", opened=True)
        + _details("Texts that can't be spoken", report.unspoken, "file")
        + _named("Clipped", report.clipped)
        + _named("Very quiet", report.quiet)
        + _named("Long", report.long)
        + _named("Speakers in train and dev", report.leaks.speakers)
        + _named("Sentences in train and dev", report.leaks.sentences)
    )


def _numbers(report: Report) -> str:
    return counted(
        {
            "Clips": report.clips,
            "Minutes": f"{report.hours * 60:.1f}",
            "Speakers": len(report.speakers),
            "Emotions": len(report.emotions),
            "To train on": report.splits["train"],
            "Held out": report.splits["dev"],
            "With text": report.with_text,
            "Left out": len(report.refused),
        }
    )


def _fits(report: Report) -> str:
    rows = [
        {"base": TITLES.get(base, base), "fits": not why, "why": why or BASES.get(base, "")}
        for base, why in report.fits.items()
    ]
    return table(rows, "What can be tuned on it")


def _speakers(report: Report) -> str:
    """Draw a row a speaker: minutes, clips, and clips by emotion."""
    rows = []
    for speaker, hours in report.speakers.items():
        clips = {emotion: of.get(speaker, 0) for emotion, of in report.emotions.items()}
        rows.append(
            {"speaker": speaker, "minutes": round(hours * 60, 1), "clips": sum(clips.values())}
            | (clips if len(clips) > 1 else {})
        )
    return table(rows, "Who speaks", _only(report))


def _only(report: Report) -> str:
    return f"All is {next(iter(report.emotions))}." if len(report.emotions) == 1 else ""


def _facts(report: Report) -> str:
    leaks, dev = report.leaks, report.splits["dev"]
    facts = {
        "Held out": APART_BY.get(report.split_by, report.split_by),
        "In train and dev": f"speakers: {len(leaks.speakers)}, with {leaks.clips_of_speakers} of "
        f"{dev} clips of dev; sentences: {len(leaks.sentences)}, with {leaks.clips_of_sentences}",
        "Languages": _shares(report.langs),
        "Sample rates": _shares({f"{rate} Hz": clips for rate, clips in report.rates.items()}),
        **{
            f"Sounds of {lang}": f"the texts have {share:.0%} of the common ones"
            + (f", never {' '.join(report.unseen[lang])}" if report.unseen[lang] else "")
            for lang, share in report.phonemes.items()
        },
        "Silence": f"{report.silence:.0%} of the time",
        "Clips": f"of {report.clips}: clipped {len(report.clipped)}, very quiet "
        f"{len(report.quiet)}, long {len(report.long)}; left out as there twice: "
        f"{len(report.duplicates)}",
    }
    rows = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(str(fact))}</dd>" for name, fact in facts.items()
    )
    return f"<h3>In detail</h3><dl class='facts'>{rows}</dl>"


def _shares(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} ({clips})" for name, clips in counts.items())


def _listed(title: str, sentences: tuple[str, ...]) -> str:
    if not sentences:
        return ""
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f"<h3>{title}</h3><ul class='know'>{items}</ul>"


def _details(title: str, told: Mapping[str, str], what: str, *, opened: bool = False) -> str:
    if not told:
        return ""
    rows = [{what: name, "why": why} for name, why in told.items()]
    return (
        f"<details{' open' if opened else ''}><summary>{title} ({len(told)})</summary>"
        f"{table(rows)}</details>"
    )


def _named(title: str, names: tuple[str, ...]) -> str:
    if not names:
        return ""
    items = "".join(f"<li>{escape(name)}</li>" for name in names)
    return (
        f"<details><summary>{title} ({len(names)})</summary><ul class='know'>{items}</ul></details>"
    )
