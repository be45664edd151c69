"""The app as people run it, in a process of its own, for what is measured from outside."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 120


def is_there() -> bool:
    """Whether app.py lies beside the package."""
    return (ROOT / "app.py").is_file()


@contextmanager
def running(**env: str) -> Iterator[int]:
    """Start the app on a free port of this machine, and give the port once the page comes.

    Args:
        **env: variables for it beside those of this process.

    Raises:
        ValueError: the page does not come.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    here = {"EMOSTUDIO_HOST": "127.0.0.1", "EMOSTUDIO_PORT": str(port)}
    command, quiet = [sys.executable, "app.py"], subprocess.DEVNULL
    end = time.monotonic() + LIMIT_S
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ | here | env, stdout=quiet, stderr=quiet
    ) as server:
        try:
            while not _answers(port):
                if server.poll() is not None or time.monotonic() > end:
                    raise ValueError("The page did not come; see what `python app.py` says.")
                time.sleep(0.02)
            yield port
        finally:
            server.terminate()


def _answers(port: int) -> bool:
    page = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with closing(page), suppress(OSError, http.client.HTTPException):
        page.request("GET", "/")
        return page.getresponse().status == 200
    return False
