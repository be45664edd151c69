"""The top of the page: who this is, and what to do where a checkpoint is missing."""

from __future__ import annotations

from html import escape
from pathlib import Path

import gradio as gr

LOGO = Path(__file__).resolve().parents[3] / "assets" / "logo.svg"
CLAIM = "Type a sentence, mix emotions, hear it."
MISUSE = (
    "Do not use EmoStudio to imitate a person who has not agreed, to deceive, or to harass. "
    "Every file it makes carries a tag that says it is synthetic speech. "
    "What you upload or record is deleted within a day and shown to nobody else."
)


def header(claim: str = CLAIM) -> None:
    """Show the logo, the name and what the page is for."""
    logo = LOGO.read_text(encoding="utf-8")
    gr.HTML(
        f"<header class='house'><span class='logo' aria-hidden='true'>{logo}</span>"
        f"<h1>EmoStudio</h1><p>{escape(claim)}</p></header>",
        elem_id="header",
    )


def trouble_notice(sentence: str, verb: str = "speak") -> None:
    """Say at the top of the page what keeps it from its work."""
    gr.HTML(
        f"<section class='trouble' role='alert'><strong>EmoStudio cannot {verb} yet.</strong> "
        f"{escape(sentence)} Then start EmoStudio again.</section>",
        elem_id="trouble",
    )


def misuse_notice() -> None:
    """Say what this must not be used for."""
    gr.HTML(f"<p class='misuse'>{MISUSE}</p>", elem_id="misuse")
