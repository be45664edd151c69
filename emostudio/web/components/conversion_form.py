"""Between what a person filled in and a Conversion, both ways."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from emostudio.conversion import Conversion
from emostudio.values import UNREAD, Clip
from emostudio.web.components.blend import BOTH, RECORDING, SLIDERS, Blend
from emostudio.web.components.contours import points_of, text_of
from emostudio.web.components.more import DICE

Values = Mapping[Any, Any]


@dataclass(frozen=True)
class Manner:
    """What few people change: rhythm, seed, and where a conversion ends."""

    rhythm: gr.Radio
    seed: gr.Number
    until: gr.Number


def manner() -> Manner:
    """Build the accordion."""
    with gr.Accordion("More: rhythm, seed, end", open=False, elem_id="more"):
        with gr.Row(equal_height=True):
            rhythm = gr.Radio(
                [("As in the source", "source"), ("As the emotion asks", "emotion")],
                value="source",
                label="Rhythm",
                info="The emotion's speaks faster or slower throughout.",
                elem_id="rhythm",
            )
            with gr.Column(min_width=220):
                seed = gr.Number(
                    value=7,
                    precision=0,
                    label="Seed",
                    info="The same seed and settings give the same result.",
                    elem_id="seed",
                )
                dice = gr.Button("Roll the dice", size="sm", elem_id="dice")
        until = gr.Number(
            value=0,
            label="Convert up to",
            info="A second of the recording; the part that reaches it is the last. 0 is all. "
            "A result that was stopped fills it in when it is loaded again.",
            elem_id="until",
        )
    dice.click(None, None, seed, js=DICE)
    return Manner(rhythm, seed, until)


@dataclass(frozen=True)
class ConversionForm:
    """All inputs of the page."""

    source: gr.Audio
    engine: gr.Radio
    blend: Blend
    manner: Manner
    drawn: gr.Textbox
    consent: gr.Checkbox

    def inputs(self) -> list[gr.components.Component]:
        """Return every component that a Conversion is read from."""
        return [self.source, *self.of_this_source(), *self.settings()]

    def of_this_source(self) -> list[gr.components.Component]:
        """Return those that hold for one source alone, and are forgotten with it."""
        return [self.drawn, self.manner.until]

    def settings(self) -> list[gr.components.Component]:
        """Return those that hold for any source."""
        return [
            self.engine,
            *self.blend.inputs(),
            self.manner.rhythm,
            self.manner.seed,
            self.consent,
        ]

    def check(self, values: Values) -> None:
        """Refuse at once what needs no turn in the queue to be refused; read no recording.

        Raises:
            ValueError: as `conversion`.
        """
        self._conversion(values, lambda file: UNREAD)

    def conversion(self, values: Values) -> Conversion:
        """Read the form.

        Raises:
            ValueError: something is missing or out of range; the sentence says what.
        """
        return self._conversion(values, Clip.load)

    def of_file(
        self, values: Values, file: str | None, load: Callable[[str], Clip] = Clip.load
    ) -> Conversion:
        """Read the settings for another file, to its end and undrawn; `load` reads recordings.

        Raises:
            ValueError: as `conversion`.
        """
        if file is None:
            raise ValueError("There is no recording to convert yet; upload or record one.")
        blend = self.blend
        for number in (blend.share, blend.intensity, blend.floor, self.manner.seed):
            _check_filled(values, number)
        emotion, reference = blend.emotion(values), blend.reference(values)
        return Conversion(
            load(file),
            consent=bool(values[self.consent]),
            emotion=emotion,
            emotion_reference=load(reference) if reference else None,
            reference_share=values[blend.share],
            intensity=values[blend.intensity],
            floor=values[blend.floor],
            rhythm=values[self.manner.rhythm],
            seed=values[self.manner.seed],
            engine=values[self.engine],
        )

    def _conversion(self, values: Values, load: Callable[[str], Clip]) -> Conversion:
        drawn, until = points_of(values[self.drawn] or ""), self.manner.until
        request = self.of_file(values, values[self.source], load)
        _check_filled(values, until)
        return replace(request, drawn=drawn, until_s=float(values[until]))

    def filled(
        self, conversion: Conversion, engines: Collection[str], reference: str | None = None
    ) -> dict[Any, Any]:
        """Return the updates that put the settings of a Conversion into the form.

        `engines` are those that are here; `reference` is the file of its recorded emotion; with
        None the person adds it.
        """
        blend = self.blend
        origin = SLIDERS
        if conversion.emotion_reference is not None:
            origin = RECORDING if conversion.emotion is None else BOTH
        updates: dict[Any, Any] = {
            blend.origin: origin,
            blend.recording: reference,
            blend.share: conversion.reference_share,
            blend.intensity: conversion.intensity,
            blend.floor: conversion.floor,
            self.manner.rhythm: conversion.rhythm,
            self.manner.seed: conversion.seed,
            self.manner.until: conversion.until_s,
            self.drawn: text_of(conversion.drawn),
        }
        if conversion.engine in engines:
            updates[self.engine] = conversion.engine
        if conversion.emotion is not None:
            for name, slider in blend.sliders.items():
                updates[slider] = conversion.emotion[name]
        return updates


def _check_filled(values: Values, number: gr.components.Component) -> None:
    if values[number] is None:
        raise ValueError(f"The field '{number.label}' is empty; type a number.")
