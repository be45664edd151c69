"""Before and after: numbers with their intervals, what refuses, and what is heard as what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from emostudio.evaluation.gate import Gate
from emostudio.web.admin.parts.gate_view import drawn_beside, drawn_numbers, drawn_verdict

Updates = dict[Any, Any]
MATRICES = 4  # of them, two abreast where the page is wide enough


@dataclass(frozen=True)
class Comparison:
    """The components of this part."""

    numbers: gr.HTML
    matrices: list[gr.Plot]
    beside: gr.HTML

    def outputs(self) -> list[Any]:
        """Return the components that `shown` updates."""
        return [self.numbers, *self.matrices, self.beside]

    def shown(self, gate: Gate | None) -> Updates:
        """Return the updates that draw a comparison; without one, those that hide it."""
        updates: Updates = dict.fromkeys(self.matrices, gr.Plot(visible=False))
        if gate is None:
            return updates | {self.numbers: "", self.beside: ""}
        if gate.confusions:
            updates |= self._matrices(gate)
        return updates | {
            self.numbers: "<h2 class='told'>Before and after</h2>"
            + drawn_verdict(gate)
            + drawn_numbers(gate)
            + ("<h3>What was heard as what</h3>" if gate.confusions else ""),
            self.beside: drawn_beside(gate),
        }

    def _matrices(self, gate: Gate) -> Updates:
        from emostudio.analysis.training_figures import confusion, names_in

        names = names_in(gate.confusions)
        return {
            place: gr.Plot(
                value=confusion(system[:1].upper() + system[1:], counts, names), visible=True
            )
            for place, (system, counts) in zip(self.matrices, gate.confusions.items(), strict=False)
        }


def comparison() -> Comparison:
    """Build it, hidden."""
    matrices = []
    with gr.Column(elem_classes="card shy"):  # the style sheet shows it once it is filled
        numbers = gr.HTML(elem_id="gate")
        for start in range(0, MATRICES, 2):
            with gr.Row():
                matrices += [
                    gr.Plot(
                        show_label=False,
                        visible=False,
                        min_width=280,
                        elem_id=f"confusion-{start + offset}",
                    )
                    for offset in range(2)
                ]
        beside = gr.HTML(elem_id="gate-notes")
    return Comparison(numbers, matrices, beside)
