"""The aligner: a phoneme net on mel frames, and the monotonic path of known phonemes through them.

Trained by expectation maximization over all monotonic paths of a hybrid hidden Markov model [1, 2]:
the forward-backward pass gives each frame its share of each token, the net learns those shares.
(Learning only the best path was tried first: a third of the phonemes collapsed to one frame.)
Durations are frames of the house mel. The same net tells how alike two recordings' words are.

[1] Rabiner, A tutorial on hidden Markov models (1989), section III
[2] Zeyer et al., CTC in the context of generalized full-sum HMM training (Interspeech 2017)
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import numba
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from emostudio.audio.mel import N_MELS
from emostudio.models.blocks import ConvNextStack
from emostudio.text.phonemes import BOUNDARIES, N_STRESSES, PHONEMES, is_boundary

# All boundaries sound the same, like silence: class 0. Stress is not told apart.
N_CLASSES = 1 + len(PHONEMES)
# How much emissions and class priors count (hybrid practice), and what a loud boundary costs.
EMISSION_SCALE = 0.5
PRIOR_SCALE = 0.8
QUIET = 0.25
LOUD_COST = 30.0
# Frames that a phoneme lasts at least, where the recording is long enough.
MIN_FRAMES = 2


@dataclass(frozen=True)
class AlignerConfig:
    """Sizes of the phoneme net."""

    dim: int = 160
    hidden: int = 400
    depth: int = 4
    kernel: int = 5

    @classmethod
    def tiny(cls) -> "AlignerConfig":
        """A net that a test can run in milliseconds."""
        return cls(dim=16, hidden=32, depth=1)

    @classmethod
    def paper(cls) -> "AlignerConfig":
        """A larger net for more speech than ours; no paper sets its size."""
        return cls(dim=384, hidden=1024, depth=8)


class PhonemeNet(nn.Module):
    """Mel frames to log probabilities of phoneme classes."""

    log_prior: Tensor

    def __init__(self, config: AlignerConfig) -> None:
        """Build an untrained net."""
        super().__init__()
        self.config = config
        self.stack = ConvNextStack(N_MELS, config.dim, config.hidden, config.depth, config.kernel)
        self.head = nn.Linear(config.dim, N_CLASSES)
        self.register_buffer("log_prior", torch.zeros(N_CLASSES))

    def forward(
        self,
        mel: Float[Tensor, "B n_mels T"],
        mel_mask: Bool[Tensor, "B 1 T"] | None = None,
    ) -> Float[Tensor, "B T n_classes"]:
        """Log probabilities; the mean of each band over the item is taken off first."""
        mask = torch.ones_like(mel[:, :1], dtype=torch.bool) if mel_mask is None else mel_mask
        mean = (mel * mask).sum(-1, keepdim=True) / mask.sum(-1, keepdim=True)
        h = self.head(self.stack((mel - mean) / 2.5 * mask, mask))
        return torch.log_softmax(h.float(), dim=-1)


def _compiled(function: Callable) -> Callable:
    # Type-checking hooks of the tests wrap functions; numba needs the bare one.
    return numba.njit(cache=True)(inspect.unwrap(function))


def classes_of(tokens: np.ndarray) -> np.ndarray:
    """Phoneme class of each token: 0 for boundaries."""
    return np.maximum(0, tokens // N_STRESSES - len(BOUNDARIES) + 1)


def emission_of(
    log_probs: np.ndarray,
    log_prior: np.ndarray,
    tokens: np.ndarray,
    mel: np.ndarray,
    scale: float = EMISSION_SCALE,
) -> np.ndarray:
    """Log likelihood (T, L) of each frame under each token, up to a constant a frame.

    A boundary can't be loud: without that, silence is free to stand for all speech while the net
    knows nothing yet, and it stays so.

    Args:
        log_probs: (T, n_classes) of the phoneme net.
        log_prior: (n_classes,) how often each class occurs.
        tokens: (L,) what is said.
        mel: (n_mels, T) natural log.
        scale: how much the net counts.
    """
    scaled = scale * (log_probs - PRIOR_SCALE * log_prior)
    energy = mel.mean(0)
    low, high = np.percentile(energy, [5, 95])
    loudness = np.clip((energy - low) / max(high - low, 1.0) - QUIET, 0, 1)
    emission = scaled[:, classes_of(tokens)].astype(np.float64)
    emission[:, is_boundary(tokens)] -= LOUD_COST * loudness[:, None]
    return emission


@_compiled
def _best_path(emission: np.ndarray, optional: np.ndarray) -> np.ndarray:
    n_frames, n_tokens = emission.shape
    worst = -1e30
    best = np.full((n_frames, n_tokens), worst)
    came = np.zeros((n_frames, n_tokens), np.int8)
    best[0, 0] = emission[0, 0]
    if optional[0] and n_tokens > 1:
        best[0, 1] = emission[0, 1]
    for t in range(1, n_frames):
        for j in range(n_tokens):
            top, step = best[t - 1, j], 0
            if j > 0 and best[t - 1, j - 1] > top:
                top, step = best[t - 1, j - 1], 1
            if j > 1 and optional[j - 1] and best[t - 1, j - 2] > top:
                top, step = best[t - 1, j - 2], 2
            if top > worst:
                best[t, j] = top + emission[t, j]
                came[t, j] = step
    durations = np.zeros(n_tokens, np.int32)
    j = n_tokens - 1
    if optional[j] and n_tokens > 1 and best[n_frames - 1, j - 1] > best[n_frames - 1, j]:
        j -= 1
    for t in range(n_frames - 1, -1, -1):
        durations[j] += 1
        j -= came[t, j]
    return durations


def states_of(tokens: np.ndarray, n_frames: int) -> np.ndarray:
    """The token (S,) that each state of the path belongs to: one state a boundary, two a phoneme.

    Raises:
        ValueError: fewer frames than phonemes.
    """
    optional = is_boundary(tokens)
    needed = int((~optional).sum())
    if n_frames < needed:
        raise ValueError(
            f"The recording has {n_frames} frames for {needed} phonemes: "
            "it does not hold all of its text."
        )
    states = MIN_FRAMES if n_frames >= MIN_FRAMES * needed else 1
    return np.repeat(np.arange(len(tokens)), np.where(optional, 1, states))


def best_path(emission: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Durations (L,) in frames of the likeliest monotonic path.

    Args:
        emission: (T, L) log likelihood of frame t under token j.
        tokens: (L,); boundaries may last zero frames, and no two of them stand side by side.

    Raises:
        ValueError: fewer frames than phonemes.
    """
    states = states_of(tokens, len(emission))
    spent = _best_path(np.ascontiguousarray(emission[:, states]), is_boundary(tokens)[states])
    return np.bincount(states, weights=spent, minlength=len(tokens)).astype(np.int32)


