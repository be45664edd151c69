"""What linear probes read from DiEmo's emotion embedding: the emotion, and no longer the speaker.

Beside it stand the recognizer's embedding, which has heard labels, the speaker encoder's, and the
functionals that no net has touched. Probes of emotion learn from training actors and are asked
about actors that neither they nor any net has heard: among clips of one actor even an untrained net
tells emotions apart. Probes of speakers learn from some clips of dev speakers; as a corpus is told
by its emotions alone, eight readers of one corpus are asked about apart.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from emostudio.audio.functionals import functionals
from emostudio.audio.mel import HOP, SAMPLE_RATE, log_mel
from emostudio.audio.pitch import f0_contour
from emostudio.data.corpora import Utterance
from emostudio.evaluation import probes
from emostudio.evaluation.real import Recordings, clip_of, spread
from emostudio.evaluation.zest_plan import ACTORS
from emostudio.models.checkpoint import Store
from emostudio.models.diemo.net import DiEmo
from emostudio.models.ser import EmotionRecognizer
from emostudio.models.speaker import SpeakerEncoder

DIEMO, RECOGNIZER, SPEAKER, RAW = "diemo", "recognizer", "speaker_embedding", "functionals"
EMOTION, READERS = "emotion_of_unheard", "speaker_of_readers"
LEARNED, LEARNED_QUICK = 540, 60  # clips of training actors of each corpus


def measure(store: Store, real: Recordings, *, quick: bool = False) -> dict[str, Any]:
    """Accuracy by embedding of what `read` asks.

    Raises:
        ValueError: a checkpoint is missing, or there are no actors of both splits.
    """
    net, recognizer = store.load(DiEmo), store.load(EmotionRecognizer)
    speaker = store.load(SpeakerEncoder)
    clips = _clips(real, quick=quick)
    found: dict[str, list[np.ndarray]] = {name: [] for name in (DIEMO, RECOGNIZER, SPEAKER, RAW)}
    with torch.inference_mode():
        for utterance in clips:
            wav = clip_of(utterance).wav
            mel = log_mel(torch.from_numpy(wav)[None])
            found[DIEMO].append(net.embed(mel)[0].numpy())
            found[RECOGNIZER].append(recognizer(mel)[1][0].numpy())
            found[SPEAKER].append(speaker(mel)[0].numpy())
            f0 = f0_contour(wav, SAMPLE_RATE, HOP)
            found[RAW].append(functionals(mel[0].numpy(), f0))
    report: dict[str, Any] = {"clips": len(clips)}
    return report | {name: read(np.stack(embs), clips) for name, embs in found.items()}


def of_runs(
    store: Store, folders: Sequence[Path], real: Recordings, *, quick: bool = False
) -> dict[str, dict[str, Any]]:
    """What probes read from the embeddings of runs FOLDER/diemo, by the name of the folder.

    Raises:
        ValueError: there are no actors of both splits.
    """
    clips = _clips(real, quick=quick)
    mels = [log_mel(torch.from_numpy(clip_of(u).wav)[None]) for u in clips]
    report = {}
    for folder in folders:
        net = Store(store.shipped, str(folder)).load(DiEmo)
        with torch.inference_mode():
            embeddings = np.stack([net.embed(mel)[0].numpy() for mel in mels])
        found = read(embeddings, clips)
        report[folder.name] = {f"probe_{what}": row for what, row in found.items()}
    return report


def read(embeddings: np.ndarray, clips: Sequence[Utterance]) -> dict[str, Any]:
    """What probes read from embeddings (n, D) of clips; emotion is the mean over corpora.

    Raises:
        ValueError: there is no training actor.
    """
    dev = np.array([u.split == "dev" for u in clips])
    found: dict[str, Any] = {}
    of_corpora = []
    for corpus in ACTORS:
        chosen = np.array([u.corpus == corpus for u in clips])
        labels = [u.emotion for u in clips if u.corpus == corpus]
        if (chosen & dev).any() and (chosen & ~dev).any():
            row = probes.probe(embeddings[chosen], labels, learned=~dev[chosen])
            found[f"{EMOTION}_{corpus}"] = row
            of_corpora.append(row)
    if not of_corpora:
        raise ValueError(
            "These recordings have no training actor of a corpus of which there is a dev actor; "
            "see data/corpora.py for the names."
        )
    found[EMOTION] = {
        key: round(float(np.mean([row[key] for row in of_corpora])), 4)
        for key in ("value", "chance")
    }
    found["speaker"] = probes.probe(embeddings[dev], [u.speaker for u in clips if u.split == "dev"])
    readers = np.array([u.corpus == "librispeech" for u in clips])
    names = [u.speaker for u in clips if u.corpus == "librispeech"]
    if len(set(names)) > 1:
        found[READERS] = probes.probe(embeddings[readers], names)
    return found


def _clips(real: Recordings, *, quick: bool) -> list[Utterance]:
    """Dev clips, and clips of training actors."""
    some = LEARNED_QUICK if quick else LEARNED
    learned = [spread(real.select(corpus, split="train"), some) for corpus in ACTORS]
    return probes.clips_of(real, quick=quick) + [u for us in learned for u in us]
