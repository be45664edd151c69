"""Labels: clips that people label for training, how far they are, and the corpus they make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import gradio as gr

from emostudio.listening.consensus import Consensus, consensus_of
from emostudio.listening.judgments import Judgment
from emostudio.listening.protocol import Protocol
from emostudio.studies import authoring
from emostudio.studies.gathering import kept_of
from emostudio.studies.grid import GridClip, grid
from emostudio.web.admin.desk import Desk, actor_of, head, study_choice
from emostudio.web.admin.pages.studies import OPEN
from emostudio.web.admin.parts.clips import chosen
from emostudio.web.admin.parts.tables import counted, table
from emostudio.web.errors import in_words

Updates = dict[Any, Any]
Labels = Mapping[str, Consensus]  # by the clip's id
ABOUT = (
    "<p class='note'>Listeners name the emotion of a clip, a second one if they hear it, how "
    "strong it is, how pleasant and how excited. Clips with the fewest labels come first, then "
    "those of which our recognizer is least sure. What it guessed is shown after the answer, "
    "never before.</p>"
)


def build(desk: Desk) -> None:
    """Build the page."""
    head(desk, "Clips that people label, for training.")
    study = study_choice(desk, "label")
    with gr.Row(elem_classes="bench office"):
        with gr.Column(scale=4, min_width=320, elem_classes="desk"):
            with gr.Column(elem_classes="card"):
                progress = gr.HTML("<h2>Progress</h2>", elem_id="label-progress")
                again = gr.Button("Refresh", size="sm", elem_id="refresh")
            with gr.Column(elem_classes="card"):
                gr.HTML(f"<h2>New labelling</h2>{ABOUT}")
                title = gr.Textbox(label="Title", placeholder="Which clips", elem_id="label-title")
                create = gr.Button("Create a draft", elem_id="label-create")
                slug = gr.Textbox("", visible="hidden")  # a script reads it
        with (
            gr.Column(scale=7, min_width=320, elem_classes="outcome"),
            gr.Column(elem_classes="card"),
        ):
            clips = gr.HTML("<h2>Clips</h2>", elem_id="labelled")

    def refresh(slug: str | None) -> Updates:
        with in_words():
            answers, tested = kept_of(desk.db, chosen(slug)), grid(desk.db, chosen(slug)).tested
            labels = consensus_of(answers)
            return {
                progress: drawn(chosen(slug), answers, labels, tested),
                clips: drawn_clips(labels, tested),
            }

    def created(title: str, request: gr.Request) -> str:
        with in_words():
            protocol = Protocol("label", title or "", loudness="none")
            return authoring.create(desk.db, protocol, actor=actor_of(request))

    private: dict[str, Any] = {"api_visibility": "private"}
    study.change(refresh, study, [progress, clips], **private)
    again.click(refresh, study, [progress, clips], **private)
    create.click(created, title, slug, **private).success(None, slug, None, js=OPEN)


def drawn(
    slug: str, answers: Sequence[Judgment], labels: Labels, tested: Sequence[GridClip]
) -> str:
    """Draw how many clips have how many labels, agreement, and the way to the corpus."""
    from emostudio.listening import agreement

    counts = Counter(min(3, _listeners(labels, clip)) for clip in tested)
    facts = {
        "Clips": len(tested),
        "Labelled": sum(counts[n] for n in (1, 2, 3)),
        "By two": counts[2],
        "By three or more": counts[3],
        "Level": sum(label.label is None for label in labels.values()),
    }
    share = (len(tested) - counts[0]) / max(1, len(tested))
    corpus = (
        f"<h3>For training</h3><p><a class='button' id='corpus' href='files/{slug}/labels.zip' "
        "download>Download the corpus</a></p><p class='note'>Unpack it among your corpora: "
        f"<code>python -m emostudio pack</code> reads <code>{escape(slug)}/metadata.csv</code> and "
        "its clips, to train on. The column <code>shares</code> has the soft labels.</p>"
        if labels
        else ""
    )
    return (
        f"<h2>Progress</h2><div class='filling' aria-hidden='true'><i style='width:{share:.0%}'>"
        f"</i></div>{counted(facts)}"
        + (table(agreement.table(answers), "Agreement") if answers else "")
        + f"{corpus}<p class='links'><a href='study?study={slug}'>Clips and link</a></p>"
    )


def drawn_clips(labels: Labels, tested: Sequence[GridClip]) -> str:
    """Draw a row a clip: what listeners heard, beside what the recognizer guessed."""
    rows = [_row(clip, labels.get(clip.id)) for clip in tested]
    return f"<h2>Clips</h2>{table(rows)}"


def _row(clip: GridClip, label: Consensus | None) -> dict[str, Any]:
    sure = (
        "{} {:.0%}".format(*max(clip.guess.items(), key=lambda one: one[1])) if clip.guess else ""
    )
    if label is None:
        return {"clip": _called(clip), "listeners": 0, "heard": "", "shares": "", "guessed": sure}
    shares = ", ".join(f"{name} {share:.0%}" for name, share in list(label.shares.items())[:3])
    heard = label.label or "level"
    return {
        "clip": _called(clip),
        "listeners": label.listeners,
        "heard": heard,
        "shares": shares,
        "guessed": sure,
    }


def _called(clip: GridClip) -> str:
    return clip.called if clip.system or clip.utterance else clip.text or clip.id[-6:]


def _listeners(labels: Labels, clip: GridClip) -> int:
    return labels[clip.id].listeners if clip.id in labels else 0
