"""Parts of the pages of tuning without a browser, on folders as a worker writes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from emostudio.evaluation.gate import Gate, Number
from emostudio.jobs import run_folder
from emostudio.jobs.blind import tally
from emostudio.jobs.disk import size_of
from emostudio.jobs.run_folder import GATE, Event
from emostudio.jobs.tuning import BASES, METHODS, PRESETS, Tuning
from emostudio.storage.tuned_tables import JOB_STATES, LIVE
from emostudio.studies.grid import grid
from emostudio.web.admin import machine
from emostudio.web.admin.desk import Desk
from emostudio.web.admin.pages import job, status, training
from emostudio.web.admin.parts import gate_view, hearing, job_buttons, job_view, model_view
from emostudio.web.admin.parts.job_curves import drawn_curves, in_line
from emostudio.web.admin.parts.tuning_form import TuningForm, drawn_cost, tuning_form
from emostudio.web.admin.takes import ballot_of
from tests.web import tuned
from tests.web.admin.conftest import TOKEN
from tests.web.fake_studio import FakeStudio

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """The pages' desk over records of its own."""
    environ = {"EMOSTUDIO_ADMIN_TOKEN": TOKEN, "EMOSTUDIO_DATA_DIR": str(tmp_path)}
    studio = FakeStudio(environ=environ)
    yield Desk.of(studio)  # pyright: ignore[reportArgumentType]
    studio.listening.close()


@pytest.fixture(scope="module")
def form() -> TuningForm:
    with gr.Blocks(analytics_enabled=False):
        return tuning_form()


def filled(form: TuningForm, **values: Any) -> dict[Any, Any]:
    """What the form holds when it is opened, and what was chosen."""
    plain = {part: part.value for part in form.fields().values()}
    chosen = {"corpus": "ID", "name": "anna", "backend": "local", **values}
    return plain | {getattr(form, name): value for name, value in chosen.items()}


def test_the_form_as_it_opens_is_a_tuning_with_sensible_defaults(form: TuningForm) -> None:
    assert form.tuning(filled(form)) == Tuning("emomix", "ID", "anna")


@pytest.mark.parametrize("base", BASES)
def test_every_base_and_choice_makes_a_tuning(form: TuningForm, base: str) -> None:
    values = filled(form, base=base, preset="quick", method="full", rehearsal=0.0, max_steps=7.0)
    made = form.tuning(values)
    assert (made.base, made.preset, made.method, made.steps) == (base, "quick", "full", 7)


def test_a_vocoder_has_no_adapter(form: TuningForm) -> None:
    assert form.tuning(filled(form, base="vocoder", method="adapter")).method == "full"
    assert form.tuning(filled(form, base="ser", method="adapter")).method == "adapter"


def test_what_is_missing_is_told_by_its_name(form: TuningForm) -> None:
    with pytest.raises(ValueError, match="No corpus is chosen"):
        form.tuning(filled(form, corpus=None))
    with pytest.raises(ValueError, match="No place to run"):
        form.tuning(filled(form, backend=None))
    with pytest.raises(ValueError, match="learning rate is empty"):
        form.tuning(filled(form, learning_rate=None))
    with pytest.raises(ValueError, match="Name the result"):
        form.tuning(filled(form, name="Anna B."))
    assert form.tuning(filled(form, name=""), name="measured").name == "measured"


def test_every_choice_of_the_form_is_explained(form: TuningForm) -> None:
    for name, part in form.fields().items():
        explained = name in ("base", "corpus", "backend")  # a line of HTML below them
        assert explained or part.info, name
    assert all(line in str(form.method.info) for line in METHODS.values())
    assert [preset for _, preset in form.preset.choices] == list(PRESETS)


def test_a_form_offers_what_there_is(form: TuningForm, desk: Desk) -> None:
    settled = form.settled(desk, filled(form, corpus="gone"))
    assert settled[form.corpus] is None
    assert "no corpus yet" in form.offered(desk, settled)[form.fits]
    corpus = tuned.corpus(desk.jobs)
    settled = form.settled(desk, filled(form, corpus="gone"))
    assert settled[form.corpus] == corpus.id
    offered = form.offered(desk, settled)
    assert offered[form.corpus].choices == [("anna · 6 min · 1 speaker", corpus.id)]
    assert "It fits" in offered[form.fits]
    refused = form.offered(desk, {**settled, form.base: "ser"})[form.fits]
    assert "two emotions" in refused


def test_minutes_are_told_once_they_were_measured(form: TuningForm, desk: Desk) -> None:
    corpus = tuned.corpus(desk.jobs)
    values = filled(form, corpus=corpus.id)
    assert "not known" in form.priced(desk, values)[form.cost]
    probe = tuned.job(desk.jobs, corpus, "done", name="measured", probe=True)
    run_folder.append(desk.jobs.folder(probe.id), "probe", seconds=0.3, around=30.0)
    told = form.priced(desk, values)[form.cost]
    assert "2 min to train" in told
    assert "not known" in form.priced(desk, values | {form.method: "full"})[form.cost]
    assert "Balanced" in told
    assert drawn_cost(None, "balanced") != told


