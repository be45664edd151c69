"""One door to borrowed accelerators: `spaces.GPU` where that package is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from emostudio.conversion import Conversion
from emostudio.values import Request

Function = TypeVar("Function", bound=Callable[..., Any])

# Events that use the device share one queue, so that takes do not slow each other down.
QUEUE: dict[str, Any] = {"concurrency_id": "gpu", "concurrency_limit": 1}


def on_device(function: Function, duration_s: Callable[..., int]) -> Function:
    """Let a function borrow the device for `duration_s(*its arguments)`; without Spaces, as is.

    `spaces` must be imported before torch touches CUDA, so pages call this while they are built.
    """
    try:
        import spaces  # pyright: ignore[reportMissingImports]
    except ImportError:
        return function
    return spaces.GPU(duration=duration_s)(function)


def seconds_for(request: Request) -> int:
    """Return for how many seconds a request may borrow the device."""
    return 10 + len(request.text) // 20


def seconds_to_convert(request: Conversion) -> int:
    """Return for how many seconds a conversion may borrow the device.

    Such a device converts a recording many times faster than it plays, and to ask for much means
    to wait longer, or to be over a visitor's quota.
    """
    return 10 + round(request.source.duration_s / 10)
