"""What a recording is converted to: a mixture, the emotion of another recording, or both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from emostudio.conversion import FLOOR
from emostudio.values import EmotionMix
from emostudio.web.components.mixer import (
    draw_live,
    emotion_sliders,
    intensity_slider,
    live_bars,
)
from emostudio.web.components.voice_picker import sound_input

SLIDERS, RECORDING, BOTH = "Sliders", "Recording", "Both"


@dataclass(frozen=True)
class Blend:
    """The components of this part."""

    origin: gr.Radio
    sliders: dict[str, gr.Slider]
    recording: gr.Audio
    share: gr.Slider
    intensity: gr.Slider
    floor: gr.Slider

    def inputs(self) -> list[gr.components.Component]:
        """Return every component that decides on the emotion."""
        own = [self.origin, self.recording, self.share, self.intensity, self.floor]
        return [*own, *self.sliders.values()]

    def emotion(self, values: Mapping[Any, Any]) -> EmotionMix | None:
        """Read the mixture, None where the recording alone counts.

        Raises:
            ValueError: all sliders are at zero.
        """
        if values[self.origin] == RECORDING:
            return None
        return EmotionMix.from_weights(
            {name: values[slider] or 0.0 for name, slider in self.sliders.items()}
        )

    def reference(self, values: Mapping[Any, Any]) -> str | None:
        """Return the file of the recorded emotion, None where the sliders alone count.

        Raises:
            ValueError: it counts, and there is none.
        """
        if values[self.origin] == SLIDERS:
            return None
        if not values[self.recording]:
            raise ValueError(
                "There is no recording of an emotion yet; upload or record one, "
                f"or choose '{SLIDERS}'."
            )
        return values[self.recording]


def blend(emotions: tuple[str, ...]) -> Blend:
    """Build it for the emotions that a recording can be converted to."""
    origin = gr.Radio(
        [SLIDERS, RECORDING, BOTH], value=SLIDERS, label="Emotion from", elem_id="origin"
    )
    # The style sheet shows what counts: what Gradio takes out of a page can miss a new value.
    with gr.Column(elem_id="by-reference"):
        recording = sound_input("Recording of an emotion, 3 to 30 seconds", "emotion-recording")
        share = gr.Slider(
            0,
            1,
            value=0.5,
            step=0.01,
            label="Share of the recording",
            info="1 is the recording alone, 0 the sliders alone.",
            buttons=[],
            elem_id="share",
        )
    with gr.Column(elem_id="by-sliders"):
        sliders = emotion_sliders(emotions)
    live = live_bars()
    with gr.Row():
        intensity = intensity_slider()
        floor = gr.Slider(
            0,
            1,
            value=FLOOR,
            step=0.01,
            label="Identity guard",
            info="Likeness that must stay; 0 is off.",
            buttons=[],
            elem_id="floor",
            min_width=220,
        )

    draw_live(live, emotions, [*sliders.values(), intensity, recording, origin, share])
    return Blend(origin, sliders, recording, share, intensity, floor)
