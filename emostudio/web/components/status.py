"""What goes on, in a line above the player: waiting, stopping, or what a stopped take holds.

Drawn by assets/page.js with text nodes; each new line brings a phone to the result.
"""

from __future__ import annotations

import gradio as gr

WAITING = "Waiting for its turn. Stop takes it out of the queue."
STOPPING = "Stopping after this sentence; what is ready becomes a take."


def status_line() -> gr.HTML:
    """Build the line, empty."""
    return gr.HTML(
        None,
        html_template="<div class='drawn note' role='status'></div>",
        js_on_load="emostudio.status(element, props, watch)",
        elem_id="status",
    )


def stopped(n_sentences: int, share: float) -> str:
    """Say what a take holds that was stopped.

    >>> stopped(1, 0.25)
    'Stopped: this take holds the first sentence, 25% of the text.'
    """
    first = "the first sentence" if n_sentences == 1 else f"the first {n_sentences} sentences"
    return f"Stopped: this take holds {first}, {share:.0%} of the text."
