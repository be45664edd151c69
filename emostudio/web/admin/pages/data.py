"""Data: where votes live, whether they survive a restart, backups, and who did what."""

from __future__ import annotations

from html import escape

import gradio as gr

from emostudio.storage import authored
from emostudio.storage.tables import Audit
from emostudio.web.admin.desk import Desk, head
from emostudio.web.admin.parts.tables import table
from emostudio.web.errors import in_words

SURVIVES = {True: "Yes", False: "No", None: "Not known"}
RESTORING = (
    "To restore it, stop EmoStudio and run <code>python -m emostudio storage restore FILE</code>; "
    "the database there has to be empty. The journal, one file a start of EmoStudio, is written "
    "before the database: <code>python -m emostudio storage rebuild</code> makes the database anew "
    "from it alone."
)


def build(desk: Desk) -> None:
    """Build the page."""
    head(desk, "Where votes live, and who did what.")
    with gr.Row(elem_classes="bench office"):
        with gr.Column(scale=5, min_width=320, elem_classes="desk"):
            with gr.Column(elem_classes="card"):
                where = gr.HTML(elem_id="where")
            with gr.Column(elem_classes="card"):
                gr.HTML(
                    "<h2>Backup</h2><p class='note'>All studies, answers and clips in one file, "
                    "while EmoStudio runs.</p><p><a class='button' id='backup' "
                    "href='files/backup.zip' download>Download a backup</a></p>"
                    f"<p class='note'>{RESTORING}</p>"
                )
        with (
            gr.Column(scale=6, min_width=320, elem_classes="outcome"),
            gr.Column(elem_classes="card"),
        ):
            gr.HTML("<h2>Who did what</h2>")
            audit = gr.HTML(elem_id="audit")

    def shown() -> tuple[str, str]:
        with in_words():
            with desk.db.read() as session:
                entries = authored.audits_of(session)
            return drawn_where(desk), drawn_audit(entries)

    gr.on(None, shown, None, [where, audit], api_visibility="private")


def drawn_where(desk: Desk) -> str:
    """Draw where votes live, and how much is there."""
    db = desk.db
    where = db.where()
    journal = sorted(db.folder.glob("*.jsonl"))
    size = sum(path.stat().st_size for path in journal) / 1e6
    facts = {
        "Database": "PostgreSQL" if where.kind == "postgresql" else "SQLite",
        "Place": where.place,
        "Survives a restart": SURVIVES[where.survives],
        "Journal": f"{db.folder}, {len(journal)} files, {size:.1f} MB",
        "Clips": f"{desk.sounds.folder}, {sum(1 for _ in desk.sounds)} files",
    }
    rows = "".join(f"<dt>{name}</dt><dd>{escape(str(fact))}</dd>" for name, fact in facts.items())
    tone = "warn" if where.survives is False else "note"
    return (
        f"<h2>Where votes live</h2><p class='{tone}'>{escape(where.sentence)}</p>"
        f"<dl class='facts'>{rows}</dl>"
    )


def drawn_audit(entries: list[Audit]) -> str:
    """Draw the latest entries as a table."""
    return table(
        [
            {
                "UTC": f"{entry.created_at:%Y-%m-%d %H:%M}",
                "who": entry.actor,
                "did": entry.action,
                "to": entry.subject,
                "more": ", ".join(
                    f"{name} {str(value)[:40]}" for name, value in (entry.payload or {}).items()
                ),
            }
            for entry in entries
        ]
    )
