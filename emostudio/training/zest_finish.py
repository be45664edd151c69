"""What is measured after ZEST has learned: mean embeddings of emotions, and how far they move."""

import numpy as np
import torch

from emostudio.data.features import Pack, Row
from emostudio.models.zest.net import Zest
from emostudio.models.zest.sace import frame_mean
from emostudio.text.phonemes import is_boundary
from emostudio.training.acted import acted_in

# Readers' clips that anchor where nothing moves, and what a mean embedding counts in clips.
N_READ = 400
MEAN_COUNTS = 2000.0
RIDGE = 0.002


@torch.inference_mode()
def finished(net: Zest, data: Pack) -> Zest:
    """Give a trained net its mean embeddings, and the map by which it moves as far as actors do.

    Means are over odd-numbered actors of ravdess, and emodb's for what ravdess has not, so that a
    judge trained on even-numbered ones stays independent.
    """
    config = net.config
    acting = acted_in(data.rows)
    worded = [row for row in data.select("train", worded=True) if row.corpus in acting]
    acted = [row for row in worded if row.emotion in config.emotions]
    if not acted:
        return net
    embeddings = _embeddings(net, data, acted)
    means = torch.zeros_like(net.emotion_means)
    for place, emotion in enumerate(config.emotions):
        rows = [n for n, row in enumerate(acted) if row.emotion == emotion]
        odd = [n for n in rows if acted[n].corpus == "ravdess" and int(acted[n].speaker[-2:]) % 2]
        if rows:
            means[place] = torch.from_numpy(embeddings[odd or rows].mean(0))
    net.emotion_means.copy_(means)
    if config.predictor:
        net.moves.weight.copy_(torch.from_numpy(_moves(net, data, acted, embeddings)))
    return net


def _embeddings(net: Zest, data: Pack, rows: list[Row]) -> np.ndarray:
    mels = (torch.from_numpy(data.mel_of(row))[None] for row in rows)
    return np.concatenate([frame_mean(net.sace(mel)).numpy() for mel in mels])


def _moves(net: Zest, data: Pack, acted: list[Row], embeddings: np.ndarray) -> np.ndarray:
    """Ridge regression of how clips differ from their speaker's neutral ones, (D_emo, 4).

    Mean embeddings count as many clips do, as mixtures are made of them; readers' say where nothing
    moves.
    """
    names = net.config.emotions
    acting = acted_in(data.rows)
    readers = [row for row in data.select("train") if row.corpus not in acting]
    readers = readers[:: max(1, len(readers) // N_READ)]
    measured = _differences(data, [*acted, *readers])
    x = np.concatenate([embeddings, _embeddings(net, data, readers)]) if readers else embeddings
    moved = np.array([measured.get(row.name, np.full(4, np.nan)) for row in [*acted, *readers]])
    weight = np.ones(len(x))
    of_ravdess = [row.corpus == "ravdess" for row in acted]
    for place, emotion in enumerate(names):
        theirs = [n for n, row in enumerate(acted) if row.emotion == emotion and of_ravdess[n]]
        if theirs and emotion != "neutral":
            x = np.concatenate([x, net.emotion_means[place : place + 1].numpy()])
            moved = np.concatenate([moved, np.nanmean(moved[theirs], axis=0, keepdims=True)])
            weight = np.append(weight, MEAN_COUNTS)
    known = ~np.isnan(moved).any(1)
    # Neutral is where everything starts: differences from it need no constant.
    x = (x - net.emotion_means[names.index("neutral")].numpy())[known].astype(np.float64)
    moved, weight = moved[known], weight[known]
    square = (x * weight[:, None]).T @ x
    square += RIDGE * np.trace(square) / len(square) * np.eye(len(square))
    return np.linalg.solve(square, (x * weight[:, None]).T @ moved).astype(np.float32)


def acted_moves(data: Pack, acted: list[Row], emotions: tuple[str, ...]) -> np.ndarray:
    """How far actors move on average, as `Move` names it, (n_emotions, 4); zeros for the rest."""
    measured = _differences(data, acted)
    moves = np.zeros((len(emotions), 4), np.float32)
    for place, emotion in enumerate(emotions):
        theirs = [measured[r.name] for r in acted if r.emotion == emotion and r.name in measured]
        if theirs:
            moves[place] = np.mean(theirs, axis=0)
    return moves


def _differences(data: Pack, rows: list[Row]) -> dict[str, np.ndarray]:
    """What `Move` names, of each voiced clip against its speaker's mean over neutral ones."""
    found: dict[str, np.ndarray] = {}
    neutral: dict[str, list[np.ndarray]] = {}
    for row in rows:
        f0 = data.f0_of(row)
        voiced, sounds = f0 > 0, ~is_boundary(data.tokens_of(row))
        if voiced.sum() < 10 or not sounds.any():
            continue
        log_f0, energy = np.log(f0[voiced]), data.mel_of(row).mean(0)[voiced].mean()
        length = np.log(max(1.0, data.durations_of(row)[sounds].mean()))
        found[row.name] = np.array([log_f0.mean(), np.log(log_f0.std() + 0.02), energy, length])
        if row.emotion == "neutral":
            neutral.setdefault(row.speaker, []).append(found[row.name])
    means = {speaker: np.mean(clips, axis=0) for speaker, clips in neutral.items()}
    return {
        row.name: found[row.name] - means[row.speaker]
        for row in rows
        if row.name in found and row.speaker in means
    }
