"""What this machine has and uses: memory, device, versions of what matters."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from importlib import metadata

import emostudio

PACKAGES = ("torch", "gradio", "numpy", "plotly", "safetensors", "accelerate", "huggingface-hub")


@dataclass(frozen=True)
class Memory:
    """Bytes: what this process has, what the machine has and has left."""

    process: int
    total: int
    free: int


def memory() -> Memory:
    """Look at the memory in use."""
    import psutil

    machine = psutil.virtual_memory()
    return Memory(psutil.Process().memory_info().rss, machine.total, machine.available)


def device(asked: str) -> str:
    """Name the device; a GPU by what torch says of it, where torch is loaded already."""
    cores = f"{os.cpu_count()} cores, {platform.machine()}"
    torch = sys.modules.get("torch")
    if asked != "cuda":
        return f"CPU: {cores}"
    if torch is None:
        return f"GPU, not looked at before a model is loaded; {cores}"
    if not torch.cuda.is_available():
        return f"no GPU is found, although EMOSTUDIO_DEVICE is cuda; {cores}"
    free, total = torch.cuda.mem_get_info()
    name = torch.cuda.get_device_name()
    return f"{name}, {(total - free) / 2**30:.1f} of {total / 2**30:.1f} GB in use; {cores}"


def versions() -> dict[str, str]:
    """Return the versions of EmoStudio, Python and what they stand on."""
    found = {"EmoStudio": emostudio.__version__, "Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "missing"
    return found


def sized(n_bytes: float) -> str:
    """Write a number of bytes for a person.

    >>> sized(430_000), sized(3_400_000), sized(2**31)
    ('0.4 MB', '3 MB', '2.1 GB')
    """
    if n_bytes >= 1e9:
        return f"{n_bytes / 1e9:.1f} GB"
    return f"{n_bytes / 1e6:.{0 if n_bytes >= 1e6 else 1}f} MB"
