"""What content units tell of phonemes: purity, mutual information (HuBERT [1], section IV-D).

Truth is the aligner's path through the known text. Silence is told apart easily, so that figures
stand for speech alone as well.

[1] https://arxiv.org/abs/2106.07447
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from emostudio.audio.mel import HOP, log_mel
from emostudio.data.corpora import Utterance
from emostudio.evaluation.held_out import CORPORA
from emostudio.evaluation.real import Recordings, clip_of, spread
from emostudio.models.alignment import PhonemeNet, aligned, classes_of
from emostudio.models.content import UNIT_HOP, Content
from emostudio.text.normalize import normalize
from emostudio.text.phonemes import phonemize

CLIPS, CLIPS_QUICK = 80, 20  # of each corpus
SILENCE = 0


@torch.inference_mode()
def measure(
    content: Content, aligner: PhonemeNet, real: Recordings, *, quick: bool = False
) -> dict[str, Any]:
    """Figures over dev clips of all corpora, `all` frames and those of `speech`.

    Raises:
        ValueError: there is no dev clip that holds all of its text.
    """
    units: list[np.ndarray] = []
    phones: list[np.ndarray] = []
    for corpus in CORPORA:
        clips = spread(real.select(corpus), CLIPS_QUICK if quick else CLIPS)
        for utterance, tokens in zip(clips, _tokens(clips), strict=True):
            wav = torch.from_numpy(clip_of(utterance).wav)[None]
            try:
                durations = aligned(aligner, log_mel(wav)[0].numpy(), tokens)
            except ValueError:  # its text is longer than it is
                continue
            found = content.units(wav).ids[0, :, 0].numpy()
            units.append(found)
            phones.append(at_units(np.repeat(classes_of(tokens), durations), len(found)))
    if not units:
        raise ValueError("These recordings have no dev clip that holds all of its text.")
    of_units, of_phones = np.concatenate(units), np.concatenate(phones)
    speech = of_phones != SILENCE
    return {
        "clips": len(units),
        "all": figures(of_units, of_phones),
        "speech": figures(of_units[speech], of_phones[speech]),
    }


def figures(units: np.ndarray, phones: np.ndarray) -> dict[str, Any]:
    """How well units (N,) and phones (N,), integers from 0, tell of each other; entropies in bits.

    `phone_purity` is how often a unit's commonest phone is said, `unit_purity` how often a phone's
    commonest unit is taken, `told` the share of the phones' entropy that units take away.
    """
    joint = np.zeros((units.max(initial=0) + 1, phones.max(initial=0) + 1))
    np.add.at(joint, (units, phones), 1 / max(1, len(units)))
    of_phones, of_both = entropy(joint.sum(0)), entropy(joint)
    left = of_both - entropy(joint.sum(1))
    return {
        "frames": len(units),
        "units_used": int((joint.sum(1) > 0).sum()),
        "phone_purity": round(float(joint.max(1).sum()), 4),
        "unit_purity": round(float(joint.max(0).sum()), 4),
        "phone_entropy": round(of_phones, 4),
        "phone_entropy_given_unit": round(max(0.0, left), 4),
        "mutual_information": round(of_phones - left, 4),
        "told": round((of_phones - left) / of_phones, 4) if of_phones else 0.0,
    }


def entropy(shares: np.ndarray) -> float:
    """Entropy of shares that sum to one, in bits.

    >>> entropy(np.full(8, 1 / 8))
    3.0
    """
    known = shares[shares > 0]
    return float(-(known * np.log2(known)).sum())


def at_units(classes: np.ndarray, n_units: int) -> np.ndarray:
    """What is said (T,) in mel frames at the centers of `n_units` units."""
    centers = (np.arange(n_units) + 0.5) * UNIT_HOP / HOP
    return classes[np.minimum(centers.astype(int), len(classes) - 1)]


def _tokens(clips: Sequence[Utterance]) -> list[np.ndarray]:
    if not clips:
        return []
    lang = clips[0].lang  # of a corpus there is one
    return phonemize([normalize(u.text, lang) for u in clips], lang)
