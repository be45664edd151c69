"""Content units of HuBERT-base, where the user has it: the paper's, by the interface of our own.

K-means on features of one of HuBERT's layers [1], as ZEST takes them [2]. HuBERT itself is in no
checkpoint of ours: 95 M weights, read from the user's file or downloaded by torchaudio when first
needed. A checkpoint holds the centroids alone.

[1] https://arxiv.org/abs/2106.07447 (HuBERT)  [2] https://arxiv.org/abs/2401.04511 (ZEST)
"""

import functools
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from emostudio.audio import torchaudio_door
from emostudio.audio.mel import HOP
from emostudio.models.content import UNIT_HOP, Inventory, Units, unit_frames
from emostudio.settings import Settings

DIM = 768
FILE = "hubert_fairseq_base_ls960.pth"
# Samples of which one feature is made; they overlap their neighbors' evenly on both sides.
FIELD = 400
EDGE = (FIELD - UNIT_HOP) // 2


@dataclass(frozen=True)
class HubertConfig:
    """Which layer's features (the first is 1) are clustered, and into how many units."""

    layer: int = 9
    n_units: int = 100
    n_nearest: int = 1

    @classmethod
    def tiny(cls) -> "HubertConfig":
        """As little as can be taken from a HuBERT that has but one size."""
        return cls(layer=1, n_units=12, n_nearest=2)


class HubertContent(nn.Module):
    """Sound to units by HuBERT.

    `source` is the file of HuBERT's weights or its folder, by default what EMOSTUDIO_HUBERT says;
    empty, they are downloaded.
    """

    def __init__(self, config: HubertConfig) -> None:
        """Build an empty inventory; HuBERT is loaded when it is first needed."""
        super().__init__()
        self.config = config
        self.source = Settings.from_env().hubert
        self.inventory = Inventory(config.n_units, DIM, config.n_nearest)

    def features(self, wav: Float[Tensor, "B T_wav"]) -> Float[Tensor, "B T D"]:
        """Features of every 20 ms, as many as `ContentEncoder` has of the same sound.

        Raises:
            ValueError: HuBERT is neither here nor can be downloaded.
        """
        n_frames = unit_frames(wav.shape[-1] // HOP)
        right = n_frames * UNIT_HOP + EDGE - wav.shape[-1]  # what is too much is cut off
        hubert = _hubert(self.source).to(wav.device)
        found, _ = hubert.extract_features(F.pad(wav, (EDGE, right)), None, self.config.layer)
        return found[-1].float()

    def units(self, wav: Float[Tensor, "B T_wav"]) -> Units:
        """Units of every 20 ms.

        Raises:
            ValueError: HuBERT is neither here nor can be downloaded.
        """
        return self.inventory(self.features(wav))


@functools.lru_cache(maxsize=1)
def _hubert(source: str) -> Any:
    path = Path(source).expanduser()
    # What is loaded while a take is spoken must still do for training.
    with torch.inference_mode(False):
        try:
            if not source:
                net = torchaudio_door.part("pipelines").HUBERT_BASE.get_model()
            else:
                file = path / FILE if path.is_dir() else path
                weights = torch.load(file, map_location="cpu", weights_only=True)
                net = torchaudio_door.part("models").hubert_base()
                net.load_state_dict(weights, strict=True)
        except (OSError, RuntimeError, TypeError, EOFError, pickle.UnpicklingError) as error:
            if not source:
                raise ValueError(
                    "HuBERT-base is not here and can't be downloaded now; set EMOSTUDIO_HUBERT to "
                    f"{FILE} or its folder, or use content units of our own."
                ) from error
            raise ValueError(
                f"EMOSTUDIO_HUBERT is '{source}', which holds no HuBERT-base; set it to {FILE} "
                "of torchaudio or its folder, or unset it to download that."
            ) from error
    return net.eval().requires_grad_(False)
