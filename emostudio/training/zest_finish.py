"""What is measured after ZEST has learned: mean embeddings of emotions, and how far to move."""

from dataclasses import replace

import numpy as np
import torch

from emostudio.data.features import Pack
from emostudio.models.content import Units
from emostudio.models.zest.net import Zest
from emostudio.models.zest.sace import frame_mean
from emostudio.training.acted import ACTED
from emostudio.training.content import PackedUnits
from emostudio.training.emomix import Voices, acted_shifts


@torch.inference_mode()
def finished(net: Zest, data: Pack, units: PackedUnits, voices: Voices) -> Zest:
    """Give a trained net its mean embeddings, and the gains by which it moves as far as actors do.

    Means are over odd-numbered actors of ravdess, and emodb's for what ravdess has not, so that a
    judge trained on even-numbered ones stays independent.
    """
    config, means = net.config, []
    for emotion in config.emotions:
        rows = [row for row in data.select("train", *ACTED) if row.emotion == emotion]
        odd = [r for r in rows if r.corpus == "ravdess" and int(r.speaker[-2:]) % 2]
        clips = [torch.from_numpy(data.mel_of(row))[None] for row in odd or rows]
        found = [frame_mean(net.sace(clip))[0] for clip in clips]
        means.append(torch.stack(found).mean(0) if found else torch.zeros(config.emotion_dim))
    net.emotion_means.copy_(torch.stack(means))
    acted = acted_shifts(data, config.emotions)
    if np.isnan(acted).all():  # nobody acts in this pack
        return net
    shifts = tuple(round(float(x), 4) for x in np.nan_to_num(acted[:, 0]))
    net.config = replace(config, duration_shifts=shifts)
    if config.predictor:
        spoken = _predicted_shifts(net, data, units, voices)
        net.config = replace(
            net.config,
            pitch_gain=_gain(spoken[:, 0], acted[:, 1]),
            energy_gain=_gain(spoken[:, 1], _acted_energies(data, config.emotions)),
        )
    return net


def _predicted_shifts(
    net: Zest, data: Pack, units: PackedUnits, voices: Voices, *, n_clips: int = 24
) -> np.ndarray:
    """Mean log F0 and energy by which the predictor moves neutral clips, (n_emotions, 2)."""
    rows = [row for row in data.select("train") if row.emotion == "neutral"]
    chosen, found = rows[:: max(1, len(rows) // n_clips)][:n_clips], []
    for row in chosen:
        ids, shares = (torch.from_numpy(x)[None] for x in units.of(row, 0, row.n_frames))
        n_emotions = len(net.config.emotions)
        spoken = Units(*(x.expand(n_emotions, -1, -1) for x in (ids.long(), shares.float())))
        ease = net.ease(torch.from_numpy(voices.speaker_means[row.speaker])[None].float())
        mask = torch.ones(n_emotions, 1, row.n_frames, dtype=torch.bool)
        got = net.contours(
            spoken, mask, net.emotion_means[:, None], None, ease.expand(n_emotions, -1)
        )
        voiced = torch.from_numpy(data.f0_of(row) > 0)
        found.append(torch.stack([x[:, voiced].mean(1) for x in (got.log_f0, got.energy)], dim=1))
    shifts = torch.stack(found).nanmean(0).numpy()
    return shifts - shifts[net.config.emotions.index("neutral")]


def _acted_energies(data: Pack, emotions: tuple[str, ...]) -> np.ndarray:
    """Mean energy of voiced frames by which actors move from neutral, (n_emotions,)."""
    found: dict[tuple[str, str], list[float]] = {}
    for row in data.select("train", "ravdess"):
        voiced = data.f0_of(row) > 0
        if voiced.any():
            energy = float(data.mel_of(row).mean(0)[voiced].mean())
            found.setdefault((row.speaker, row.emotion), []).append(energy)
    means = {key: np.mean(values) for key, values in found.items()}
    shifts = [
        [m - means[s, "neutral"] for (s, e), m in means.items() if e == emotion]
        for emotion in emotions
    ]
    return np.array([np.mean(moved) if moved else np.nan for moved in shifts])


def _gain(predicted: np.ndarray, acted: np.ndarray) -> float:
    """The factor that brings predicted shifts closest to acted ones, from 0.5 to 3."""
    known = ~np.isnan(acted)
    square = float((predicted[known] ** 2).sum())
    found = float((predicted[known] * acted[known]).sum()) / max(square, 1e-9)
    return round(float(np.clip(found, 0.5, 3.0)), 3)
