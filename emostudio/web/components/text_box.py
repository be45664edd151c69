"""What is said: the text, a live counter, and sentences to begin with."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from emostudio.values import MAX_TEXT

COUNT = f"text => emostudio.count(text, {MAX_TEXT})"


@dataclass(frozen=True)
class Example:
    """A sentence, its language and the mixture that suits it."""

    title: str
    text: str
    lang: str
    weights: dict[str, float]


EXAMPLES = (
    Example(
        "A surprise visit",
        "You came all this way, and you never said a word!",
        "en",
        {"happy": 0.6, "surprise": 0.4},
    ),
    Example(
        "A missed train",
        "The last train has left, and we are still standing here.",
        "en",
        {"sad": 0.7, "angry": 0.3},
    ),
    Example(
        "A broken promise",
        "You told me it was finished. Look at it, nothing is finished!",
        "en",
        {"angry": 0.8, "disgust": 0.2},
    ),
    Example(
        "Ein Wiedersehen",
        "Ich habe so lange auf diesen Tag gewartet.",
        "de",
        {"happy": 1.0},
    ),
)


def text_box() -> gr.Textbox:
    """Build the text field and its counter; the browser counts, and keeps the text for a reload.

    A text that is too long stays whole, so that a person sees what is too much of it.
    """
    text = gr.Textbox(
        label="Text",
        placeholder="Type what shall be said …",
        lines=3,
        max_lines=12,
        autofocus=True,
        elem_id="text",
    )
    counter = gr.HTML(f"<p class='count'>0 of {MAX_TEXT} characters</p>", elem_id="counter")
    text.change(None, text, counter, js=COUNT)
    gr.on(None, None, None, text, js="() => emostudio.kept()")  # on load
    return text


def examples(languages: set[str], emotions: tuple[str, ...]) -> list[tuple[gr.Button, Example]]:
    """Build a button for each example that voices and emotions here can speak."""
    with gr.Row(elem_classes="chips"):
        return [
            (gr.Button(example.title, size="sm", min_width=40), example)
            for example in EXAMPLES
            if example.lang in languages and set(example.weights) <= set(emotions)
        ]
