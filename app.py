"""EmoStudio: `python app.py`, then open http://127.0.0.1:7860."""

from emostudio import Settings, Studio
from emostudio.web import build_app, launch_options, stop_on_sigterm

try:
    settings = Settings.from_env()
    studio = Studio(settings)
    demo = build_app(studio)  # cheap: models load on first use
except ValueError as error:
    raise SystemExit(f"EmoStudio can't start: {error}") from None

if __name__ == "__main__":
    stop_on_sigterm(demo)
    demo.queue(default_concurrency_limit=4, max_size=32)
    demo.launch(server_name=settings.host, server_port=settings.port, **launch_options(studio))
