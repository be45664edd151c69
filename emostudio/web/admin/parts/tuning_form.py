"""The form of a new job: what is tuned, on what, how long, and where; a line on every choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

from emostudio.data.report import Report
from emostudio.jobs import tuning as rules
from emostudio.jobs.tuning import TITLES, Tuning
from emostudio.storage.tuned_tables import Corpus
from emostudio.web.admin.desk import Desk
from emostudio.web.admin.parts.job_view import PLACES

if TYPE_CHECKING:
    from emostudio.jobs.standing import Expectation

Values = Mapping[Any, Any]
Updates = dict[Any, Any]
IN_USE = "The one in use"
WHOLE_ONLY = "vocoder"  # is told nothing of who speaks: there is nothing that an adapter could be
FRACTIONS = ("rehearsal", "learning_rate")
WHOLE = ("max_steps", "batch_size", "sample_every", "seed")
NO_CORPUS = (
    "<p class='note'>There is no corpus yet. <a href='corpora'>Add recordings</a> first.</p>"
)


@dataclass(frozen=True)
class TuningForm:
    """The components of the form, named as the fields of a tuning; `fits` and `cost` tell more."""

    base: gr.Radio
    about: gr.HTML
    corpus: gr.Dropdown
    fits: gr.HTML
    name: gr.Textbox
    preset: gr.Radio
    cost: gr.HTML
    measure: gr.Button
    method: gr.Radio
    rehearsal: gr.Slider
    rehearse_with: gr.Textbox
    start: gr.Dropdown
    max_steps: gr.Number
    batch_size: gr.Number
    learning_rate: gr.Number
    sample_every: gr.Number
    seed: gr.Number
    backend: gr.Radio
    places: gr.HTML

    def fields(self) -> dict[str, Any]:
        """Return the components that hold a tuning, by its field."""
        told = ("about", "fits", "cost", "measure", "places")
        return {name: part for name, part in vars(self).items() if name not in told}

    def tuning(self, values: Values, *, name: str = "") -> Tuning:
        """Read the form; `name` stands in where none was typed, for a measurement.

        Raises:
            ValueError: a field is empty or can't be.
        """
        given = {field: values[part] for field, part in self.fields().items()}
        if not given["corpus"]:
            raise ValueError("No corpus is chosen. Choose one, or add one under Corpora.")
        if not given["backend"]:
            raise ValueError("No place to run is chosen. Choose one under More.")
        for field in (*WHOLE, *FRACTIONS):
            if given[field] is None:
                raise ValueError(f"The field {field.replace('_', ' ')} is empty. Type a number.")
        for field in WHOLE:
            given[field] = int(given[field])
        for field in ("start", "rehearse_with"):
            given[field] = (given[field] or "").strip()
        given["name"] = (given["name"] or "").strip() or name
        if given["base"] == WHOLE_ONLY:
            given["method"] = "full"
        return Tuning(**given)

    def empty(self) -> Updates:
        """Return what the form holds before anything is typed."""
        return {part: part.value for part in self.fields().values()}

    def settled(self, desk: Desk, values: Values) -> dict[Any, Any]:
        """Return the values with a corpus and a place to run that there are, if any."""
        ids = [row.id for row in desk.jobs.corpora.all()]
        can = [name for name, why in desk.jobs.backends().items() if not why]
        corpus, backend = values[self.corpus], values[self.backend]
        return {
            **values,
            self.corpus: corpus if corpus in ids else next(iter(ids), None),
            self.backend: backend if backend in can else next(iter(can), None),
        }

    def offered(self, desk: Desk, values: Values) -> Updates:
        """Return the updates that show what there is to choose from."""
        backends = desk.jobs.backends()
        can = [(PLACES.get(name, name), name) for name, why in backends.items() if not why]
        return {
            self.corpus: gr.Dropdown(
                choices=[(called(row), row.id) for row in desk.jobs.corpora.all()],
                value=values[self.corpus],
            ),
            self.backend: gr.Radio(choices=can, value=values[self.backend]),
            self.places: drawn_places(backends),
            **self.based(desk, values),
        }

    def based(self, desk: Desk, values: Values) -> Updates:
        """Return the updates that follow from the base; what a person chose beside it stays."""
        base = values[self.base]
        starts = [(model.name, model.id) for model in desk.jobs.models.all() if model.net == base]
        return {
            self.about: f"<p class='note'>{escape(rules.BASES[base])}</p>",
            self.method: gr.Radio(visible=base != WHOLE_ONLY),
            self.start: gr.Dropdown(choices=[(IN_USE, ""), *starts], value=""),
            **self.fitting(desk, values),
        }

    def fitting(self, desk: Desk, values: Values) -> Updates:
        """Return the update that says whether the corpus is good for the base."""
        corpora = desk.jobs.corpora.all()
        corpus = next((row for row in corpora if row.id == values[self.corpus]), None)
        return {self.fits: drawn_fit(corpus, values[self.base], any_there=bool(corpora))}

    def priced(self, desk: Desk, values: Values) -> Updates:
        """Return the updates that show how long each preset takes here."""
        base = values[self.base]
        expected: dict[str, Expectation | None] = dict.fromkeys(rules.PRESETS)
        if values[self.corpus]:
            try:
                tuning = self.tuning(values, name="measured")
                for preset in rules.PRESETS:
                    expected[preset] = desk.jobs.expected(replace(tuning, preset=preset))
            except ValueError:  # the form is half filled in; what is wrong is told on the start
                pass
        steps = dict(zip(rules.PRESETS, rules.STEPS[base], strict=True))
        typed = int(values[self.max_steps] or 0)
        chosen = values[self.preset]
        choices = [
            (f"{preset.capitalize()} · {_length(steps[preset], expected[preset])}", preset)
            for preset in rules.PRESETS
        ]
        if typed > 0:  # then the presets are all the same
            choices = [(preset.capitalize(), preset) for preset in rules.PRESETS]
        return {
            # Without a value: another may have been chosen while this was on its way.
            self.preset: gr.Radio(choices=choices),
            self.cost: drawn_cost(expected[chosen], chosen, typed),
        }


def tuning_form() -> TuningForm:
    """Build it."""
    base = gr.Radio(
        [(words, name) for name, words in TITLES.items()],
        value="emomix",
        label="What is tuned",
        elem_id="base",
    )
    about = gr.HTML(elem_id="about-base")
    corpus = gr.Dropdown([], label="Corpus", elem_id="corpus", filterable=True)
    fits = gr.HTML(elem_id="fits")
    name = gr.Textbox(
        label="Name",
        info="What the result is called wherever a model is chosen: small letters, digits, "
        "hyphens.",
        placeholder="anna-2",
        max_length=40,
        elem_id="name",
    )
    preset = gr.Radio(
        [(preset.capitalize(), preset) for preset in rules.PRESETS],
        value="balanced",
        label="How long",
        info="Quick shows whether it works at all; full is for the voice you keep.",
        elem_id="preset",
    )
    with gr.Row(elem_classes="beside"):
        cost = gr.HTML(elem_id="cost")
        measure = gr.Button("Measure here", size="sm", min_width=130, elem_id="measure")
    method = gr.Radio(
        [(name.capitalize(), name) for name in rules.METHODS],
        value="adapter",
        label="Method",
        info=" ".join(f"{name.capitalize()}: {line}" for name, line in rules.METHODS.items()),
        elem_id="method",
    )
    rehearsal = gr.Slider(
        0,
        rules.MAX_REHEARSAL,
        value=Tuning.rehearsal,
        step=0.05,
        label="Rehearsal",
        info="Share of each batch that is no part of the corpus, so that nothing is forgotten.",
        elem_id="rehearsal",
    )
    with gr.Accordion("More", open=False, elem_id="more-options"):
        rehearse_with = gr.Textbox(
            label="Rehearse with",
            info="Folder of a pack on this machine; empty: takes that our own models speak.",
            elem_id="rehearse-with",
        )
        start = gr.Dropdown(
            [(IN_USE, "")],
            value="",
            label="Start from",
            info="A tuned model, to go on from where it ended.",
            elem_id="start-from",
        )
        with gr.Row():
            max_steps = _number("Steps", "0: as the preset says.", 0, "max-steps")
            batch_size = _number("Batch", "Clips a step; 0: as the recipe says.", 0, "batch-size")
        with gr.Row():
            learning_rate = _number(
                "Learning rate", "Factor on the recipe's rate.", 1.0, "learning-rate", step=0.1
            )
            sample_every = _number("A take every", "Steps; 0: five in a run.", 0, "sample-every")
        seed = _number("Seed", "The same seed draws the same batches.", 0, "seed")
    backend = gr.Radio([], label="Where", elem_id="backend")
    places = gr.HTML(elem_id="places")
    return TuningForm(
        base, about, corpus, fits, name, preset, cost, measure, method, rehearsal, rehearse_with,
        start, max_steps, batch_size, learning_rate, sample_every, seed, backend, places,
    )  # fmt: skip


def called(corpus: Corpus) -> str:
    """Name a corpus in a choice, with its length and how many speak."""
    report = Report.from_json(corpus.report)
    length = f"{60 * report.hours:.0f} min" if report.hours < 1.5 else f"{report.hours:.1f} h"
    n_speakers = len(report.speakers)
    return f"{corpus.name} · {length} · {n_speakers} speaker{'s' * (n_speakers != 1)}"


def drawn_fit(corpus: Corpus | None, base: str, *, any_there: bool) -> str:
    """Say whether a corpus is good for a base, or that there is none."""
    if corpus is None:
        return "" if any_there else NO_CORPUS
    if why := Report.from_json(corpus.report).fits.get(base, ""):
        return f"<p class='warn'>{escape(why)}</p>"
    return f"<p class='note'>It fits. <a href='corpora?corpus={corpus.id}'>See its report</a></p>"


def drawn_places(backends: Mapping[str, str]) -> str:
    """Say where jobs can't run, and why."""
    return "".join(
        f"<p class='note'><b>{escape(PLACES.get(name, name))}</b> is closed: {escape(why)}</p>"
        for name, why in backends.items()
        if why
    )


