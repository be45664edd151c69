"""What EASE is trained with: where it starts, and the heads that guess who and how."""

import numpy as np
from torch import nn

from emostudio.data.features import Row
from emostudio.training.emomix import Voices

# How large discriminants start: the first steps of the heads must not be too sure.
SCALE = 0.2


def speaker_directions(
    acted: list[Row], voices: Voices, places: dict[str, int], rank: int
) -> np.ndarray | None:
    """Where speakers differ most for how little an actor's emotions do, (rank, D_spk).

    Fisher's discriminants: all speakers' means against actors' clips around their own. None where
    nobody acts or nobody else speaks.
    """
    if not acted or len(voices.speaker_means) < 2:
        return None
    from scipy.linalg import eigh

    between = np.cov(np.stack(list(voices.speaker_means.values())).T)
    around = [voices.speaker_emb[places[r.name]] - voices.speaker_means[r.speaker] for r in acted]
    within = np.cov(np.stack(around).T) + 1e-4 * np.eye(len(between))
    _, vectors = eigh(between, within)
    return SCALE * vectors[:, ::-1][:, :rank].T.astype(np.float32)


def head(n_in: int, n_out: int) -> nn.Sequential:
    """A small net that guesses one of `n_out`."""
    return nn.Sequential(
        nn.Linear(n_in, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, n_out)
    )
