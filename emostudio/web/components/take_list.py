"""The takes of this visit, newest first.

Drawn by assets/page.js with text nodes, so that nothing a person typed becomes markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from emostudio.web.visit import Entry


def take_list() -> gr.HTML:
    """Build the list; its event `pick` carries the id of the take to load again."""
    return gr.HTML(
        [],
        html_template="<div class='drawn'></div>",
        js_on_load="emostudio.takes(element, props, watch, id => trigger('pick', {id}))",
        elem_id="takes",
    )


def rows(visit: Sequence[Entry]) -> list[dict[str, Any]]:
    """Return the list's value."""
    return [entry.row() for entry in reversed(visit)]
