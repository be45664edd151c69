"""SIGTERM ends the app as Ctrl+C does, also while pages are open."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
APP = """
from emostudio.web import build_app, launch_options, stop_on_sigterm
from tests.web.fake_studio import FakeStudio
studio = FakeStudio()
demo = build_app(studio)
stop_on_sigterm(demo)
demo.queue()
demo.launch(server_name="127.0.0.1", server_port={port}, quiet=True, **launch_options(studio))
print("ended in order")
"""


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.mark.slow
def test_sigterm_ends_the_app_in_order_with_a_page_open(tmp_path: Path) -> None:
    port = free_port()
    environ = os.environ | {
        "GRADIO_TEMP_DIR": str(tmp_path),
        "EMOSTUDIO_DATA_DIR": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    process = subprocess.Popen(
        [sys.executable, "-c", APP.format(port=port)],
        cwd=tmp_path,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(f"{url}/gradio_api/app_id", process)
        page = urllib.request.urlopen(f"{url}/gradio_api/heartbeat/abc")  # never ends by itself
        page.readline()
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=60)
        page.close()
    finally:
        process.kill()
    assert process.returncode == 0, said
    assert "ended in order" in said
    assert "Traceback" not in said


def _wait_for(url: str, process: subprocess.Popen[str]) -> None:
    for _ in range(600):
        assert process.poll() is None, process.stdout and process.stdout.read()
        try:
            urllib.request.urlopen(url).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the app did not start")
