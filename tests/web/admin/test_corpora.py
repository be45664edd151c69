"""The page Corpora without a browser: what its form adds, what its report draws."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from emostudio.data.check import check
from emostudio.listening.protocol import Protocol
from emostudio.studies import authoring
from emostudio.web.admin.desk import Desk
from emostudio.web.admin.pages import corpora
from emostudio.web.admin.parts.corpus_form import CorpusForm, corpus_form
from emostudio.web.admin.parts.corpus_report import drawn_report
from tests.data.test_check import clips
from tests.data.test_taking_over import sound, zipped
from tests.web.fake_studio import FakeStudio

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    studio: Any = FakeStudio(environ={"EMOSTUDIO_DATA_DIR": str(tmp_path / "data")})
    yield Desk.of(studio)
    studio.listening.close()


@pytest.fixture(scope="module")
def form() -> CorpusForm:
    with gr.Blocks(analytics_enabled=False):
        return corpus_form()


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    for number in range(4):
        sound(tmp_path / "clips" / ("happy", "sad")[number % 2] / f"{number}.wav", number)
    return tmp_path / "clips"


def filled(form: CorpusForm, **given: Any) -> dict[Any, Any]:
    """What the form holds: as it is built, but for what is given."""
    values = {part: part.value for part in form.fields()}
    values[form.name], values[form.consent] = "ours", True
    return values | {getattr(form, name): value for name, value in given.items()}


def quiet(share: float, message: str) -> None:
    """Tell nobody."""


@pytest.mark.parametrize("source", ["upload", "folder", "manifest"])
def test_each_source_is_added(desk: Desk, form: CorpusForm, recordings: Path, source: str) -> None:
    archive = zipped(recordings, recordings.parent / "clips.zip")
    table = recordings.parent / "clips.csv"
    table.write_text("file,emotion\nclips/happy/0.wav,happy\nclips/sad/1.wav,sad\n")
    where = {
        "upload": {"source": "upload", "archive": str(archive)},
        "folder": {"source": "folder", "path": f" {recordings} "},
        "manifest": {"source": "folder", "path": str(table)},
    }[source]
    done = form.add(desk, filled(form, **where, lang="de"), "ada", quiet)
    assert (done.corpus.source, done.corpus.actor, done.said) == (source, "ada", "")
    report = desk.jobs.corpora.report("ours")
    assert report.clips == (2 if source == "manifest" else 4) and set(report.langs) == {"de"}
    assert "I have the consent of everyone" in done.corpus.consent


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, 'Nothing is chosen yet under "A zip from my computer"'),
        ({"source": "folder", "path": "  "}, "Nothing is chosen yet"),
        ({"source": "labels"}, "Nothing is chosen yet"),
        ({"source": "folder", "path": "/nowhere"}, "There is no folder, zip or table /nowhere"),
        ({"source": "folder", "path": "/nowhere", "consent": False}, "must have agreed"),
        ({"source": "folder", "path": "/nowhere", "name": "Our clips"}, "Name the corpus by"),
        ({"source": "hub", "dataset": "some/clips"}, "can't be downloaded now"),
    ],
)
def test_what_is_missing_is_said(
    desk: Desk, form: CorpusForm, given: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        form.add(desk, filled(form, **given), "ada", quiet)
    assert desk.jobs.corpora.all() == []


def test_a_study_without_labels_says_so_and_one_is_offered(desk: Desk, form: CorpusForm) -> None:
    slug = authoring.create(desk.db, Protocol("label", "Which clips", loudness="none"))
    offered: Any = form.offered(desk)[form.study]
    assert [one for _, one in offered.choices] == [slug]
    with pytest.raises(ValueError, match="Ask more listeners first"):
        form.add(desk, filled(form, source="labels", study=slug), "ada", quiet)


def test_consent_is_asked_anew_for_each_corpus(form: CorpusForm) -> None:
    assert form.emptied()[form.consent] is False


def test_a_report_draws_all_that_was_found() -> None:
    one, *others = clips(speaker="anna")
    loud = replace(one, level=replace(one.level, clipped=True), source=f"{EVIL}.wav")
    report = check(
        [loud, *others, *clips(8, speaker="ben", emotion="smug", text="")],
        refused={f"{EVIL}.wav": "It is silent."},
    )
    drawn = drawn_report(report)
    for words in (
        "<dt>Clips</dt><dd>28</dd>",
        "<dt>Minutes</dt><dd>2.3</dd>",
        "New to the recognizer: smug",
        "It is silent.",
        "<summary>Left out (1)</summary>",
        "<summary>Clipped (1)</summary>",
        "as the table tells",
        "16000 Hz (28)",
        "A new voice for EmoMix",
        "EmoMix voice",
        "of 28: clipped 1, very quiet 0",
    ):
        assert words in drawn, words
    assert EVIL not in drawn


def test_the_list_says_what_each_is_good_for(
    desk: Desk, form: CorpusForm, recordings: Path
) -> None:
    assert "There is no corpus yet" in corpora.drawn_list([])
    form.add(desk, filled(form, source="folder", path=str(recordings)), "ada", quiet)
    rows = desk.jobs.corpora.all()
    assert ">ours</td>" in corpora.drawn_list(rows)
    assert "folder: " in corpora.drawn(rows[0]) and corpora.drawn(None) == ""
    assert f"training?corpus={rows[0].id}" in corpora.drawn(rows[0])
