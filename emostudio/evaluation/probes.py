"""What a fresh linear probe reads from embeddings: who speaks, and in which emotion.

EASE should keep the first of what a speaker embedding holds and lose the second; SACE the other way
round. Probes are logistic regressions on dev speakers' clips, which no net was trained on. They
learn from some clips of a speaker and are asked about others: whatever is left is found.
"""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from emostudio.audio.mel import log_mel
from emostudio.data.corpora import DEV_SPEAKERS, Utterance
from emostudio.evaluation.real import Recordings, clip_of, spread
from emostudio.evaluation.statistics import estimate
from emostudio.evaluation.zest_plan import ACTORS
from emostudio.models.checkpoint import Store
from emostudio.models.speaker import SpeakerEncoder
from emostudio.models.zest.net import Zest
from emostudio.models.zest.sace import frame_mean

FOLDS = 5
CLIPS, CLIPS_QUICK = 40, 10  # of each reader; of actors all
EMBEDDINGS = ("speaker_embedding", "ease", "sace")


@torch.inference_mode()
def measure(store: Store, real: Recordings, *, quick: bool = False) -> dict[str, Any]:
    """Accuracy by embedding of probes for `speaker`, and for `emotion` by corpus and on average.

    Each emotion and each speaker counts as much as the next; `chance` is one in so many.

    Raises:
        ValueError: a checkpoint is missing, or there are no dev actors.
    """
    encoder, zest = store.load(SpeakerEncoder), store.load(Zest)
    clips = clips_of(real, quick=quick)
    found: dict[str, list[np.ndarray]] = {name: [] for name in EMBEDDINGS}
    for utterance in clips:
        mel = log_mel(torch.from_numpy(clip_of(utterance).wav)[None])
        speaker = encoder(mel)
        for name, embedding in zip(
            EMBEDDINGS, (speaker, zest.ease(speaker), frame_mean(zest.sace(mel))), strict=True
        ):
            found[name].append(embedding[0].numpy())
    report: dict[str, Any] = {"clips": len(clips)}
    return report | {name: read(np.stack(embs), clips) for name, embs in found.items()}


def read(embeddings: np.ndarray, clips: Sequence[Utterance]) -> dict[str, Any]:
    """What probes read from embeddings (n, D) of clips: `speaker`, `emotion_CORPUS`, `emotion`."""
    found: dict[str, Any] = {"speaker": probe(embeddings, [u.speaker for u in clips])}
    for corpus in ACTORS:
        chosen = [place for place, u in enumerate(clips) if u.corpus == corpus]
        labels = [clips[place].emotion for place in chosen]
        if len(set(labels)) > 1:
            found[f"emotion_{corpus}"] = probe(embeddings[chosen], labels)
    of_corpora = [row for key, row in found.items() if key.startswith("emotion_")]
    found["emotion"] = {
        key: round(float(np.mean([row[key] for row in of_corpora])), 4)
        for key in ("value", "chance")
    }
    return found


def probe(
    embeddings: np.ndarray, labels: Sequence[str], *, learned: np.ndarray | None = None
) -> dict[str, Any]:
    """Accuracy of a linear probe of embeddings (n, D), each on clips it did not learn from.

    Labels count alike however many clips they have; those of fewer than two clips are left out.
    Where `learned` (n,) bool says from which clips the probe learns, it is asked about the rest.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    names, place, counts = np.unique(np.array(labels), return_inverse=True, return_counts=True)
    kept = counts[place] > 1
    if learned is not None:
        kept &= np.isin(place, place[learned])
    x, y = embeddings[kept], place[kept]
    known = np.unique(y)
    classifier = LogisticRegression(class_weight="balanced", max_iter=1000)
    pipeline = make_pipeline(StandardScaler(), classifier)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        if learned is None:
            n_folds = int(min(FOLDS, counts[known].min()))
            folds = StratifiedKFold(n_folds, shuffle=True, random_state=0)
            heard = np.asarray(cross_val_predict(pipeline, x, y, cv=folds))
        else:
            asked = ~learned[kept]
            heard = pipeline.fit(x[~asked], y[~asked]).predict(x[asked])
            y = y[asked]
    weights = 1 / np.bincount(y)[y]
    right = np.where(heard == y, weights, 0.0)
    found = estimate(right.tolist(), weights.tolist()).json()
    return found | {"chance": round(1 / len(known), 4), "labels": names[known].tolist()}


def clips_of(real: Recordings, *, quick: bool) -> list[Utterance]:
    """All clips of dev actors, and some of each dev reader.

    Raises:
        ValueError: there are no dev actors.
    """
    clips = []
    for speaker in sorted(DEV_SPEAKERS):
        corpus = speaker.split("-")[0]
        of_speaker = real.select(corpus, speaker=speaker)
        some = CLIPS_QUICK if quick else CLIPS
        clips += of_speaker if corpus in ACTORS else spread(of_speaker, some)
    if not any(u.corpus in ACTORS for u in clips):
        raise ValueError("These recordings have no dev actor; see data/corpora.py for the names.")
    return clips
