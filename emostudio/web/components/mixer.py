"""The emotion mixer: a slider an emotion, named mixes, and what they come to, shown live.

The bars are drawn in the browser while a slider moves; nothing is sent for that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

import gradio as gr

from emostudio.values import NAMED_MIXES
from emostudio.web.components.voice_picker import sound_input

LARGEST = ""  # how a Request says "the emotion with the largest share"
FIRST_MIX = {"happy": 0.7, "surprise": 0.3}


@dataclass(frozen=True)
class Mixer:
    """The components of this part."""

    sliders: dict[str, gr.Slider]
    base: gr.Dropdown
    intensity: gr.Slider
    recording: gr.Audio
    live: gr.HTML

    @property
    def watched(self) -> list[gr.components.Component]:
        """What the live bars depend on, in the order in which the browser reads it."""
        return [*self.sliders.values(), self.intensity, self.recording]


def base_choices(emotions: Iterable[str]) -> list[tuple[str, str]]:
    """Return what the base may be."""
    return [("Largest share", LARGEST), *((name.capitalize(), name) for name in emotions)]


def mixer(emotions: tuple[str, ...]) -> Mixer:
    """Build it for the emotions that a checkpoint knows."""
    sliders = emotion_sliders(emotions)
    live = live_bars()
    with gr.Row():
        intensity = intensity_slider()
        base = gr.Dropdown(
            base_choices(emotions),
            value=LARGEST,
            label="Base emotion",
            info="It shapes the first, coarse steps.",
            elem_id="base",
            min_width=220,
        )
    with gr.Accordion("Take the emotion from a recording instead", open=False):
        recording = sound_input(
            "Recording of an emotion; it is used in place of the sliders", "emotion-recording"
        )
    parts = Mixer(sliders, base, intensity, recording, live)
    draw_live(live, emotions, parts.watched)
    return parts


def emotion_sliders(emotions: tuple[str, ...]) -> dict[str, gr.Slider]:
    """Build a slider an emotion, below buttons that set them to mixes with a name."""
    first = FIRST_MIX if set(FIRST_MIX) <= set(emotions) else {emotions[0]: 1.0}
    plain = {"Neutral": {"neutral": 1.0}} if "neutral" in emotions else {}
    named = {name: mix for name, mix in NAMED_MIXES.items() if set(mix) <= set(emotions)}
    with gr.Row(elem_classes="chips"):
        buttons = [
            (gr.Button(name, size="sm", min_width=40, elem_id=f"mix-{name.lower()}"), mix)
            for name, mix in (plain | named).items()
        ]
    with gr.Row(elem_classes="sliders"):
        sliders = {
            name: gr.Slider(
                0,
                1,
                value=first.get(name, 0.0),
                step=0.01,
                label=name.capitalize(),
                buttons=[],
                min_width=200,
                elem_id=f"emotion-{name}",
                elem_classes=["emotion", f"is-{name}"],
            )
            for name in emotions
        }
    for button, mix in buttons:
        values = [mix.get(name, 0.0) for name in emotions]
        button.click(None, None, list(sliders.values()), js=f"() => {json.dumps(values)}")
    return sliders


def intensity_slider() -> gr.Slider:
    """Build the slider between neutral and the mix."""
    return gr.Slider(
        0,
        1,
        value=1.0,
        step=0.01,
        label="Intensity",
        info="1 is the mix as it is, 0 is neutral.",
        buttons=[],
        elem_id="intensity",
        min_width=220,
    )


def live_bars() -> gr.HTML:
    """Build the place where the effective mixture is drawn."""
    return gr.HTML(elem_id="mixture", min_height=60)


def draw_live(
    live: gr.HTML, emotions: tuple[str, ...], watched: list[gr.components.Component]
) -> None:
    """Draw the mixture on load and on every change of what it depends on.

    `watched` are the sliders, intensity, and the recording; where the sliders and the recording
    can both count, then also where the emotion is from, and the share of the recording.
    """
    js = f"(...seen) => emostudio.mixture({json.dumps(list(emotions))}, seen)"
    gr.on(None, None, watched, live, js=js)
