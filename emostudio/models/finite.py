"""Weights that fell apart in training hold values that are no numbers: they are found here."""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file


def refuse_numberless(file: Path) -> None:
    """Refuse weights that hold values that are no numbers.

    Raises:
        ValueError: they do, or the file can't be read.
    """
    try:
        weights = load_file(file)
    except (SafetensorError, OSError, RuntimeError) as error:
        raise ValueError(
            f"{file.name} is no safetensors file, or damaged: download or export it again."
        ) from error
    for key, value in weights.items():
        if value.is_floating_point() and not torch.isfinite(value).all():
            raise ValueError(
                f"'{key}' in {file.name} holds values that are no numbers: the training fell "
                "apart. Train it again at a lower learning rate."
            )
