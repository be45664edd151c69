"""Recipe of the attribute regressor, and its folds: speakers told by nets that never heard them.

Nobody rated these corpora on arousal, dominance and valence. What a clip should tell is where its
emotion lies by Russell & Mehrabian (see `models.ser`), nearer to neutral where it was not acted
with strong intensity.
"""

import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from emostudio.analysis.clustering import by_speaker
from emostudio.audio.functionals import functionals
from emostudio.data import batches
from emostudio.data.corpora import Utterance
from emostudio.data.features import Pack, Row
from emostudio.models.diemo.attributes import (
    ATTRIBUTES,
    AttributeConfig,
    AttributeRegressor,
    standardize,
)
from emostudio.models.ser import affect_of
from emostudio.training.loop import Recipe, RunConfig, fit

READ_SHARE = 0.1
CLIPS_A_READER = 20
NORMAL = 0.7  # of the way from neutral to an emotion that is acted strongly
N_FOLDS = 5
OFTEN = 6  # clips of one sentence by one speaker, in emotions enough to tell what the words do
RUN = RunConfig(
    max_steps=300,
    batch_size=256,
    learning_rate=3e-3,
    weight_decay=0.05,
    warmup_steps=20,
    average_decay=0.95,
)


@dataclass(frozen=True)
class Told:
    """Clips with their functionals (N, D). A clip without an emotion is told, not learned from."""

    clips: tuple[Row | Utterance, ...]
    figures: np.ndarray

    @classmethod
    def of(cls, pack: Pack) -> "Told":
        """Every clip of who acts, and some of every reader."""
        acted = acting(pack.rows)
        taken: Counter[str] = Counter()
        rows = []
        for row in pack.rows:
            taken[row.speaker] += 1
            if row.corpus in acted or taken[row.speaker] <= CLIPS_A_READER:
                rows.append(row)
        figures = [functionals(pack.mel_of(row), pack.f0_of(row)) for row in rows]
        return cls(tuple(rows), np.stack(figures))

    @property
    def speakers(self) -> list[str]:
        """Who speaks each clip (N,)."""
        return [clip.speaker for clip in self.clips]

    def where(self, keep: Sequence[bool] | np.ndarray) -> "Told":
        """The clips for which `keep` (N,) holds."""
        places = np.flatnonzero(keep)
        return Told(tuple(self.clips[n] for n in places), self.figures[places])

    def standardized(self) -> np.ndarray:
        """Functionals (N, D) as they differ among the clips of their speaker.

        Of sentences that the speaker says again and again, what the words do goes too. It takes no
        labels.
        """
        found = np.empty_like(self.figures)
        for places in by_speaker(self.speakers).values():
            figures = self.figures[places].copy()
            texts = np.array([self.clips[n].text for n in places])
            for text, times in Counter(texts.tolist()).items():
                if text and times >= OFTEN:
                    figures[texts == text] -= figures[texts == text].mean(0)
                else:
                    figures[texts == text] -= self.figures[places].mean(0)
            found[places] = standardize(figures)
        return found


def acting(clips: Iterable[Row | Utterance]) -> dict[str, int]:
    """Corpora whose speakers act, with the number of emotions; 0 where clips have no labels."""
    known: dict[str, set[str]] = {}
    for clip in clips:
        known.setdefault(clip.corpus, set()).add(clip.emotion)
    return {c: 0 if "" in of else len(of) for c, of in known.items() if len(of) > 1 or "" in of}


def target(clip: Row | Utterance) -> tuple[float, ...]:
    """Attributes, each in [0, 1], that a clip with an emotion should tell."""
    there = affect_of({clip.emotion: 1.0})
    share = 1.0 if clip.intensity == "strong" else NORMAL
    return tuple(0.5 + share * (getattr(there, name) - 0.5) for name in ATTRIBUTES)


