"""Checkpoints: a folder with config.json (class and sizes) and model.safetensors (half precision).

Nothing is unpickled. Where each name is looked for is told in `where`.
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from emostudio.models.alignment import AlignerConfig, PhonemeNet
from emostudio.models.content import ContentConfig, ContentEncoder
from emostudio.models.diemo.attributes import AttributeConfig, AttributeRegressor
from emostudio.models.diemo.config import DiEmoConfig
from emostudio.models.diemo.net import DiEmo
from emostudio.models.emomix.config import EmoMixConfig
from emostudio.models.emomix.net import EmoMix
from emostudio.models.hubert import HubertConfig, HubertContent
from emostudio.models.judge import EmotionJudge, JudgeConfig
from emostudio.models.ser import EmotionRecognizer, SerConfig
from emostudio.models.speaker import SpeakerConfig, SpeakerEncoder
from emostudio.models.vocoder import Vocoder, VocoderConfig
from emostudio.models.where import folder_of, sha256_of
from emostudio.models.zest.config import ZestConfig
from emostudio.models.zest.net import Zest

# Every net that has checkpoints: the name of its folder, and its config.
NETS: dict[type[nn.Module], tuple[str, type]] = {
    PhonemeNet: ("aligner", AlignerConfig),
    SpeakerEncoder: ("speaker", SpeakerConfig),
    EmotionRecognizer: ("ser", SerConfig),
    EmotionJudge: ("judge", JudgeConfig),
    Vocoder: ("vocoder", VocoderConfig),
    EmoMix: ("emomix", EmoMixConfig),
    ContentEncoder: ("content", ContentConfig),
    HubertContent: ("hubert", HubertConfig),
    Zest: ("zest", ZestConfig),
    AttributeRegressor: ("attributes", AttributeConfig),
    DiEmo: ("diemo", DiEmoConfig),
}
Net = TypeVar("Net", bound=nn.Module)


def device_of(name: str) -> torch.device:
    """The device of a name.

    Raises:
        ValueError: there is none here.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("There is no CUDA device here; set EMOSTUDIO_DEVICE to cpu.")
    return torch.device(name)


def save(model: nn.Module, folder: Path) -> None:
    """Write a net and its config; weights in half precision."""
    folder.mkdir(parents=True, exist_ok=True)
    save_config(model, folder)
    weights = {
        key: (value.half() if value.is_floating_point() else value).contiguous().cpu()
        for key, value in model.state_dict().items()
    }
    save_file(weights, folder / "model.safetensors")


def save_config(model: nn.Module, folder: Path) -> None:
    """Write config.json alone, from which the net can be built again."""
    sizes: Any = model.config
    text = json.dumps({"net": NETS[type(model)][0]} | dataclasses.asdict(sizes), indent=2)
    (folder / "config.json").write_text(text + "\n", encoding="utf-8")


def load(net: type[Net], folder: Path) -> Net:
    """Build the net whose config and weights lie in `folder`, in single precision, ready to use.

    Raises:
        ValueError: files are missing, damaged or of another net; the sentence says where they go.
    """
    name = NETS[net][0]
    weights_file = folder / "model.safetensors"
    if not weights_file.is_file():
        raise ValueError(
            f"The checkpoint '{name}' is missing: put config.json and model.safetensors into "
            f"{folder}, or set EMOSTUDIO_MODELS to a folder or repository that has it."
        )
    model = net(_read_config(net, folder))
    try:
        weights = load_file(weights_file)
        model.load_state_dict({key: value.float() for key, value in weights.items()}, strict=True)
    except (SafetensorError, RuntimeError, OSError) as error:
        raise ValueError(
            f"The checkpoint '{name}' in {folder} is damaged or of another size than its "
            "config.json says; download it again or train it anew."
        ) from error
    return model.eval().requires_grad_(False)


def _read_config(net: type[nn.Module], folder: Path) -> Any:
    name, config = NETS[net]
    try:
        settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        if settings.pop("net") != name:
            raise KeyError(name)
        # JSON knows no tuples.
        values = {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}
        return config(**values)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{folder / 'config.json'} is missing or does not describe a '{name}' net; "
            "restore it from where the checkpoint came from."
        ) from error


@dataclass(frozen=True)
class Store:
    """Where checkpoints lie: `shipped` has a folder a name; `own` comes first where it has one.

    `instead` are folders of single checkpoints, by name, that come before both: tuned models.
    """

    shipped: Path
    own: str = ""
    instead: Mapping[str, Path] = field(default_factory=dict)

    def folder(self, name: str) -> Path:
        """The folder of a checkpoint.

        Raises:
            ValueError: `own` is neither a folder nor a repository that can be reached.
        """
        if name in self.instead:
            return self.instead[name]
        return folder_of(name, self.shipped, self.own)

    def load(self, net: type[Net], device: str = "cpu") -> Net:
        """Load a net onto a device."""
        return load(net, self.folder(NETS[net][0])).to(torch.device(device))

    def sha256(self, name: str) -> str:
        """Hash of a checkpoint's weights, as passports and the table of checkpoints give it."""
        return sha256_of(self.folder(name) / "model.safetensors")