@torch.inference_mode()
def aligned(net: PhonemeNet, mel: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Durations (L,) in frames of tokens (L,) in a mel (n_mels, T), along the best path.

    Raises:
        ValueError: fewer frames than phonemes.
    """
    device = next(net.parameters()).device
    log_probs = net(torch.from_numpy(mel)[None].to(device))[0].cpu().numpy()
    return best_path(emission_of(log_probs, net.log_prior.cpu().numpy(), tokens, mel), tokens)


def occupancy(emission: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Probability (T, L) that frame t lies in token j, over all monotonic paths.

    Arguments and errors are those of `best_path`.
    """
    states = states_of(tokens, len(emission))
    found = _occupancy(np.ascontiguousarray(emission[:, states]), is_boundary(tokens)[states])
    shares = np.zeros(emission.shape)
    np.add.at(shares.T, states, found.T)
    return shares


@_compiled
def _add(a: float, b: float) -> float:
    high, low = (a, b) if a > b else (b, a)
    return high + np.log1p(np.exp(low - high)) if low > high - 40 else high


@_compiled
def _occupancy(emission: np.ndarray, optional: np.ndarray) -> np.ndarray:
    n_frames, n_tokens = emission.shape
    low = -1e30
    ahead = np.full((n_frames, n_tokens), low)
    ahead[0, 0] = emission[0, 0]
    if optional[0] and n_tokens > 1:
        ahead[0, 1] = emission[0, 1]
    for t in range(1, n_frames):
        for j in range(n_tokens):
            total = ahead[t - 1, j]
            if j > 0:
                total = _add(total, ahead[t - 1, j - 1])
            if j > 1 and optional[j - 1]:
                total = _add(total, ahead[t - 1, j - 2])
            ahead[t, j] = total + emission[t, j]
    behind = np.full((n_frames, n_tokens), low)
    behind[n_frames - 1, n_tokens - 1] = 0.0
    if optional[n_tokens - 1] and n_tokens > 1:
        behind[n_frames - 1, n_tokens - 2] = 0.0
    for t in range(n_frames - 2, -1, -1):
        for j in range(n_tokens):
            total = behind[t + 1, j] + emission[t + 1, j]
            if j + 1 < n_tokens:
                total = _add(total, behind[t + 1, j + 1] + emission[t + 1, j + 1])
            if j + 2 < n_tokens and optional[j + 1]:
                total = _add(total, behind[t + 1, j + 2] + emission[t + 1, j + 2])
            behind[t, j] = total
    share = np.empty((n_frames, n_tokens))
    for t in range(n_frames):
        row = ahead[t] + behind[t]
        weights = np.exp(row - row.max())
        share[t] = weights / weights.sum()
    return share


def even_durations(n_frames: int, optional: np.ndarray, edge: int = 5) -> np.ndarray:
    """Cut frames evenly among the phonemes, `edge` frames of silence at both ends: a flat start."""
    durations = np.zeros(len(optional), np.int32)
    must = np.flatnonzero(~optional)
    edge = max(0, min(edge, (n_frames - len(must)) // 2))
    marks = np.linspace(0, n_frames - 2 * edge, len(must) + 1).round().astype(np.int32)
    durations[must] = np.diff(marks)
    durations[0] += edge
    durations[-1] += edge
    return durations
