"""EmoStudio: emotional speech from a text, a voice and a mixture of emotions.

Importing this loads no model, no torch and no gradio: names come on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emostudio.settings import Settings
    from emostudio.studio import Studio
    from emostudio.values import Clip, EmotionMix

__version__ = "0.1.0"
__all__ = ["Clip", "EmotionMix", "Settings", "Studio"]
_HOMES = {"Clip": "values", "EmotionMix": "values", "Settings": "settings", "Studio": "studio"}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'emostudio' has no attribute '{name}'")
    return getattr(import_module(f"emostudio.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return [*__all__, "__version__"]
