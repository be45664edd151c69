"""The tick without which no recorded voice is used."""

from __future__ import annotations

import gradio as gr


def consent_box(info: str, *, visible: bool = False) -> gr.Checkbox:
    """Build it; `info` says what the tick means here."""
    return gr.Checkbox(label="I may use this voice", info=info, visible=visible, elem_id="consent")