class AttributeRecipe(Recipe[AttributeRegressor]):
    """One minus the concordance of what is told with what should be, mean over attributes."""

    def __init__(self, config: AttributeConfig, told: Told, *, ways: int = 2) -> None:
        """Prepare to train on all clips that have an emotion.

        Clips are seen as some of the speaker's many, the one way, and as of whoever, the other.
        """
        super().__init__()
        told = told.where([bool(clip.emotion) for clip in told.clips])
        self.export = AttributeRegressor(config)
        self.export.mean.copy_(torch.from_numpy(told.figures.mean(0)))
        self.export.sd.copy_(torch.from_numpy(told.figures.std(0) + 1e-4))
        seen = [told.standardized(), standardize(told.figures)][:ways]
        self._figures = torch.from_numpy(np.stack(seen))
        self._targets = torch.tensor([target(clip) for clip in told.clips])
        self._weights = _weights(told.clips)

    def batch(self, step: int, batch_size: int, rank: int, seed: int) -> dict[str, Tensor]:
        """Clips with a little noise."""
        rng = batches.step_rng(seed, step, rank)
        drawn = rng.choice(len(self._weights), batch_size, p=self._weights)
        ways = rng.integers(0, len(self._figures), batch_size)
        noise = 0.1 * rng.normal(size=(batch_size, self._figures.shape[-1]))
        return {
            "figures": self._figures[ways, drawn] + torch.from_numpy(noise).float(),
            "targets": self._targets[drawn],
        }

    def forward(self, batch: dict[str, Tensor], player: str = "model") -> dict[str, Tensor]:
        """The loss, and the concordance of every attribute."""
        told = self.export.each(batch["figures"])
        found = torch.stack([concordance(each, batch["targets"]) for each in told]).mean(0)
        return {"loss": 1 - found.mean(), **dict(zip(ATTRIBUTES, found, strict=True))}


def _weights(clips: Sequence[Row | Utterance]) -> np.ndarray:
    """Sampling weights (N,): every clip of who acts, and a share for those who read."""
    corpora = acting(clips)
    acted = np.array([clip.corpus in corpora for clip in clips])
    share = READ_SHARE if acted.any() and not acted.all() else 0.5
    drawn = np.where(acted, (1 - share) / max(acted.sum(), 1), share / max((~acted).sum(), 1))
    return drawn / drawn.sum()


def concordance(told: Tensor, targets: Tensor) -> Tensor:
    """Lin's concordance correlation (3,) of attributes (N, 3) with what they should be.

    It asks for the right mean and spread too, so that a net which plays safe and says neutral of
    everything gains nothing.
    """
    far, there = told - told.mean(0), targets - targets.mean(0)
    apart = (told.mean(0) - targets.mean(0)).square()
    return 2 * (far * there).mean(0) / (far.square().mean(0) + there.square().mean(0) + apart)


def unheard(told: Told, config: AttributeConfig, *, run: RunConfig = RUN) -> np.ndarray:
    """Attributes (N, 3) of all clips, each by a net that never heard its speaker's labels.

    Speakers who act are dealt into folds within their corpus. Readers and clips without labels are
    told by the first fold's net.

    Raises:
        ValueError: fewer than two speakers act, or it was stopped before all folds were trained.
    """
    fold_of = folds(told.clips)
    if len(set(fold_of.values())) < 2:
        raise ValueError(
            "Attributes are told by what other speakers' labels teach: at least two speakers of a "
            "corpus must act. Add a corpus with labels, such as ravdess."
        )
    fold = np.array([fold_of.get(speaker, -1) for speaker in told.speakers])
    found = np.empty((len(fold), len(ATTRIBUTES)), np.float32)
    figures = told.standardized()
    for n in range(N_FOLDS):
        if n and n not in fold:
            continue
        net = _trained(told.where((fold >= 0) & (fold != n)), config, run)
        its = np.maximum(fold, 0) == n
        with torch.inference_mode():
            found[its] = net(torch.from_numpy(figures[its])).numpy()
    return found


def folds(clips: Sequence[Row | Utterance]) -> dict[str, int]:
    """The fold of every speaker who acts with labels."""
    corpora = [corpus for corpus, emotions in acting(clips).items() if emotions]
    found = {}
    for corpus in corpora:
        speakers = sorted({clip.speaker for clip in clips if clip.corpus == corpus})
        found |= {speaker: n % N_FOLDS for n, speaker in enumerate(speakers)}
    return found


def _trained(told: Told, config: AttributeConfig, run: RunConfig) -> AttributeRegressor:
    torch.manual_seed(run.seed)  # the first weights
    recipe = AttributeRecipe(config, told, ways=1)
    with tempfile.TemporaryDirectory() as folder:
        if fit(recipe, run, Path(folder)) < run.max_steps:
            raise ValueError("The folds were stopped before all were trained; start them again.")
        recipe.export.load_state_dict(load_file(Path(folder) / "model.safetensors"))
    return recipe.export.cpu().eval()
