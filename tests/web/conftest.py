"""A studio for the pages' tests, and one app that they share.

`EMOSTUDIO_TEST_STUDIO=real` lets the browser's journeys run on the real studio and its models.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from emostudio.values import Clip
from tests.web.fake_studio import FakeStudio

if TYPE_CHECKING:
    import gradio as gr

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let pass what pandas says about the way Gradio's queue uses it."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            for what in (".*no_silent_downcasting", "The copy keyword is deprecated"):
                item.add_marker(pytest.mark.filterwarnings(f"ignore:{what}"))


def make_studio() -> Any:
    """Return the studio that the pages are tried with."""
    if os.environ.get("EMOSTUDIO_TEST_STUDIO") == "real":
        from emostudio import Studio

        return Studio()
    return FakeStudio()


@pytest.fixture(scope="session", autouse=True)
def temporary_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep what Gradio and listening tests write inside pytest's folder."""
    folder = tmp_path_factory.mktemp("gradio")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder))
        patch.setenv("EMOSTUDIO_DATA_DIR", str(tmp_path_factory.mktemp("records")))
        patch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield folder


@pytest.fixture(scope="session", autouse=True)
def closed_loops() -> Iterator[None]:
    """Close the event loops that Gradio opens for its locks and leaves to the collector."""
    make, made = asyncio.new_event_loop, []

    def recorded() -> asyncio.AbstractEventLoop:
        made.append(make())
        return made[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "new_event_loop", recorded)
        yield
    for loop in made:
        if not loop.is_running():
            loop.close()


def launched(demo: gr.Blocks, studio: Any | None = None) -> str:
    """Launch an app as app.py does, on any free port, and return its address."""
    from emostudio.web import launch_options

    demo.queue(default_concurrency_limit=4, max_size=32)
    options = launch_options(studio or make_studio())
    _, url, _ = demo.launch(
        server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, **options
    )
    return url


@pytest.fixture(scope="session")
def studio() -> Any:
    """Return the studio behind `page_url`."""
    return make_studio()


@pytest.fixture(scope="session")
def page_url(studio: Any) -> Iterator[str]:
    """Return the address of an app over `studio`."""
    from emostudio.web import build_app

    demo = build_app(studio)
    yield launched(demo, studio)
    demo.close(verbose=False)


@pytest.fixture(scope="session")
def hum(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a wav file of four seconds that is no silence."""
    times = np.arange(4 * 16_000) / 16_000
    wav = 0.3 * np.sin(2 * np.pi * 180 * times) * (np.sin(2 * np.pi * 3 * times) > -0.7)
    return Clip(wav.astype(np.float32), 16_000).save(tmp_path_factory.mktemp("clips") / "hum.wav")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Return a Chromium, or skip with a message where there is none."""
    if not CHROMIUM.exists():
        pytest.skip(f"no browser: {CHROMIUM} is not installed")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield chromium
        chromium.close()