def test_typed_steps_are_told_in_place_of_the_presets(form: TuningForm, desk: Desk) -> None:
    values = filled(form, corpus=tuned.corpus(desk.jobs).id)
    by_preset = form.priced(desk, values)
    assert all("steps" in label for label, _ in by_preset[form.preset].choices)
    typed = form.priced(desk, values | {form.max_steps: 123})
    assert [label for label, _ in typed[form.preset].choices] == ["Quick", "Balanced", "Full"]
    assert "123 steps, typed under More, replace the preset" in typed[form.cost]


def test_a_number_that_cannot_be_is_told_by_its_field(form: TuningForm) -> None:
    for field, word in (("max_steps", "Steps"), ("batch_size", "batch"), ("seed", "seed")):
        assert getattr(form, field).minimum is None
        with pytest.raises(ValueError, match=word):
            form.tuning(filled(form, **{field: -1}))


def test_the_address_names_a_job_and_a_choice_tells_no_state(desk: Desk) -> None:
    corpus = tuned.corpus(desk.jobs)
    older, newer = (tuned.job(desk.jobs, corpus, name=name) for name in ("anna-1", "anna-2"))
    choices, first = job.offered(desk, None)
    assert {one for _, one in choices} == {older.id, newer.id}
    assert first == choices[0][1]
    assert job.offered(desk, older.id)[1] == older.id
    assert job.offered(desk, "gone")[1] is None
    assert not [label for label, _ in choices if "running" in label.lower()]


def test_a_job_is_drawn_in_every_state(desk: Desk) -> None:
    corpus = tuned.corpus(desk.jobs)
    for number, state in enumerate(JOB_STATES):
        made = tuned.job(desk.jobs, corpus, state, name=f"anna-{number}")
        tuned.trained(desk.jobs.folder(made.id), 100)
        standing = desk.jobs.standing(made.id)
        drawn = job_view.drawn_standing(standing, "anna")
        assert job_view.STATES[state] in drawn
        assert "role='progressbar'" in drawn
    listed = training.drawn(desk, desk.jobs.all())
    assert listed.count("<li") == len(JOB_STATES)
    assert listed.count("progressbar") == len(LIVE)  # a job that ended has no bar any more


def test_only_what_is_possible_is_offered(desk: Desk) -> None:
    with gr.Blocks(analytics_enabled=False):
        buttons = job_buttons.job_buttons()

    def offered(state: str) -> set[str]:
        shown = buttons.shown(state)
        return {
            name
            for name in ("cancel", "resume", "retry", "delete")
            if shown[getattr(buttons, name)].visible
        }

    assert offered("queued") == offered("running") == {"cancel"}
    assert offered("stopping") == set()
    assert offered("done") == {"retry", "delete"}
    for state in ("stopped", "interrupted", "failed"):
        assert offered(state) == {"resume", "retry", "delete"}


def test_steps_that_were_done_anew_are_told_by_the_later_attempt() -> None:
    steps = [
        Event("step", 0.0, {"step": step, "losses": {"loss": loss}})
        for step, loss in ((10, 3.0), (20, 2.0), (30, 1.0), (20, 5.0), (30, 4.0))
    ]
    assert [(event.step, event.loss) for event in in_line(steps)] == [(10, 3), (20, 5), (30, 4)]
    assert drawn_curves(in_line(steps), 40).to_json()


def test_a_number_refuses_by_its_guard_alone() -> None:
    fell = Number("hit rate", "What was heard.", 0.8, 0.5, (-0.4, -0.2), 9)
    told = {
        "refuses": fell,
        "not guarded": replace(fell, guarded=False),
        "better": replace(fell, interval=(0.1, 0.3)),
        "no clear change": replace(fell, interval=(-0.1, 0.1)),
    }
    for word, number in told.items():
        drawn = gate_view.drawn_numbers(Gate("emomix", "", "", (number,)))
        assert f">{word}<" in drawn
    error = replace(fell, better="lower", interval=(-0.4, -0.2))
    assert ">better<" in gate_view.drawn_numbers(Gate("emomix", "", "", (error,)))


def test_the_page_tells_what_the_gate_decides(desk: Desk) -> None:
    corpus = tuned.corpus(desk.jobs)
    fine = tuned.compared(desk.jobs.folder(tuned.job(desk.jobs, corpus).id) / GATE)
    worse = tuned.compared(desk.jobs.root / "worse", worse=True)
    assert "may be promoted" in gate_view.drawn_verdict(fine)
    for why in worse.refusals:
        assert why in gate_view.drawn_verdict(worse)
    assert "pocketsphinx" in gate_view.drawn_beside(fine)
    nothing = Gate("zest", "", "", ())
    assert "Nothing guarded" in gate_view.drawn_verdict(nothing)


