"""Recipe of ZEST on a pack with units: EASE, SACE, F0 predictor and synthesizer in one loop.

As published, EASE learns from speaker embeddings alone and SACE with the F0 predictor; the
synthesizer takes both as they are. What the paper does not have: the recording that the mel
synthesizer looks into is another one of the same actor, mostly of the same sentence in another
emotion, so that it learns to move between emotions.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from emostudio.audio.pitch import fill_unvoiced
from emostudio.data import batches
from emostudio.data.features import Pack, Row
from emostudio.models.alignment import classes_of
from emostudio.models.blocks import lengths_to_mask
from emostudio.models.zest.config import ZestConfig
from emostudio.models.zest.contours import Contours
from emostudio.models.zest.generator import UnitGenerator, f0_at_unit_rate
from emostudio.models.zest.net import Zest
from emostudio.models.zest.sace import frame_mean, reverse_gradient
from emostudio.training.acted import acted_in, weights
from emostudio.training.content import PackedUnits
from emostudio.training.drawing import DrawingRecipe
from emostudio.training.ease import head, speaker_directions
from emostudio.training.emomix import Voices
from emostudio.training.ser import shake_bands, shake_channel
from emostudio.training.transfer import Listeners
from emostudio.training.zest_finish import acted_moves
from emostudio.training.zest_generator import GeneratorLosses, generated, segment
from emostudio.training.zest_mel import Told, mel_losses, packed

# Five mel frames are four units: windows start and end where both do.
CROP = 130
PROMPT_CROP = 200
# How often an emotion is shown by another clip of it than the target, and as a mean.
OTHER_CLIP, MEAN_SHARE = 0.6, 0.5
# How often a neutral clip itself is the one looked into, as it is at conversion, and how much more
# often those of actors, who have few, are drawn.
OWN_PROMPT, NEUTRAL_FACTOR = 0.5, 3.0
SAME_SENTENCE = 0.7
# How often an acted clip is learned under its emotion's running mean, as a mixture asks for it, and
# under a reader's name: no reader of the corpora is ever angry, and a net that is told who speaks
# learns that readers never are.
LABEL_SHARE, SWAP_SHARE = 0.5, 0.6
# Acted clips of a step that SACE alone hears, as a share of the batch.
EXTRA_SHARE = 1.5
EASE_ROWS = 256
EASE_ADVERSARY = 10.0
ADVERSARY_STEPS = 2000
WEIGHTS = {
    "ease": 1.0,
    "ease_adversary": 1.0,
    "sace": 1.0,
    "sace_adversary": 0.3,
    "pitch": 5.0,
    "voicing": 0.5,
    "loudness": 0.2,
    "speech": 1.0,
}
# What an ablation leaves out: what both adversaries teach (they still guess, so that it can be told
# how much is left to guess), or the predictor (the source's own contours stay).
ABLATIONS = ("adversary", "predictor")
FACTORS = {"ravdess": 3.0, "emodb": 2.0, "kathleen": 1.0, "librispeech": 1.0}


class ZestRecipe(DrawingRecipe[Zest]):
    """All losses of ZEST, with the heads that only training needs."""

    level: Tensor

    def __init__(
        self,
        config: ZestConfig,
        data: Pack,
        voices: Voices,
        units: PackedUnits,
        listeners: Listeners,
        *,
        without: str = "",
        adversarial: bool = False,
    ) -> None:
        """Prepare nets and rows.

        The listeners are frozen. `without` is one of `ABLATIONS`. With `adversarial`,
        discriminators hear a generator; the mel synthesizer has none.
        """
        super().__init__()
        predicts = config.predictor and without != "predictor"
        config = replace(config, predictor=predicts, inventory=units.inventory)
        self.export = Zest(config)
        # What takes no part must not be waited for where several devices train.
        self.export.contours.requires_grad_(config.predictor)
        self._data, self._voices, self._units = data, voices, units
        self._listeners, self._without = listeners, without
        self._rows = [
            row for row in data.select("train", worded=True) if row.emotion in config.emotions
        ]
        self._acting = acted_in(data.rows)
        self._weights = self.weigh(self._rows)
        self._places = {row.name: place for place, row in enumerate(data.rows)}
        self._of_speaker: dict[str, list[Row]] = {}
        self._of_emotion: dict[tuple[str, str], list[Row]] = {}
        self._parallel: dict[tuple[str, str], list[Row]] = {}
        for row in self._rows:
            self._of_speaker.setdefault(row.speaker, []).append(row)
            self._of_emotion.setdefault((row.corpus, row.emotion), []).append(row)
            self._parallel.setdefault((row.speaker, row.text), []).append(row)
        self._speakers = sorted(self._of_speaker)
        self._acted = [row for row in self._rows if row.corpus in self._acting]
        self._acted_weights = weights(self._acted, self._acting, 0.0)
        acted = sorted({row.speaker for row in self._acted})
        self._actors = {speaker: place for place, speaker in enumerate(acted)}
        self._readers = sorted({r.speaker for r in self._rows if r.corpus not in self._acting})
        directions = speaker_directions(self._acted, voices, self._places, config.ease_rank)
        if directions is not None:
            self.export.ease.start_from(torch.from_numpy(directions))
        n_emotions, e_dim = len(config.emotions), config.emotion_dim
        self.sace_emotion = nn.Linear(e_dim, n_emotions)
        self.sace_speaker = nn.Sequential(
            nn.Conv1d(e_dim, e_dim, 5, padding=2), nn.ReLU(), nn.Conv1d(e_dim, e_dim, 5, padding=2)
        )
        self.sace_speaker_head = nn.Linear(e_dim, max(1, len(acted)))
        self.ease_speaker = head(config.ease_dim, len(self._speakers))
        self.ease_emotion = head(config.ease_dim, n_emotions)
        self.register_buffer("level", torch.zeros(n_emotions, e_dim))  # running emotion means
        self._moves = torch.from_numpy(acted_moves(data, self._acted, config.emotions))
        self.speech = None
        if isinstance(self.export.synthesizer, UnitGenerator):
            self.speech = GeneratorLosses(adversarial=adversarial)

    def weigh(self, rows: Sequence[Row]) -> np.ndarray:
        """Corpora by the root of their frames, actors' few neutral clips more."""
        plain = [row.corpus in self._acting and row.emotion == "neutral" for row in rows]
        drawn = batches.corpus_weights(rows, **FACTORS) * np.where(plain, NEUTRAL_FACTOR, 1.0)
        return drawn / drawn.sum()

    def players(self) -> dict[str, list[nn.Parameter]]:
        """All that converts with the heads, and the discriminators where they play."""
        if self.speech is None or self.speech.discriminators is None:
            return super().players()
        theirs = list(self.speech.discriminators.parameters())
        known = {id(parameter) for parameter in theirs}
        ours = [parameter for parameter in self.parameters() if id(parameter) not in known]
        return {"model": ours, "discriminator": theirs}

    def batch(self, step: int, batch_size: int, rank: int, seed: int) -> dict[str, Tensor]:
        """Windows, clips that show their emotions, recordings of their voices; rows for EASE."""
        rng = batches.step_rng(seed, step, rank)
        rows = batches.choose(rng, self._rows, self._weights, batch_size)
        items = batches.by_name(self._item(rng, row) for row in rows)
        found = {name: batches.pad(values) for name, values in items.items()}
        for name in ("mel", "shown", "prompt"):
            found[f"{name}_lengths"] = batches.lengths(items[name])
        found |= self._extra(rng, round(EXTRA_SHARE * batch_size))
        rows = [self._rows[i] for i in rng.integers(len(self._rows), size=EASE_ROWS // 2)]
        rows += [self._acted[i] for i in rng.integers(len(self._acted), size=EASE_ROWS // 2)]
        emotions = self.export.config.emotions
        places = [self._places[row.name] for row in rows]
        found["ease_x"] = torch.from_numpy(self._voices.speaker_emb[places])
        found["ease_speakers"] = torch.tensor([self._speakers.index(r.speaker) for r in rows])
        found["ease_emotions"] = torch.tensor([emotions.index(r.emotion) for r in rows])
        found["ease_acted"] = torch.tensor([r.corpus in self._acting for r in rows])
        # The adversaries gain weight as published: 2 / (1 + exp(-10 p)) - 1.
        found["progress"] = torch.tensor(np.tanh(5 * step / ADVERSARY_STEPS), dtype=torch.float32)
        return found

    def _extra(self, rng: np.random.Generator, n: int) -> dict[str, Tensor]:
        """Acted clips for SACE, every emotion as often."""
        rows = batches.choose(rng, self._acted, self._acted_weights, n)
        emotions = self.export.config.emotions
        mels = []
        for row in rows:
            part = slice(*_window(rng, row.n_frames, CROP))
            mels.append(shake_channel(rng, shake_bands(rng, self._data.mel_of(row)[:, part])))
        return {
            "extra": batches.pad(mels),
            "extra_lengths": batches.lengths(mels),
            "extra_emotion": torch.tensor([[emotions.index(row.emotion)] for row in rows]),
            "extra_speaker": torch.tensor([[self._actors[row.speaker]] for row in rows]),
        }

    def _item(self, rng: np.random.Generator, row: Row) -> dict[str, np.ndarray]:
        data, voices = self._data, self._voices
        start, stop = _window(rng, row.n_frames, CROP)
        f0 = data.f0_of(row)
        acted = row.corpus in self._acting
        # Who shows the emotion: the clip itself, or anyone's clip of it.
        shown = row
        if rng.random() < OTHER_CLIP:
            shown = _one(rng, self._of_emotion[row.corpus, row.emotion])
        part = slice(*_window(rng, shown.n_frames, CROP))
        shown_mel = data.mel_of(shown)[:, part]
        if rng.random() < 0.5:
            shown_mel = shake_channel(rng, shake_bands(rng, shown_mel))
        prompt = self._prompt(rng, row)
        own = prompt is row
        p_start, p_stop = _window(rng, prompt.n_frames, PROMPT_CROP)
        if own:  # as at conversion, what is asked for is there
            p_start, p_stop = max(0, start - 35), min(row.n_frames, stop + 35)
        ids, shares = self._units.of(row, start, stop)
        p_ids, p_shares = self._units.of(prompt, p_start, p_stop)
        speaker = _one(rng, self._of_speaker[row.speaker])
        ease = voices.speaker_emb[self._places[speaker.name]]
        if rng.random() < MEAN_SHARE:
            ease = voices.speaker_means[row.speaker]
        if acted and not own and self._readers and rng.random() < SWAP_SHARE:
            ease = voices.speaker_means[self._readers[int(rng.integers(len(self._readers)))]]
        classes = np.repeat(classes_of(data.tokens_of(row)), data.durations_of(row))
        emotions = self.export.config.emotions
        asked = int(rng.integers(1, len(emotions)))
        heard = {} if self.speech is None else segment(rng, data, row, start, stop)
        return heard | {
            "mel": data.mel_of(row)[:, start:stop],
            "log_f0": fill_unvoiced(f0)[start:stop].astype(np.float32),
            "voiced": (f0[start:stop] > 0).astype(np.float32),
            "pitch_mean": np.array([voices.pitch_means[row.speaker]], np.float32),
            "ids": ids.T.astype(np.int64),
            "shares": shares.T.astype(np.float32),
            "shown": shown_mel,
            "shown_speaker": np.array([self._actors.get(shown.speaker, -1)]),
            "as_mean": np.array([rng.random() < MEAN_SHARE]),
            "as_label": np.array([acted and rng.random() < LABEL_SHARE]),
            "prompt": data.mel_of(prompt)[:, p_start:p_stop],
            "prompt_ids": p_ids.T.astype(np.int64),
            "prompt_shares": p_shares.T.astype(np.float32),
            "prompt_emotion": np.array([emotions.index(prompt.emotion)]),
            "emotion": np.array([emotions.index(row.emotion)]),
            "acted": np.array([acted]),
            "own": np.array([own and row.emotion == "neutral"]),
            "asked": np.array([asked]),
            "classes": classes[start:stop].astype(np.int64),
            "speaker_emb": ease.astype(np.float32),
        }

    def _prompt(self, rng: np.random.Generator, row: Row) -> Row:
        if row.emotion == "neutral" and rng.random() < OWN_PROMPT:
            return row
        if row.corpus not in self._acting:
            return _one(rng, self._of_speaker[row.speaker])
        parallel = self._parallel[row.speaker, row.text]
        if rng.random() < SAME_SENTENCE and len(parallel) > 1:
            return _one(rng, parallel)
        return _one(rng, self._of_speaker[row.speaker])

    def forward(self, batch: dict[str, Tensor], player: str = "model") -> dict[str, Tensor]:
        """All losses of a batch that a player minimizes."""
        if player == "discriminator":
            assert self.speech is not None
            with torch.no_grad():
                told, contours, _ = self._parts(batch)
                wav = self._generated(batch, told, contours)
            return self.speech.told_apart(wav, batch["wav"])
        found = self._ease_losses(batch)
        told, contours, learned = self._parts(batch, learn=True)
        found |= learned
        if contours is not None:
            found |= self._contour_losses(batch, told.mask, contours)
        if self.speech is None:
            found |= mel_losses(self.export, self._listeners, batch, told)
        else:
            found |= self.speech(self._generated(batch, told, contours), batch["wav"])
        weighted = [weight * found[name] for name, weight in WEIGHTS.items() if name in found]
        return found | {"loss": torch.stack(weighted).sum()}

    def _parts(
        self, batch: dict[str, Tensor], *, learn: bool = False
    ) -> tuple[Told, Contours | None, dict[str, Tensor]]:
        """What a synthesizer is told, contours as predicted, and SACE's losses where it learns."""
        net = self.export
        mask, shown_mask, prompt_mask = (
            lengths_to_mask(batch[f"{name}_lengths"], batch[name].shape[-1])
            for name in ("mel", "shown", "prompt")
        )
        frames = net.sace(batch["shown"], shown_mask)
        mean = frame_mean(frames, shown_mask)
        extra_mask = lengths_to_mask(batch["extra_lengths"], batch["extra"].shape[-1])
        was = frame_mean(net.sace(batch["prompt"], prompt_mask), prompt_mask)
        found: dict[str, Tensor] = {}
        if learn:
            extra = net.sace(batch["extra"], extra_mask)
            found = self._sace_losses(batch, (frames, extra), (shown_mask, extra_mask), was)
        label = self.level[batch["emotion"][:, 0]]
        known = batch["as_label"] & label.any(1, keepdim=True)
        mean = torch.where(known, label, mean)
        frames = torch.where(known[..., None], label[:, None].expand_as(frames), frames)
        ease = net.ease(batch["speaker_emb"]).detach()
        units = packed(batch["ids"], batch["shares"])
        moves = self._moves.to(mean.device)
        told = Told(units, mask, ease, mean.detach(), was.detach(), self.level, moves)
        if not net.config.predictor:
            return told, None, found
        emotion = torch.where(batch["as_mean"][..., None], mean[:, None].expand_as(frames), frames)
        return told, net.contours(units, mask, emotion, shown_mask, ease), found

    def _contour_losses(
        self, batch: dict[str, Tensor], mask: Tensor, got: Contours
    ) -> dict[str, Tensor]:
        """How far predicted contours are from those of the clip."""
        flat = mask[:, 0].float()
        relative = batch["log_f0"] - batch["pitch_mean"]
        weight = flat * (0.1 + 0.9 * batch["voiced"])
        louder = (got.energy - batch["mel"].mean(1)).square()
        return {
            "pitch": ((got.log_f0 - relative).square() * weight).sum() / weight.sum(),
            "voicing": F.binary_cross_entropy_with_logits(got.voiced_logit, batch["voiced"], flat),
            "loudness": (louder * flat).sum() / flat.sum(),
        }

    def _generated(self, batch: dict[str, Tensor], told: Told, contours: Contours | None) -> Tensor:
        """Segments spoken by the generator at the predicted F0, or the clip's own without one."""
        generator = self.export.synthesizer
        assert isinstance(generator, UnitGenerator)
        log_f0, voiced = batch["log_f0"], batch["voiced"] > 0
        if contours is not None:
            log_f0 = contours.log_f0.detach() + batch["pitch_mean"]
            voiced = contours.voiced_logit > 0
        f0 = f0_at_unit_rate(log_f0, voiced & told.mask[:, 0], told.units.ids.shape[1])
        who = (told.ease, told.emotion)
        return generated(generator, told.units, f0, who, batch["first"])

    def _ease_losses(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Speakers are told apart; acted emotions are not (ZEST, eq. 1)."""
        ease = self.export.ease(batch["ease_x"])
        told = F.cross_entropy(self.ease_speaker(ease).float(), batch["ease_speakers"])
        weight = EASE_ADVERSARY * self._adversary(batch)
        guessed = self.ease_emotion(reverse_gradient(ease, weight)).float()[batch["ease_acted"]]
        labels = batch["ease_emotions"][batch["ease_acted"]]
        return {
            "ease": told,
            "ease_adversary": F.cross_entropy(guessed, labels),
            "ease_leak": (guessed.argmax(1) == labels).float().mean(),
        }

    def _sace_losses(
        self,
        batch: dict[str, Tensor],
        frames: tuple[Tensor, Tensor],
        masks: tuple[Tensor, Tensor],
        was: Tensor,
    ) -> dict[str, Tensor]:
        """Emotions are told apart by shown clips, prompts and extra clips; actors are not."""
        mean, extra = (frame_mean(f, m) for f, m in zip(frames, masks, strict=True))
        names = ("emotion", "prompt_emotion", "extra_emotion")
        labels = torch.cat([batch[name] for name in names])[:, 0]
        heard = F.dropout(torch.cat([mean, was, extra]), 0.2, self.training)
        logits = self.sace_emotion(heard).float()
        acted = torch.cat([batch["acted"], batch["acted"], batch["extra_emotion"] >= 0])[:, 0]
        weight = torch.where(acted, 1.0, 0.3)
        told = F.cross_entropy(logits, labels, reduction="none", label_smoothing=0.05)
        with torch.no_grad():
            self._follow(mean.float(), batch)
            right = (logits.argmax(1) == labels).float()[acted].mean()
        adversary = torch.stack(
            [
                self._actor_loss(f, m, batch[name][:, 0], self._adversary(batch))
                for f, m, name in zip(
                    frames, masks, ("shown_speaker", "extra_speaker"), strict=True
                )
            ]
        ).mean()
        return {
            "sace": (told * weight).sum() / weight.sum(),
            "sace_accuracy": right,
            "sace_adversary": adversary,
        }

    def _actor_loss(self, frames: Tensor, mask: Tensor, actors: Tensor, weight: float) -> Tensor:
        """How well the adversary tells who acts; -1 is nobody it knows."""
        turned = reverse_gradient(frames, weight)
        h = self.sace_speaker(turned.transpose(1, 2)).transpose(1, 2)
        guessed = self.sace_speaker_head(frame_mean(h, mask)).float()
        total = F.cross_entropy(guessed, actors, ignore_index=-1, reduction="sum")
        return total / (actors >= 0).sum().clamp(min=1)

    def _adversary(self, batch: dict[str, Tensor]) -> float:
        """How much the adversaries' gradients weigh now."""
        return 0.0 if self._without == "adversary" else float(batch["progress"])

    def _follow(self, mean: Tensor, batch: dict[str, Tensor]) -> None:
        labels, acted = batch["emotion"][:, 0], batch["acted"][:, 0]
        for place in labels[acted].unique():
            found = mean[acted & (labels == place)].mean(0)
            before = self.level[place]
            self.level[place] = found if not before.any() else before.lerp(found, 0.02)


def _window(rng: np.random.Generator, n_frames: int, length: int) -> tuple[int, int]:
    """A window of `length` frames that starts at a multiple of five, or all of a shorter clip."""
    start = 5 * int(rng.integers(0, max(0, n_frames - length) // 5 + 1))
    return start, min(n_frames, start + length)


def _one(rng: np.random.Generator, rows: list[Row]) -> Row:
    return rows[int(rng.integers(len(rows)))]
