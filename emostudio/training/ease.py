"""Where EASE starts: from the directions in which speakers differ and emotions do not."""

import numpy as np

from emostudio.data.features import Row
from emostudio.training.emomix import Voices

# How large discriminants start: the first steps of the heads must not be too sure.
SCALE = 0.2


def speaker_directions(
    acted: list[Row], voices: Voices, places: dict[str, int], rank: int
) -> np.ndarray | None:
    """Where speakers differ most for how little an actor's emotions do, (rank, D_spk).

    Fisher's discriminants: all speakers' means against actors' clips around their own. None where
    nobody acts.
    """
    if not acted:
        return None
    from scipy.linalg import eigh

    between = np.cov(np.stack(list(voices.speaker_means.values())).T)
    around = [voices.speaker_emb[places[r.name]] - voices.speaker_means[r.speaker] for r in acted]
    within = np.cov(np.stack(around).T) + 1e-4 * np.eye(len(between))
    _, vectors = eigh(between, within)
    return SCALE * vectors[:, ::-1][:, :rank].T.astype(np.float32)