def test_a_pair_on_the_page_does_not_tell_which_is_which(desk: Desk) -> None:
    made = tuned.done(desk.jobs, tuned.corpus(desk.jobs))
    ballot = ballot_of(desk, made.id, "@anna")
    for pair in ballot.in_order:
        drawn = hearing.drawn_pair(ballot, pair, 0).lower()
        assert pair.base not in drawn
        assert pair.candidate not in drawn
        assert drawn.count("base") == drawn.count("candidate") == 1  # in the sentence to all
        ballot.vote(desk.db, pair.id, "first")
    votes = hearing.everybody(desk, made.id)
    outcome = hearing.drawn_outcome(ballot, ballot.voted(desk.db), votes)
    assert outcome.count("<tr>") == 1 + len(ballot.pairs)
    assert tally(votes).candidate == votes.count("candidate")


def test_pairs_become_a_listening_test(desk: Desk) -> None:
    made = tuned.done(desk.jobs, tuned.corpus(desk.jobs))
    ballot = ballot_of(desk, made.id, "@anna")
    slug = hearing.study_of(desk, ballot, "anna-2", "@anna")
    shown = grid(desk.db, slug)
    assert set(shown.systems) == {"base", "anna-2"}
    assert len(shown.tested) == 2 * len(ballot.pairs)
    assert not shown.holes


def test_nobody_votes_on_a_job_that_was_not_compared(desk: Desk) -> None:
    made = tuned.job(desk.jobs, tuned.corpus(desk.jobs))
    with pytest.raises(ValueError, match="no comparison yet"):
        ballot_of(desk, made.id, "@anna")
    assert job.gate_of(desk, made) is None
    assert job.model_of(desk, made.id) is None


def test_a_job_keeps_the_name_of_a_corpus_that_was_removed(desk: Desk) -> None:
    corpus = tuned.corpus(desk.jobs)
    desk.jobs.corpora.remove(corpus.id, "@anna")
    assert desk.corpus_name(corpus.id) == "anna"


def test_status_tells_what_runs_and_what_was_left_over(desk: Desk) -> None:
    made = tuned.job(desk.jobs, tuned.corpus(desk.jobs), name="anna-7")
    (desk.jobs.root / "packs" / "NOBODY").mkdir(parents=True)
    orphans = desk.jobs.orphans()
    drawn = status.drawn_queue(desk, orphans)
    assert "anna-7" in drawn
    assert f"job?job={made.id}" in drawn
    assert "NOBODY" in drawn
    assert "This machine" in drawn
    assert "emomix" in status.drawn_loaded(desk)
    assert str(desk.jobs.root) in status.drawn_disk(desk)
    assert "of memory" in status.drawn_machine(desk)


def test_a_folder_is_as_large_as_its_files(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a").write_bytes(b"x" * 1000)
    (tmp_path / "b").write_bytes(b"x" * 24)
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert size_of(tmp_path) >= 1024
    assert size_of(tmp_path / "gone") == 0
    assert machine.memory().process > 0
    assert machine.versions()["torch"] != "missing"


def test_names_are_never_markup(desk: Desk) -> None:
    corpus = tuned.corpus(desk.jobs, EVIL)
    made = tuned.job(desk.jobs, corpus, "failed")
    folder = desk.jobs.folder(made.id)
    run_folder.append(folder, "sample", step=1, file=f"samples/{EVIL}", text=EVIL, voice=EVIL)
    (folder / run_folder.ERRORS).write_text(EVIL)
    made.message = EVIL
    standing = replace(desk.jobs.standing(made.id), job=made, message=EVIL, device=EVIL)
    told = run_folder.events(folder)
    number = Number(EVIL, EVIL, 0.1, 0.2, (0.0, 0.1), 3)
    gate = Gate("emomix", "", "", (number,), missing={EVIL: EVIL}, notes=(EVIL,))
    drawn = [
        job_view.drawn_standing(standing, EVIL),
        job_view.card(standing, EVIL),
        job_view.drawn_facts(standing, told),
        job_view.drawn_samples(made.id, told),
        job.drawn_log(run_folder.tail(folder)),
        gate_view.drawn_numbers(gate),
        gate_view.drawn_beside(gate),
        training.drawn(desk, desk.jobs.all()),
    ]
    assert not [page for page in drawn if EVIL in page]
    assert "&lt;script&gt;" in drawn[0]


def test_a_model_tells_what_it_is_made_of(desk: Desk) -> None:
    corpus = tuned.corpus(desk.jobs)
    made = tuned.job(desk.jobs, corpus, "done")
    model = tuned.model(desk.jobs, made, tuned.compared(desk.jobs.root / "gate", worse=True))
    drawn = model_view.drawn_model(model, job=True)
    assert model.sha256 in drawn
    assert "vocoder" in drawn
    assert "fell in 1 guarded number" in model_view.drawn_own([model], {})
    assert "Offered" in model_view.drawn_own([model], {model.id: model})
