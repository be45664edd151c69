"""SIGTERM, which ends a Space, a container or a service, ends the app as Ctrl+C does.

Without it Python dies at once: answers under way get no reply, and files are not cleaned up. What
was acknowledged is on the disk before, with or without this.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import gradio as gr

GRACE_S = 3  # for requests under way; open pages hold streams that would never end


def stop_on_sigterm(demo: gr.Blocks) -> None:
    """Close the server of `demo` at SIGTERM; to be called in the main thread."""

    def stop(*_: Any) -> None:
        if demo.is_running and demo.server is not None:
            demo.server.config.timeout_graceful_shutdown = GRACE_S
            demo.close(verbose=False)
        else:  # before it is served
            raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
