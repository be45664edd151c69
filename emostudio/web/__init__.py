"""The pages: the only place that knows Gradio."""

from emostudio.web.serve import build_app, launch_options

__all__ = ["build_app", "launch_options"]
