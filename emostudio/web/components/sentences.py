"""What is long is heard part by part: each plays as soon as it and those before are ready.

The parts of a text are its sentences, those of a recording stretches of it.

The browser plays the files in turn, so this needs no ffmpeg and no gap-free stream; the player
above gets the whole at the end. Drawn by assets/page.js with text nodes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

import gradio as gr

from emostudio.values import SYNTHETIC, Clip, Request, Take
from emostudio.web.folder import new_folder


def sentence_queue() -> gr.HTML:
    """Build the player; its value comes from `queue_of`."""
    return gr.HTML(
        None,
        html_template="<div class='drawn'></div>",
        js_on_load="emostudio.sentences(element, props, watch)",
        elem_id="sentences",
    )


def more_to_come(request: Request, first: Take) -> bool:
    """Tell from its first sentence whether a text has others."""
    return len(first.request.text.strip()) < 0.95 * len(request.text.strip())


def spoken_part(text: str, sentences: Iterable[str]) -> str:
    """Return a text up to the end of its first sentences, as they were cut out of it.

    >>> spoken_part("One.  Two. Three.", ["One.", "Two."])
    'One.  Two.'
    """
    text, end = unicodedata.normalize("NFC", text), 0
    for sentence in sentences:
        words = r"\s+".join(re.escape(word) for word in sentence.split())
        if found := re.compile(words).search(text, end):
            end = found.end()
    return text[:end].strip()


def queued(clip: Clip, text: str) -> dict[str, Any]:
    """Write one part to a file of its own and return what the browser needs to play it."""
    path = clip.save(new_folder() / "part.wav", comment=SYNTHETIC)
    return {"path": str(path), "text": text}


def queue_of(
    heard: list[dict[str, Any]], *, done: bool, title: str = "Sentence by sentence"
) -> dict[str, Any] | None:
    """Return the player's value: what is there, and whether that is all."""
    if not heard:
        return None
    return {"run": heard[0]["path"], "done": done, "title": title, "parts": heard}
