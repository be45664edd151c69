"""Which models there are to choose from, and which of them are loaded.

What speaks, converts and maps goes by a name: "emomix", "diemo", "zest", "map" are the models in
use everywhere; "emomix:anna" is EmoMix with the tuned model "anna" in the place of the net that
was tuned. Tuned models are those that an administrator promoted: `offered.json` tells them.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emostudio.jobs.tuning import OFFERED
from emostudio.models.where import folder_of
from emostudio.settings import Settings

if TYPE_CHECKING:
    from emostudio.models.checkpoint import Store

log = logging.getLogger(__name__)
# The tuned nets that can take a place in each system. Of a tuned recognizer a system has its
# read-back alone: what it was conditioned on in training stays.
TUNABLE = {
    "emomix": ("emomix", "vocoder", "ser"),
    "diemo": ("diemo", "vocoder", "ser"),
    "zest": ("zest", "vocoder", "ser"),
}
# What such a net does there, where it is not the system itself.
PARTS = {"vocoder": "vocoder", "ser": "read by"}
MOST_TUNED = 3  # loaded at a time; the one that was not used for longest makes way


@dataclass(frozen=True)
class Tuned:
    """A promoted model: its `net`, the `folder` of its checkpoint, the hash of its weights."""

    name: str
    net: str
    folder: Path
    sha256: str


@dataclass(frozen=True)
class Loaded:
    """What is in memory: by which name, which nets by hash, and how large they are."""

    use: str
    nets: dict[str, str]
    megabytes: float


class Lineup:
    """Offers models by name and loads each on first use; threads may share it."""

    def __init__(self, settings: Settings) -> None:
        """Load nothing."""
        self.settings = settings
        self._loaded: OrderedDict[str, tuple[Any, dict[str, str]]] = OrderedDict()
        self._lock = threading.Lock()

    def tuned(self, system: str) -> list[Tuned]:
        """The promoted models that a system can be spoken or converted with."""
        return [each for each in self._offered() if each.net in TUNABLE.get(system, ())]

    def names(self, *systems: str) -> dict[str, str]:
        """All names of systems whose checkpoints are here, tuned ones after all others.

        Each with what a tuned net does in it, where it is not the system itself that was tuned.
        """
        here = [system for system in systems if self.is_there(system)]
        tuned = {
            f"{system}:{each.name}": PARTS.get(each.net, "")
            for system in here
            for each in self.tuned(system)
        }
        return dict.fromkeys(here, "") | tuned

    def is_there(self, system: str) -> bool:
        """Whether the checkpoint of a system is here and knows emotions."""
        try:
            return bool(self.told("config.json", system).get("emotions"))
        except ValueError:
            return False

    def told(self, file: str, use: str) -> dict[str, Any]:
        """What a file of a system's own checkpoint tells, read without torch.

        Raises:
            ValueError: the checkpoint is missing or damaged, or no such model is offered.
        """
        system, tuned = self._of(use)
        if tuned is not None and tuned.net == system:
            folder = tuned.folder
        else:
            folder = folder_of(system, self.settings.checkpoints, self.settings.models)
        try:
            return json.loads((folder / file).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ValueError(
                f"The checkpoint '{system}' is missing or damaged: put its files into {folder}, "
                "or set EMOSTUDIO_MODELS to a folder or repository that has them."
            ) from error

    def load(self, use: str) -> Any:
        """What speaks, converts or hears by this name.

        Raises:
            ValueError: a checkpoint is missing or damaged, or no such model is offered.
        """
        return self._both(use)[0]

    def hashes(self, use: str) -> dict[str, str]:
        """The hash of each checkpoint behind a name, for passports; raises as `load`."""
        return self._both(use)[1]

    def _both(self, use: str) -> tuple[Any, dict[str, str]]:
        _, tuned = self._of(use)
        with self._lock:
            both = self._loaded.get(use)
            # Another model of this name may have been promoted since.
            if both is None or (tuned is not None and tuned.sha256 not in both[1].values()):
                both = self._loaded[use] = self._read(use, tuned)
            self._loaded.move_to_end(use)
            for spare in [name for name in self._loaded if ":" in name][:-MOST_TUNED]:
                del self._loaded[spare]
            return both

    def any(self, *systems: str) -> Any:
        """Something of these systems that is loaded, or the first that can be."""
        with self._lock:
            for name, (found, _) in self._loaded.items():
                if name in systems:
                    return found
        there = [system for system in systems if self.is_there(system)]
        return self.load((there or list(systems))[0])

    def loaded(self) -> list[Loaded]:
        """What is in memory."""
        with self._lock:
            everything = list(self._loaded.items())
        return [Loaded(use, hashes, _megabytes(found)) for use, (found, hashes) in everything]

    def unload(self, use: str) -> None:
        """Give the memory of a name back; whoever is at work with it finishes first."""
        with self._lock:
            self._loaded.pop(use, None)

    def store(self, tuned: Tuned | None = None) -> Store:
        """The checkpoints in use, with a tuned one in its place."""
        from emostudio.models.checkpoint import Store

        instead = {} if tuned is None else {tuned.net: tuned.folder}
        return Store(self.settings.checkpoints, self.settings.models, instead)

    def _read(self, use: str, tuned: Tuned | None) -> tuple[Any, dict[str, str]]:
        from emostudio.models.ser import EmotionRecognizer

        system = use.partition(":")[0]
        listens = tuned is not None and tuned.net == "ser"
        store = self.store(None if listens else tuned)
        found = _engine(system)(store, self.settings.device)
        hashes = {name: store.sha256(name) for name in found.checkpoints}
        if tuned is not None:
            theirs = self.store(tuned)
            if theirs.sha256(tuned.net) != tuned.sha256:
                raise ValueError(
                    f"The files of the model '{tuned.name}' were changed since it was promoted; "
                    "an administrator has to roll it back and promote it again."
                )
            if listens:
                found.recognizer = theirs.load(EmotionRecognizer, self.settings.device)
                hashes[f"ser:{tuned.name}"] = tuned.sha256
        return found, hashes

    def _of(self, use: str) -> tuple[str, Tuned | None]:
        system, _, name = use.partition(":")
        if not name:
            return system, None
        for each in self.tuned(system):
            if each.name == name:
                return system, each
        raise ValueError(
            f"The model '{name}' is not offered here for {system}; choose from "
            f"{', '.join(self.names(system)) or 'those of another installation'}."
        )

    def _offered(self) -> list[Tuned]:
        file = self.settings.tuned / OFFERED
        try:
            told = json.loads(file.read_text(encoding="utf-8"))
            return [Tuned(**row | {"folder": Path(row["folder"])}) for row in told]
        except FileNotFoundError:  # nothing was ever promoted
            return []
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("%s can't be read, so no tuned model is offered: %s", file, error)
            return []


def _engine(system: str) -> Callable[[Store, str], Any]:
    # Each is imported when it is used: they load torch.
    if system == "emomix":
        from emostudio.engines.emomix import EmoMixEngine

        return EmoMixEngine
    if system == "diemo":
        from emostudio.engines.diemo import DiEmoEngine

        return DiEmoEngine
    if system == "zest":
        from emostudio.engines.zest import ZestEngine

        return ZestEngine
    from emostudio.maps.embedding import Ear

    return Ear


def _megabytes(found: Any) -> float:
    from torch import nn

    nets = {id(net): net for net in vars(found).values() if isinstance(net, nn.Module)}
    sizes = (p.numel() * p.element_size() for net in nets.values() for p in net.parameters())
    return sum(sizes) / 2**20