def drawn_cost(expected: Expectation | None, preset: str, typed: int = 0) -> str:
    """Say how long a preset, or the steps that were typed in its place, take, or how to know."""
    instead = ""
    if typed > 0:
        instead = f"<p class='note'>{typed} steps, typed under More, replace the preset.</p>"
    if expected is None:
        return instead + (
            f"<p class='note'>How long that takes here is not known: Measure runs "
            f"{rules.PROBE_STEPS} steps.</p>"
        )
    which = f"{typed} steps" if typed > 0 else preset.capitalize()
    return instead + (
        f"<p class='note'>Measured here, {which}: {_minutes(expected.train)} to train, "
        f"{_minutes(expected.around)} around that.</p>"
    )


def _length(steps: int, expected: Expectation | None) -> str:
    return f"{steps} steps" + (f", {_minutes(expected.minutes)}" if expected is not None else "")


def _minutes(minutes: float) -> str:
    if minutes < 1:
        return "under a minute"
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def _number(label: str, info: str, value: float, elem_id: str, *, step: float = 1) -> gr.Number:
    return gr.Number(
        value,
        label=label,
        info=info,
        step=step,  # no minimum: Gradio's refusal names no field, that of a tuning does
        precision=0 if step == 1 else None,
        min_width=130,
        elem_id=elem_id,
    )
