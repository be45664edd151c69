"""One app of all pages, and how it is launched: the same start everywhere."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from emostudio.soundfiles import MAX_FILE_BYTES
from emostudio.web.admin import app as admin
from emostudio.web.admin import downloads
from emostudio.web.admin.desk import Desk
from emostudio.web.admin.guard import Authority
from emostudio.web.admin.mount import mounted
from emostudio.web.folder import KEPT_S, SWEEP_EVERY_S, claim, keep_swept
from emostudio.web.listener.routes import routes as listener_routes
from emostudio.web.pages import convert, listen, map, speak

if TYPE_CHECKING:
    from emostudio.studio import Studio

log = logging.getLogger(__name__)
ASSETS = Path(__file__).resolve().parents[2] / "assets"
# The first opens at the address itself.
PAGES = {
    "Speak": speak.build,
    "Convert": convert.build,
    "Map": map.build,
    "Listen": listen.build,
}
MAX_UPLOAD_BYTES = 2 * 2**30  # a zip of all clips of a study
STYLES = [str(ASSETS / name) for name in ("style.css", "admin.css", "map/map.css")]
# In this order: each adds to what those before it have made.
OF_THE_MAP = ("atlas", "legend", "dots", "tools", "list", "view", "details", "own")
SCRIPTS = ("page.js", "contours.js", *(f"map/{name}.js" for name in OF_THE_MAP))


def build_app(studio: Studio) -> gr.Blocks:
    """Build the pages; opens the records of listening tests, loads no model.

    Raises:
        ValueError: there is no folder for temporary files, or the database can't be opened.
    """
    keep_swept(claim(studio.settings.data_dir))
    try:
        _ = studio.listening
    except OSError as error:  # no server there, or no place to write
        raise ValueError(str(error)) from error
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    demo = gr.Blocks(
        title="EmoStudio",
        analytics_enabled=False,
        # The sweep deletes by age; this deletes what the app made when Ctrl+C stops it.
        delete_cache=(SWEEP_EVERY_S, KEPT_S - SWEEP_EVERY_S),
        fill_width=False,
    )
    first = next(iter(PAGES))
    for name, build in PAGES.items():
        with demo if name == first else demo.route(name, f"/{name.lower()}"):
            gr.Navbar(main_page_name=first)
            build(studio)
            demo.load(
                lambda: warm(studio), api_visibility="private", show_progress="hidden", queue=False
            )
    return demo


def warm(studio: Studio) -> None:
    """Load the models while the first visitor types; no page waits for it."""

    def load() -> None:
        try:
            studio.load()
        except ValueError as error:  # whoever presses Speak is told
            log.warning("the models were not loaded ahead: %s", error)

    threading.Thread(target=load, name="warm", daemon=True).start()


def launch_options(studio: Studio) -> dict[str, Any]:
    """Return what `demo.launch` needs besides an address: looks, limits, and no telemetry.

    The pages of listeners and of administrators are routes of the same app, beside Gradio's.
    """
    scripts = [(ASSETS / name).read_text(encoding="utf-8") for name in SCRIPTS]
    head = "".join(f"<script>{script}</script>" for script in scripts)
    desk, authority = Desk.of(studio), Authority.of(studio.settings)
    admin_routes, lifespan = mounted(
        lambda: admin.build(desk),
        authority,
        routes=downloads.routes(desk, authority),
        looks={"theme": theme(), "css_paths": STYLES, "max_file_size": MAX_UPLOAD_BYTES},
    )
    return {
        "theme": theme(),
        "css_paths": STYLES,
        "head": head,
        "favicon_path": str(ASSETS / "logo.svg"),
        "footer_links": ["api", "settings"],
        "max_file_size": MAX_FILE_BYTES,
        "run_history": False,
        "enable_monitoring": False,
        "show_error": False,
        "app_kwargs": {
            "routes": [*listener_routes(desk.db, desk.sounds, studio.settings), *admin_routes],
            "lifespan": seeing_to_jobs(studio, lifespan),
        },
    }


def seeing_to_jobs(
    studio: Studio, lifespan: Callable[[Any], AbstractAsyncContextManager[Any]]
) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    """See to the queue of jobs for as long as the app is served; jobs outlive it."""

    @asynccontextmanager
    async def served(app: Any) -> AsyncIterator[None]:
        studio.jobs.start()
        try:
            async with lifespan(app):
                yield
        finally:
            studio.jobs.close()

    return served


def theme() -> gr.themes.Base:
    """Return the house theme: fonts of the system, so that nothing is fetched."""
    return gr.themes.Soft(
        primary_hue="violet",
        secondary_hue="violet",
        neutral_hue="slate",
        font=["ui-sans-serif", "system-ui", "Segoe UI", "Roboto", "sans-serif"],
        font_mono=["ui-monospace", "Consolas", "monospace"],
    ).set(
        body_background_fill="#f6f7fb",
        block_radius="14px",
        block_title_background_fill="transparent",
        block_title_background_fill_dark="transparent",
        block_title_text_color="*body_text_color",
        block_title_text_color_dark="*body_text_color",
        block_title_text_weight="600",
        block_title_padding="0",
        block_label_background_fill="transparent",
        block_label_background_fill_dark="transparent",
        block_label_text_color="*body_text_color",
        block_label_text_color_dark="*body_text_color",
    )
