"""What goes on, in a line above the player: waiting, stopping, or what a stopped take holds.

Drawn by assets/page.js with text nodes; each new line brings a phone to the result.
"""

from __future__ import annotations

import gradio as gr

WAITING = "Waiting for its turn. Stop takes it out of the queue."
STOPPING = "Stopping after this sentence; what is ready becomes a take."
STOPPING_PART = "Stopping after this part; what is ready becomes the result."
STOPPING_FILE = "Stopping after this file; what is ready goes into the zip."


def status_line(elem_id: str = "status") -> gr.HTML:
    """Build the line, empty."""
    return gr.HTML(
        None,
        html_template="<div class='drawn note' role='status'></div>",
        js_on_load="emostudio.status(element, props, watch)",
        elem_id=elem_id,
        elem_classes="status",
    )


def stopped(n_sentences: int, share: float) -> str:
    """Say what a take holds that was stopped.

    >>> stopped(1, 0.25)
    'Stopped: this take holds the first sentence, 25% of the text.'
    """
    first = "the first sentence" if n_sentences == 1 else f"the first {n_sentences} sentences"
    return f"Stopped: this take holds {first}, {share:.0%} of the text."


def stopped_at(done_s: float, duration_s: float) -> str:
    """Say what a conversion holds that was stopped.

    >>> stopped_at(12, 75)
    'Stopped: this holds the first 0:12 of 1:15.'
    """
    return f"Stopped: this holds the first {clock(done_s)} of {clock(duration_s)}."


def clock(seconds: float) -> str:
    """Write a time as minutes and seconds.

    >>> clock(75.4)
    '1:15'
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
