"""The one door to torchaudio, whose compiled extension does not load beside CPU builds of torch.

What EmoStudio takes from it is pure Python: mel filter banks, band-limited resampling, and HuBERT
where a user has its weights. Where the extension refuses to load, it is declared absent, as
torchaudio itself does for builds that were made without it.
"""

import functools
import importlib
import sys
import types
from types import ModuleType

import numpy as np


@functools.cache
def functional() -> ModuleType:
    """Return `torchaudio.functional`, on any build of torch."""
    try:
        return importlib.import_module("torchaudio.functional")
    except (ImportError, OSError, RuntimeError):
        for name in [name for name in sys.modules if name.split(".")[0] == "torchaudio"]:
            del sys.modules[name]
        absent = types.ModuleType("torchaudio._extension")
        vars(absent).update(
            _IS_TORCHAUDIO_EXT_AVAILABLE=False,
            _IS_ALIGN_AVAILABLE=False,
            fail_if_no_align=lambda function: function,
            _check_cuda_version=lambda: None,
        )
        sys.modules["torchaudio._extension"] = absent
        return importlib.import_module("torchaudio.functional")


def part(name: str) -> ModuleType:
    """Return another part, such as `torchaudio.models`, on any build of torch."""
    functional()  # after which the package can be imported
    return importlib.import_module(f"torchaudio.{name}")


def resample(wav: np.ndarray, rate_in: int, rate_out: int) -> np.ndarray:
    """Change the sample rate (Hz) of `wav` (T_wav,) by windowed-sinc interpolation."""
    if rate_in == rate_out:
        return wav
    import torch

    resampled = functional().resample(
        torch.from_numpy(np.ascontiguousarray(wav)), rate_in, rate_out
    )
    return resampled.numpy()
