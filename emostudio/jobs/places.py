"""Where jobs can run, as the settings tell."""

from __future__ import annotations

from emostudio.jobs.backend import Backend
from emostudio.jobs.disabled import OFF, ZERO_GPU, Disabled
from emostudio.jobs.hugging_face import HuggingFace
from emostudio.jobs.local import Local
from emostudio.settings import Settings


def places(settings: Settings) -> list[Backend]:
    """Return this machine and Hugging Face Jobs, each able to say why it can't be used."""
    local, hub = Local(settings), HuggingFace(settings)
    if settings.training == "off":
        return [Disabled(local, OFF), Disabled(hub, OFF)]
    return [Disabled(local, ZERO_GPU) if settings.zero_gpu else local, hub]
