"""Recipe of the aligner, and the pass that writes its durations into a pack."""

import logging
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from emostudio.audio.mel import FRAME_RATE
from emostudio.data import batches
from emostudio.data.features import Pack, Row
from emostudio.models.alignment import (
    EMISSION_SCALE,
    AlignerConfig,
    PhonemeNet,
    aligned,
    classes_of,
    emission_of,
    even_durations,
    occupancy,
)
from emostudio.models.blocks import lengths_to_mask
from emostudio.text.phonemes import is_boundary
from emostudio.training.loop import Recipe

log = logging.getLogger(__name__)

# Two sentences by all its actors, which would teach the aligner two sentences.
NOT_LEARNED = ("ravdess",)
MAX_FRAMES = 420
# The net counts little at first and more later (deterministic annealing): believed at once, it
# would settle on whatever cut it began with.
FIRST_SCALE = 0.05
ANNEALING_STEPS = 300


class AlignerRecipe(Recipe[PhonemeNet]):
    """Cross-entropy on soft shares; what is in `NOT_LEARNED` is aligned but never learned from."""

    def __init__(self, config: AlignerConfig, data: Pack) -> None:
        """Prepare the net.

        Raises:
            ValueError: no clip of the pack can be learned from.
        """
        super().__init__()
        self.export = PhonemeNet(config)
        self._data = data
        self._rows = [
            row
            for row in data.select("train", worded=True)
            if row.corpus not in NOT_LEARNED
            and 2 * (row.tokens[1] - row.tokens[0]) < row.n_frames <= MAX_FRAMES
        ]
        if not self._rows:
            raise ValueError(
                "The aligner can learn from no clip of this pack: it takes those whose split is "
                f"train, of at most {MAX_FRAMES / FRAME_RATE:.1f} s; cut longer ones at pauses."
            )
        self._weights = batches.corpus_weights(self._rows, power=0.7)

    def batch(self, step: int, batch_size: int, rank: int, seed: int) -> dict[str, Tensor]:
        """Whole utterances: mels and tokens."""
        rng = batches.step_rng(seed, step, rank)
        rows = batches.choose(rng, self._rows, self._weights, batch_size)
        mels = [self._data.mel_of(row) for row in rows]
        tokens = [self._data.tokens_of(row) for row in rows]
        return {
            "mel": batches.pad(mels),
            "mel_lengths": batches.lengths(mels),
            "tokens": batches.pad(tokens),
            "token_lengths": batches.lengths(tokens),
            "scale": torch.tensor(
                FIRST_SCALE + (EMISSION_SCALE - FIRST_SCALE) * min(1.0, step / ANNEALING_STEPS)
            ),
        }

    def forward(self, batch: dict[str, Tensor], player: str = "model") -> dict[str, Tensor]:
        """Cross-entropy of the shares, how sure they are, and how often the net agrees."""
        mask = lengths_to_mask(batch["mel_lengths"], batch["mel"].shape[-1])
        log_probs = self.export(batch["mel"], mask)
        with torch.no_grad():
            share = self._shares(log_probs, batch).to(log_probs.device)
            heard = log_probs.exp()[mask[:, 0]].mean(0).clamp(min=1e-5).log()
            self.export.log_prior.lerp_(heard, 0.05)
        n_frames = mask.sum()
        loss = -(share * log_probs).sum() / n_frames
        right = (share.argmax(-1) == log_probs.argmax(-1))[mask[:, 0]].float().mean()
        sure = share.amax(-1)[mask[:, 0]].mean()
        return {"loss": loss, "agrees": right, "sure": sure}

    def _shares(self, log_probs: Tensor, batch: dict[str, Tensor]) -> Tensor:
        shares, scale = torch.zeros(log_probs.shape), float(batch["scale"])
        outputs, prior = log_probs.cpu().numpy(), self.export.log_prior.cpu().numpy()
        for place, (n_frames, n_tokens) in enumerate(
            zip(batch["mel_lengths"].tolist(), batch["token_lengths"].tolist(), strict=True)
        ):
            tokens = batch["tokens"][place, :n_tokens].cpu().numpy()
            mel = batch["mel"][place, :, :n_frames].cpu().numpy()
            emission = emission_of(outputs[place, :n_frames], prior, tokens, mel, scale)
            found = occupancy(emission, tokens)
            classes = classes_of(tokens)
            shares[place, :n_frames].index_add_(
                1, torch.from_numpy(classes), torch.from_numpy(found.astype(np.float32))
            )
        return shares


def durations_of(net: PhonemeNet, data: Pack, rows: list[Row]) -> dict[str, np.ndarray]:
    """Durations of each row's tokens by its name, along the best path."""
    found = {}
    was_training = net.training
    net.eval()
    for row in rows:
        tokens = data.tokens_of(row)
        if not row.worded:
            found[row.name] = tokens
            continue
        try:
            found[row.name] = aligned(net, data.mel_of(row), tokens)
        except ValueError as error:
            log.warning("%s: %s", row.name, error)
            found[row.name] = even_durations(row.n_frames, is_boundary(tokens))
    net.train(was_training)
    return found


def align(net: PhonemeNet, folder: Path) -> None:
    """Write durations.npy, for all rows, into the pack in `folder`."""
    data = Pack.open(folder)
    found = durations_of(net, data, list(data.rows))
    np.save(folder / "durations.npy", np.concatenate([found[row.name] for row in data.rows]))
