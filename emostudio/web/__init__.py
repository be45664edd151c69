"""The pages: the only place that knows Gradio."""

from emostudio.web.serve import build_app, launch_options
from emostudio.web.shutdown import stop_on_sigterm

__all__ = ["build_app", "launch_options", "stop_on_sigterm"]
