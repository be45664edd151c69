"""All pages of administrators as one app of Gradio."""

from __future__ import annotations

import gradio as gr

from emostudio.web.admin.desk import Desk
from emostudio.web.admin.pages import (
    corpora,
    data,
    job,
    labels,
    models,
    results,
    status,
    studies,
    study,
    training,
)
from emostudio.web.folder import KEPT_S, SWEEP_EVERY_S

PAGES = {  # the first opens at /admin itself
    "Studies": studies.build,
    "Study": study.build,
    "Results": results.build,
    "Labels": labels.build,
    "Corpora": corpora.build,
    "Training": training.build,
    "Job": job.build,
    "Models": models.build,
    "Data": data.build,
    "Status": status.build,
}


def build(desk: Desk) -> gr.Blocks:
    """Build the pages."""
    demo = gr.Blocks(
        title="EmoStudio · administrators",
        analytics_enabled=False,
        delete_cache=(SWEEP_EVERY_S, KEPT_S - SWEEP_EVERY_S),
    )
    first = next(iter(PAGES))
    for name, page in PAGES.items():
        with demo if name == first else demo.route(name, f"/{name.lower()}"):
            gr.Navbar(main_page_name=first)
            page(desk)
    return demo.queue(default_concurrency_limit=4, max_size=32)
