"""What few people need: speed, the sampler's controls, and the seed."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from emostudio.web.components.engine_picker import of_sampler

DICE = "() => Math.floor(Math.random() * 2 ** 32)"


@dataclass(frozen=True)
class More:
    """The components of this part, named as the fields of a Request."""

    speed: gr.Slider
    n_timesteps: gr.Slider
    temperature: gr.Number
    k_max: gr.Slider
    k_min: gr.Slider
    tail: gr.Radio
    seed: gr.Number


def more(engine: gr.Radio) -> More:
    """Build the accordion; what steers a sampler is there while `engine` has one."""
    with gr.Accordion("More: speed, sampler, seed", open=False, elem_id="more"):
        with gr.Row(equal_height=True):
            speed = gr.Slider(
                0.5, 2, value=1.0, step=0.05, label="Speed", buttons=[], elem_id="speed"
            )
            with gr.Column(min_width=220):
                seed = gr.Number(
                    value=7,
                    precision=0,
                    label="Seed",
                    info="The same seed and settings give the same take.",
                    elem_id="seed",
                )
                dice = gr.Button("Roll the dice", size="sm", elem_id="dice")
        with gr.Row(equal_height=True) as sampler:
            n_timesteps = gr.Slider(
                0,
                100,
                value=0,
                step=1,
                label="Steps",
                info="0: what the model was tuned for. More is slower.",
                buttons=[],
                elem_id="steps",
            )
            temperature = gr.Number(
                value=0,
                label="Temperature",
                info="0: what the model was tuned for. Higher is calmer, lower is livelier.",
                elem_id="temperature",
            )
        with gr.Row(equal_height=True) as times:
            k_max = gr.Slider(
                0,
                1,
                value=0.6,
                step=0.01,
                label="K_max",
                info="Above this time the base emotion shapes the take.",
                buttons=[],
                elem_id="k-max",
            )
            k_min = gr.Slider(
                0,
                1,
                value=0.2,
                step=0.01,
                label="K_min",
                info="Down to this time the mixture is blended in.",
                buttons=[],
                elem_id="k-min",
            )
        tail = gr.Radio(
            [("Mixture (default)", "mix"), ("As published", "published")],
            value="mix",
            label="Tail",
            info="Which condition the last steps, below K_min, follow.",
            elem_id="tail",
        )
    of_sampler(engine, sampler, times, tail)
    dice.click(None, None, seed, js=DICE)
    return More(speed, n_timesteps, temperature, k_max, k_min, tail, seed)
