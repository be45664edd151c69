"""How well clusters that were found without labels agree with the labels of all actors.

Of every actor, of training and dev alike: where a clip lies is told by a net that never heard that
actor (folds over speakers), and clusters are found within an actor's own clips. Nothing but the
score comes from labels.
"""

from typing import Any

import numpy as np
import torch

from emostudio.audio.functionals import functionals
from emostudio.audio.mel import HOP, SAMPLE_RATE, log_mel
from emostudio.audio.pitch import f0_contour
from emostudio.data.corpora import Utterance
from emostudio.evaluation.real import Recordings, clip_of, spread
from emostudio.evaluation.zest_plan import ACTORS
from emostudio.models.checkpoint import Store
from emostudio.models.diemo.attributes import AttributeConfig
from emostudio.models.speaker import SpeakerEncoder
from emostudio.training.attributes import RUN, Told, unheard
from emostudio.training.clusters import agreements
from emostudio.training.loop import RunConfig

READ = 100  # clips of readers, from whom the nets learn what neutral speech is
EVERY_QUICK = 4  # of the training actors


def measure(
    store: Store, real: Recordings, *, quick: bool = False, run: RunConfig = RUN
) -> dict[str, Any]:
    """Agreement over `five` and `eight` emotions of ravdess, and how well attributes are told.

    `run` is how the nets that tell attributes are trained.

    Raises:
        ValueError: a checkpoint is missing, or actors are missing or have too few clips.
    """
    encoder = store.load(SpeakerEncoder)
    clips = _clips(real, quick=quick)
    figures, embeddings = [], []
    with torch.inference_mode():
        for utterance in clips:
            wav = clip_of(utterance).wav
            mel = log_mel(torch.from_numpy(wav)[None])
            figures.append(functionals(mel[0].numpy(), f0_contour(wav, SAMPLE_RATE, HOP)))
            embeddings.append(encoder(mel)[0].numpy())
    told = Told(tuple(clips), np.stack(figures))
    attributes = unheard(told, AttributeConfig(), run=run)
    found = agreements(told, attributes, embeddings=np.stack(embeddings))
    return _rounded(found | {"actors": len({u.speaker for u in clips if u.corpus in ACTORS})})


def _clips(real: Recordings, *, quick: bool) -> list[Utterance]:
    """All clips of the actors, of a few where it has to be quick, and some of readers."""
    found = spread(real.select("librispeech", split="train"), READ)
    for corpus in ACTORS:
        actors = dict.fromkeys(u.speaker for u in real.select(corpus, split="train"))
        chosen = [*actors][:: EVERY_QUICK if quick else 1]
        train = [u for u in real.select(corpus, split="train") if u.speaker in chosen]
        found += train + real.select(corpus)
    if not any(u.corpus in ACTORS for u in found):
        raise ValueError("These recordings have no actor; see data/corpora.py for the names.")
    return found


def _rounded(found: Any) -> Any:
    """All numbers with four digits."""
    if isinstance(found, dict):
        return {name: _rounded(value) for name, value in found.items()}
    return round(found, 4) if isinstance(found, float) else found
