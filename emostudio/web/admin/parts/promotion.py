"""Offering a model in Speak and Convert, with a reason where the gate is against it, and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

from emostudio.storage.tuned_tables import Model
from emostudio.web.admin.desk import Desk, actor_of
from emostudio.web.errors import in_words

if TYPE_CHECKING:
    from emostudio.storage.tuned_tables import Promotion

Updates = dict[Any, Any]
USES = {  # where a promoted model is found
    "emomix": "in Speak, under the engines",
    "diemo": "in Speak, under the engines",
    "zest": "in Convert, under the converters",
    "vocoder": "in Speak and Convert, beside each engine",
    "ser": "in Speak and Convert, beside each engine: it reads takes back",
}


@dataclass(frozen=True)
class Promotions:
    """The components of this part."""

    told: gr.HTML
    reason: gr.Textbox
    promote: gr.Button
    back: gr.Button

    def outputs(self) -> list[Any]:
        """Return the components that `shown` updates."""
        return [self.told, self.reason, self.promote, self.back]

    def nothing(self) -> Updates:
        """Return the updates that hide it."""
        return {self.told: ""}

    def shown(self, desk: Desk, model: Model) -> Updates:
        """Return the updates that show whether a model is offered, and what can be done."""
        models = desk.jobs.models
        offered = any(other.id == model.id for other in models.offered())
        refused = bool(models.refusals(model.id))
        return {
            self.told: drawn(model, models.promotions(model.id), offered=offered, refused=refused),
            self.reason: gr.Textbox(value="", visible=refused and not offered),
            self.promote: gr.Button(
                "Promote all the same" if refused else "Promote", visible=not offered
            ),
            self.back: gr.Button(visible=offered),
        }


def promotions() -> Promotions:
    """Build it, hidden."""
    with gr.Column(elem_classes="card shy"):  # the style sheet shows it once it is filled
        told = gr.HTML(elem_id="offered")
        reason = gr.Textbox(
            label="Reason",
            info="Say why it may be offered all the same; this is kept.",
            visible=False,
            elem_id="promote-reason",
        )
        promote = gr.Button("Promote", variant="primary", elem_id="promote")
        back = gr.Button("Roll back", visible=False, elem_id="roll-back")
    return Promotions(told, reason, promote, back)


def connect_promotions(
    part: Promotions,
    desk: Desk,
    choice: gr.Dropdown,
    model_of: Callable[[str | None], Model],
    refresh: Callable[[str, gr.Request], Updates],
    outputs: Sequence[Any],
) -> None:
    """Promote and roll back; `refresh` gives the updates of the page for what is chosen."""

    def promoted(chosen: str | None, reason: str, request: gr.Request) -> Updates:
        with in_words():
            model = model_of(chosen)
            desk.jobs.models.promote(model.id, actor=actor_of(request), reason=reason or "")
            gr.Info(f"{model.name} is offered now, {USES[model.net]}.")
            return refresh(chosen or "", request)

    def rolled_back(chosen: str | None, request: gr.Request) -> Updates:
        with in_words():
            model = model_of(chosen)
            desk.jobs.models.roll_back(model.id, actor=actor_of(request))
            gr.Info(f"{model.name} is offered no more.")
            return refresh(chosen or "", request)

    private: dict[str, Any] = {"api_visibility": "private", "show_progress_on": [part.told]}
    part.promote.click(promoted, [choice, part.reason], list(outputs), **private)
    part.back.click(rolled_back, choice, list(outputs), **private)


def drawn(model: Model, history: Sequence[Promotion], *, offered: bool, refused: bool) -> str:
    """Draw whether a model is offered, where it is found then, and what was decided before."""
    name, use = escape(model.name), USES[model.net]
    title, tone = f"Promote {name}?", "note"
    if offered:
        title = f"<span class='state live'>Offered</span> {name}"
        sentence = f"It can be chosen {use}."
    elif refused:
        tone = "warn"
        against = (
            "The comparison does not speak for it"
            if model.gate
            else "It was compared with nothing here"
        )
        sentence = f"{against}. With a reason it can be offered all the same."
    else:
        sentence = f"It can then be chosen {use}, at once; what is in use by default stays."
    told = "".join(f"<li>{_entry(entry)}</li>" for entry in reversed(history))
    return f"<h2 class='told'>{title}</h2><p class='{tone}'>{sentence}</p>" + (
        f"<ul class='note know'>{told}</ul>" if told else ""
    )


def _entry(entry: Promotion) -> str:
    did = "promoted" if entry.offered else "rolled back"
    why = f": “{escape(entry.reason)}”" if entry.reason else ""
    return f"{entry.created_at:%Y-%m-%d %H:%M} UTC, {did} by {escape(entry.actor)}{why}"
