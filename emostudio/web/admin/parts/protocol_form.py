"""A protocol as a form: filled from one, and read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import gradio as gr

from emostudio.listening.kinds import kind_of
from emostudio.listening.protocol import EMOTIONS, Protocol, Screening

OWN = "A scale of your own"
DESIGNS = [
    ("Each utterance once, systems rotate (Latin square)", "square"),
    ("Everybody hears every clip", "full"),
]
LOUDNESS = [
    ("One gain a system (keeps what is loud in anger)", "system"),
    ("Each clip to -23 LUFS", "clip"),
    ("As it is", "none"),
]
RULES = {
    "gold_share": "Gold and trap clips right, share at least",
    "min_heard": "A clip counts as heard from this share of its length",
    "heard_share": "Trials whose clip was heard, share at least",
    "fast_share": "Answers before the clip could end, share at most",
    "same_share": "One and the same answer, share at most",
    "min_variance": "Variance of the grades, at least",
    "min_correlation": "Correlation with the others, at least",
    "repeat_distance": "Mean difference of clips heard twice, at most",
}
Values = Mapping[Any, Any]


@dataclass(frozen=True)
class ProtocolForm:
    """The components, named as the fields of a Protocol; `screening` by the name of its rule."""

    title: gr.Textbox
    question: gr.Textbox
    scale: gr.Dropdown
    labels: gr.Textbox
    emotions: gr.Dropdown
    listeners: gr.Number
    design: gr.Radio
    trials: gr.Number
    repeats: gr.Number
    loudness: gr.Radio
    instructions: gr.Textbox
    consent: gr.Textbox
    contact: gr.Textbox
    language: gr.Textbox
    min_heard: gr.Number
    max_plays: gr.Number
    lease_min: gr.Number
    ask_headphones: gr.Checkbox
    seed: gr.Number
    screening: dict[str, gr.Number]

    def components(self) -> list[Any]:
        """Return every component."""
        plain = [getattr(self, one.name) for one in fields(self) if one.name != "screening"]
        return [*plain, *self.screening.values()]

    def filled(self, protocol: Protocol) -> dict[Any, Any]:
        """Return the updates that show a protocol."""
        about = protocol.about
        scales = [(name.capitalize(), name) for name in about.scales]
        own = [(OWN, "")] if about.scales else []
        updates: dict[Any, Any] = {
            getattr(self, name): getattr(protocol, name)
            for name in _PLAIN
            if name not in ("design", "trials")
        }
        label_kind = protocol.kind == "label"
        return updates | {
            self.question: gr.update(value=protocol.question, placeholder=about.question),
            self.scale: gr.update(
                choices=[*scales, *own],
                value="" if protocol.labels else protocol.scale or next(iter(about.scales), None),
                visible=bool(scales),
            ),
            self.labels: gr.update(value="\n".join(protocol.labels), visible=bool(protocol.labels)),
            self.emotions: gr.update(
                choices=sorted({*EMOTIONS, *protocol.emotions}),
                value=list(protocol.emotions),
                visible=about.names_emotions,
            ),
            self.design: gr.update(value=protocol.design, visible=not label_kind),
            self.trials: gr.update(value=protocol.trials, visible=True),
            **{box: getattr(protocol.screening, name) for name, box in self.screening.items()},
        }

    def protocol(self, values: Values, kind: str) -> Protocol:
        """Read the form.

        Raises:
            ValueError: a field is empty or can't be.
        """
        given = {name: values[getattr(self, name)] for name in _PLAIN}
        rules = {name: values[box] for name, box in self.screening.items()}
        for name, value in (given | rules).items():
            if value is None:
                raise ValueError(f"The field {name.replace('_', ' ')} is empty. Type a number.")
        for name in _WHOLE:
            given[name] = int(given[name])
        scale = values[self.scale] or ""
        labels: tuple[str, ...] = ()
        if kind_of(kind).scales and not scale:
            lines = (values[self.labels] or "").splitlines()
            labels = tuple(line.strip() for line in lines if line.strip())
            if not labels:
                raise ValueError("Your own scale has no labels. Write one a line, the worst first.")
        return Protocol(
            kind=kind,
            scale="" if labels else scale,
            labels=labels,
            emotions=tuple(values[self.emotions] or ()),
            screening=Screening(**rules),
            **given,
        )


_WHOLE = ("listeners", "trials", "repeats", "max_plays", "seed")
_PLAIN = (
    "title question instructions consent contact language design listeners trials repeats "
    "min_heard max_plays loudness lease_min ask_headphones seed"
).split()


def protocol_form() -> ProtocolForm:
    """Build it, empty."""
    title = gr.Textbox(label="Title", elem_id="study-title")
    question = gr.Textbox(label="Question", lines=2, elem_id="question")
    scale = gr.Dropdown([], label="Scale", elem_id="scale")
    labels = gr.Textbox(
        label="Labels, one a line, the worst first", lines=5, visible=False, elem_id="labels"
    )
    emotions = gr.Dropdown(
        list(EMOTIONS),
        label="Emotions to choose from",
        info="“Other” is offered beside them.",
        multiselect=True,
        allow_custom_value=True,
        elem_id="emotions",
    )
    loudness = gr.Radio(LOUDNESS, label="Loudness", elem_id="loudness")
    design = gr.Radio(DESIGNS, label="Who hears what", elem_id="design")
    with gr.Row(equal_height=True):
        listeners = _number("Listeners planned", "listeners", "Results are hidden until then.")
        trials = _number("Trials for each", "trials", "0: all utterances.")
        repeats = _number("Repeated", "repeats", "Clips heard twice.")
    with gr.Accordion("Words for listeners", open=False, elem_id="words-for-listeners"):
        instructions = gr.Textbox(label="Instructions", lines=3, elem_id="instructions")
        consent = gr.Textbox(label="Consent", lines=6, elem_id="consent")
        contact = gr.Textbox(label="Whom to ask", elem_id="contact")
        language = gr.Textbox(label="Language", elem_id="language")
    with gr.Accordion("Playing, leases, screening", open=False, elem_id="rules"):
        with gr.Row(equal_height=True):
            min_heard = _number("Must be heard", "min-heard", "Share of a clip.", None)
            max_plays = _number("Plays at most", "max-plays", "0: no limit.")
            lease_min = _number("Row waits", "lease", "Minutes for who left.", None)
            seed = _number("Seed", "study-seed", "Of all orders.")
        ask_headphones = gr.Checkbox(label="Ask about headphones", elem_id="ask-headphones")
        gr.HTML(
            "<p class='note'>Screening is fixed before the first answer; what a rule can't "
            "tell leaves nobody out.</p>"
        )
        screening = {}
        for pair in zip(*[iter(RULES.items())] * 2, strict=True):
            with gr.Row(equal_height=True):
                for name, label in pair:
                    screening[name] = gr.Number(label=label, minimum=0, min_width=220)
    return ProtocolForm(
        title,
        question,
        scale,
        labels,
        emotions,
        listeners,
        design,
        trials,
        repeats,
        loudness,
        instructions,
        consent,
        contact,
        language,
        min_heard,
        max_plays,
        lease_min,
        ask_headphones,
        seed,
        screening,
    )


def _number(label: str, elem_id: str, info: str, precision: int | None = 0) -> gr.Number:
    return gr.Number(
        label=label, info=info, precision=precision, minimum=0, min_width=130, elem_id=elem_id
    )


def connect_scale(form: ProtocolForm) -> None:
    """Offer the labels where the scale is one's own."""
    form.scale.change(
        lambda scale, labels: gr.Textbox(visible=not scale, value=labels),
        [form.scale, form.labels],
        form.labels,
        api_visibility="private",
        show_progress="hidden",
    )
