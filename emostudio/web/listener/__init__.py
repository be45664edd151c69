"""The page of the listeners: plain HTML on routes of its own, beside Gradio's on the same port."""

from emostudio.web.listener.routes import routes

__all__ = ["routes"]
