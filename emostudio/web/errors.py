"""What a person can cause reaches them as a sentence, never as a traceback."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

import gradio as gr

log = logging.getLogger(__name__)
SHOWN_S = 15


@contextmanager
def in_words() -> Iterator[None]:
    """Turn a ValueError into Gradio's error box, and anything unforeseen into an honest sentence.

    The unforeseen is logged with its traceback, for whoever runs the app.
    """
    try:
        yield
    except gr.Error:
        raise
    except ValueError as error:
        raise gr.Error(
            # The box renders HTML, and a sentence may quote a file's name or a passport.
            escape(str(error), quote=False),
            duration=SHOWN_S,
            print_exception=False,
        ) from error
    except Exception as error:
        log.exception("a page failed")
        raise gr.Error(
            "Something went wrong inside EmoStudio; your text and settings are untouched. "
            "Try again, and if it happens again look into the log.",
            duration=SHOWN_S,
            print_exception=False,
        ) from error
