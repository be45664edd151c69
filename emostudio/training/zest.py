"""Recipe of ZEST on a pack with units: EASE, SACE, F0 predictor and synthesizer in one loop.

As published, EASE learns from speaker embeddings alone and SACE with the F0 predictor; the
synthesizer takes both as they are. What the paper does not have: the recording that the synthesizer
looks into is another one of the same actor, mostly of the same sentence in another emotion, so that
it learns to move between emotions; of readers, who have one, frozen listeners say what is asked.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from emostudio.audio.pitch import fill_unvoiced
from emostudio.data import batches
from emostudio.data.features import Pack, Row
from emostudio.models.alignment import classes_of
from emostudio.models.blocks import lengths_to_mask
from emostudio.models.content import Units, unit_frames
from emostudio.models.zest.config import ZestConfig
from emostudio.models.zest.contours import Contours, moved
from emostudio.models.zest.net import Zest
from emostudio.models.zest.sace import frame_mean, reverse_gradient
from emostudio.training.acted import ACTED
from emostudio.training.emomix import Voices, acted_shifts
from emostudio.training.loop import Recipe
from emostudio.training.ser import shake_bands, shake_channel
from emostudio.training.transfer import Listeners

# Five mel frames are four units: windows start and end where both do.
CROP = 130
PROMPT_CROP = 200
# How often an emotion is shown by another clip of it than the target, and as a mean.
OTHER_CLIP, MEAN_SHARE = 0.6, 0.5
# How often a reader's own clip is the one looked into, as it is at conversion.
OWN_PROMPT = 0.5
SAME_SENTENCE = 0.7
TRANSFER_WEIGHTS = {"emotion": 0.05, "voice": 0.3, "words": 0.3, "excess": 0.2}
TRANSFER_ITEMS = 5
EASE_ROWS = 256
# What an ablation leaves out: both adversaries, or the predictor (the source's own F0 stays).
ABLATIONS = ("adversary", "predictor")
FACTORS = {"ravdess": 3.0, "emodb": 2.0, "kathleen": 1.0, "librispeech": 1.0}


class ZestRecipe(Recipe[Zest]):
    """All losses of ZEST, with the heads that only training needs."""

    level: Tensor

    def __init__(
        self,
        config: ZestConfig,
        data: Pack,
        voices: Voices,
        units: "PackedUnits",
        listeners: Listeners,
        *,
        without: str = "",
    ) -> None:
        """Prepare nets and rows; the listeners are frozen, `without` is one of `ABLATIONS`."""
        super().__init__()
        self.export = Zest(config)
        self._data, self._voices, self._units = data, voices, units
        self._listeners, self._without = listeners, without
        self._rows = [row for row in data.select("train") if row.emotion in config.emotions]
        self._weights = batches.corpus_weights(self._rows, **FACTORS)
        self._places = {row.name: place for place, row in enumerate(data.rows)}
        self._of_speaker: dict[str, list[Row]] = {}
        self._of_emotion: dict[tuple[str, str], list[Row]] = {}
        self._parallel: dict[tuple[str, str], list[Row]] = {}
        for row in self._rows:
            self._of_speaker.setdefault(row.speaker, []).append(row)
            self._of_emotion.setdefault((row.corpus, row.emotion), []).append(row)
            self._parallel.setdefault((row.speaker, row.text), []).append(row)
        self._speakers = sorted(self._of_speaker)
        acted = sorted({row.speaker for row in self._rows if row.corpus in ACTED})
        self._actors = {speaker: place for place, speaker in enumerate(acted)}
        self._acted = [row for row in self._rows if row.corpus in ACTED]
        directions = speaker_directions(self._acted, voices, self._places, config.ease_rank)
        if directions is not None:
            self.export.ease.start_from(torch.from_numpy(directions))
        n_emotions, e_dim = len(config.emotions), config.emotion_dim
        self.sace_emotion = nn.Linear(e_dim, n_emotions)
        self.sace_speaker = nn.Sequential(
            nn.Conv1d(e_dim, e_dim, 5, padding=2), nn.ReLU(), nn.Conv1d(e_dim, e_dim, 5, padding=2)
        )
        self.sace_speaker_head = nn.Linear(e_dim, max(1, len(acted)))
        self.ease_speaker = _head(config.ease_dim, len(self._speakers))
        self.ease_emotion = _head(config.ease_dim, n_emotions)
        self.register_buffer("level", torch.zeros(n_emotions, e_dim))  # running emotion means

    def batch(self, step: int, batch_size: int, rank: int, seed: int) -> dict[str, Tensor]:
        """Windows, clips that show their emotions, recordings of their voices; rows for EASE."""
        rng = batches.step_rng(seed, step, rank)
        items: dict[str, list[np.ndarray]] = {}
        for row in batches.choose(rng, self._rows, self._weights, batch_size):
            for name, value in self._item(rng, row).items():
                items.setdefault(name, []).append(value)
        found = {name: batches.pad(values) for name, values in items.items()}
        for name in ("mel", "shown", "prompt"):
            found[f"{name}_lengths"] = batches.lengths(items[name])
        rows = [self._rows[i] for i in rng.integers(len(self._rows), size=EASE_ROWS // 2)]
        rows += [self._acted[i] for i in rng.integers(len(self._acted), size=EASE_ROWS // 2)]
        emotions = self.export.config.emotions
        places = [self._places[row.name] for row in rows]
        found["ease_x"] = torch.from_numpy(self._voices.speaker_emb[places].astype(np.float32))
        found["ease_speakers"] = torch.tensor([self._speakers.index(r.speaker) for r in rows])
        found["ease_emotions"] = torch.tensor([emotions.index(r.emotion) for r in rows])
        found["ease_acted"] = torch.tensor([r.corpus in ACTED for r in rows])
        found["progress"] = torch.tensor(min(1.0, step / 2000))
        return found

    def _item(self, rng: np.random.Generator, row: Row) -> dict[str, np.ndarray]:
        data, voices = self._data, self._voices
        start, stop = _window(rng, row.n_frames, CROP)
        f0 = data.f0_of(row)
        acted = row.corpus in ACTED
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
            p_start -= p_start % 5
        ids, shares = self._units.of(row, start, stop)
        p_ids, p_shares = self._units.of(prompt, p_start, p_stop)
        speaker = _one(rng, self._of_speaker[row.speaker])
        ease = voices.speaker_emb[self._places[speaker.name]]
        if rng.random() < MEAN_SHARE:
            ease = voices.speaker_means[row.speaker]
        classes = np.repeat(classes_of(data.tokens_of(row)), data.durations_of(row))
        emotions = self.export.config.emotions
        asked = int(rng.integers(1, len(emotions)))
        return {
            "mel": data.mel_of(row)[:, start:stop],
            "log_f0": fill_unvoiced(f0)[start:stop].astype(np.float32),
            "voiced": (f0[start:stop] > 0).astype(np.float32),
            "pitch_mean": np.array([voices.pitch_means[row.speaker]], np.float32),
            "ids": ids.T.astype(np.int64),
            "shares": shares.T.astype(np.float32),
            "shown": shown_mel,
            "shown_speaker": np.array([self._actors.get(shown.speaker, -1)]),
            "as_mean": np.array([rng.random() < MEAN_SHARE]),
            "prompt": data.mel_of(prompt)[:, p_start:p_stop],
            "prompt_ids": p_ids.T.astype(np.int64),
            "prompt_shares": p_shares.T.astype(np.float32),
            "prompt_emotion": np.array([emotions.index(prompt.emotion)]),
            "emotion": np.array([emotions.index(row.emotion)]),
            "acted": np.array([acted]),
            "own": np.array([own]),
            "asked": np.array([asked]),
            "classes": classes[start:stop].astype(np.int64),
            "speaker_emb": ease.astype(np.float32),
        }

    def _prompt(self, rng: np.random.Generator, row: Row) -> Row:
        if row.corpus not in ACTED:
            return row if rng.random() < OWN_PROMPT else _one(rng, self._of_speaker[row.speaker])
        parallel = self._parallel[row.speaker, row.text]
        if rng.random() < SAME_SENTENCE and len(parallel) > 1:
            return _one(rng, parallel)
        return _one(rng, self._of_speaker[row.speaker])

    def forward(self, batch: dict[str, Tensor], player: str = "model") -> dict[str, Tensor]:
        """All losses of a batch."""
        net, mel = self.export, batch["mel"]
        mask = lengths_to_mask(batch["mel_lengths"], mel.shape[-1])
        shown_mask = lengths_to_mask(batch["shown_lengths"], batch["shown"].shape[-1])
        prompt_mask = lengths_to_mask(batch["prompt_lengths"], batch["prompt"].shape[-1])
        found = self._ease_losses(batch)
        frames = net.sace(batch["shown"], shown_mask)
        mean = frame_mean(frames, shown_mask)
        was_mean = frame_mean(net.sace(batch["prompt"], prompt_mask), prompt_mask)
        found |= self._sace_losses(batch, frames, shown_mask, mean, was_mean)

        ease = net.ease(batch["speaker_emb"]).detach()
        units = _units(batch["ids"], batch["shares"])
        emotion = torch.where(batch["as_mean"][..., None], mean[:, None].expand_as(frames), frames)
        got = net.contours(units, mask, emotion, shown_mask, ease)
        flat = mask[:, 0].float()
        energy = mel.mean(1)
        relative = batch["log_f0"] - batch["pitch_mean"]
        weight = flat * (0.1 + 0.9 * batch["voiced"])
        found["pitch"] = ((got.log_f0 - relative).square() * weight).sum() / weight.sum()
        found["voicing"] = F.binary_cross_entropy_with_logits(
            got.voiced_logit, batch["voiced"], flat
        )
        found["loudness"] = ((got.energy - energy).square() * flat).sum() / flat.sum()

        given = torch.stack([batch["log_f0"], batch["voiced"], energy], dim=1)
        content = net.synthesizer.content(units, mask)
        prompt_units = _units(batch["prompt_ids"], batch["prompt_shares"])
        prompt_content = net.synthesizer.content(prompt_units, prompt_mask)
        looked_up = net.synthesizer.look_up(content, prompt_content, batch["prompt"], prompt_mask)
        who = (ease, (mean.detach(), was_mean.detach()))
        spoken = net.synthesizer(content, looked_up, given, mask, *who)
        found["mel"] = _distance(spoken, mel, mask)
        found["edges"] = _distance(spoken.diff(dim=-1), mel.diff(dim=-1), mask[..., 1:])
        loss = (
            found["mel"]
            + 0.5 * found["edges"]
            + 5 * found["pitch"]
            + 0.5 * found["voicing"]
            + 0.2 * found["loudness"]
            + found["sace"]
            + found["ease"]
        )
        if self._without != "adversary":
            loss = loss + 0.3 * found["sace_adversary"] + found["ease_adversary"]
        heard = self._transfer(batch, mask, content, looked_up, ease, was_mean.detach())
        for name, value in heard.items():
            loss = loss + TRANSFER_WEIGHTS[name] * value
        return found | heard | {"loss": loss}

    def _ease_losses(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Speakers are told apart; acted emotions are not (ZEST, eq. 1)."""
        ease = self.export.ease(batch["ease_x"])
        told = F.cross_entropy(self.ease_speaker(ease).float(), batch["ease_speakers"])
        guessed = self.ease_emotion(reverse_gradient(ease, 1.0)).float()[batch["ease_acted"]]
        labels = batch["ease_emotions"][batch["ease_acted"]]
        return {
            "ease": told,
            "ease_adversary": F.cross_entropy(guessed, labels),
            "ease_leak": (guessed.argmax(1) == labels).float().mean(),
        }

    def _sace_losses(
        self, batch: dict[str, Tensor], frames: Tensor, mask: Tensor, mean: Tensor, was: Tensor
    ) -> dict[str, Tensor]:
        """Emotions are told apart by shown clips and prompts; actors are not."""
        labels = torch.cat([batch["emotion"], batch["prompt_emotion"]])[:, 0]
        logits = self.sace_emotion(F.dropout(torch.cat([mean, was]), 0.2, self.training)).float()
        weight = torch.where(torch.cat([batch["acted"], batch["acted"]])[:, 0], 1.0, 0.3)
        told = F.cross_entropy(logits, labels, reduction="none", label_smoothing=0.05)
        with torch.no_grad():
            self._follow(mean.float(), batch)
            right = (logits.argmax(1) == labels).float()[weight == 1].mean()
        actors = batch["shown_speaker"][:, 0]
        known = actors >= 0
        turned = reverse_gradient(frames, float(batch["progress"]))
        h = self.sace_speaker(turned.transpose(1, 2)).transpose(1, 2)
        guessed = self.sace_speaker_head(frame_mean(h, mask)).float()
        adversary = (
            F.cross_entropy(guessed[known], actors[known]) if known.any() else told.sum() * 0
        )
        return {
            "sace": (told * weight).sum() / weight.sum(),
            "sace_accuracy": right,
            "sace_adversary": adversary,
        }

    def _follow(self, mean: Tensor, batch: dict[str, Tensor]) -> None:
        labels, acted = batch["emotion"][:, 0], batch["acted"][:, 0]
        for place in labels[acted].unique():
            found = mean[acted & (labels == place)].mean(0)
            before = self.level[place]
            self.level[place] = found if not before.any() else before.lerp(found, 0.02)

    def _transfer(
        self,
        batch: dict[str, Tensor],
        mask: Tensor,
        content: Tensor,
        looked_up: Tensor,
        ease: Tensor,
        was: Tensor,
    ) -> dict[str, Tensor]:
        """What listeners hear in readers' own recordings when turned into an emotion."""
        ready = self.level.any(1)[batch["asked"][:, 0]]
        some = (~batch["acted"][:, 0] & batch["own"][:, 0] & ready).nonzero()[:TRANSFER_ITEMS, 0]
        if not len(some):
            return {}
        net, mask, mel = self.export, mask[some], batch["mel"][some]
        labels = batch["asked"][some, 0]
        shall, was, ease = self.level[labels], was[some], ease[some]
        units = _units(batch["ids"][some], batch["shares"][some])
        with torch.no_grad():
            before = net.contours(units, mask, was[:, None], None, ease)
            after = net.contours(units, mask, shall[:, None], None, ease)
            given = shifted(batch["log_f0"][some], mel.mean(1), before, after)
        voiced = batch["voiced"][some]
        contours = torch.stack([given[0], voiced, given[1]], dim=1)
        spoken = net.synthesizer(content[some], looked_up[some], contours, mask, ease, (shall, was))
        heard = self._listeners.freeze(mel.device).losses(
            spoken, mask, labels, batch["speaker_emb"][some], batch["classes"][some]
        )
        shape = (spoken - spoken.mean(1, keepdim=True)) - (mel - mel.mean(1, keepdim=True))
        return heard | {"excess": (shape.square() * mask).sum() / (mask.sum() * mel.shape[1])}


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
    return vectors[:, ::-1][:, :rank].T.astype(np.float32).copy()


def shifted(
    log_f0: Tensor, energy: Tensor, before: Contours, after: Contours
) -> tuple[Tensor, Tensor]:
    """The source's log F0 and energy (B, T), moved as the predictor moves between two emotions."""
    return (
        moved(log_f0, before.log_f0, after.log_f0, 1.0),
        moved(energy, before.energy, after.energy, 1.0),
    )


@torch.inference_mode()
def finished(net: Zest, data: Pack, units: "PackedUnits", voices: Voices) -> Zest:
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
    spoken = _predicted_shifts(net, data, units, voices)
    energies = _acted_energies(data, config.emotions)
    net.config = replace(
        config,
        pitch_gain=_gain(spoken[:, 0], acted[:, 1]),
        energy_gain=_gain(spoken[:, 1], energies),
        duration_shifts=tuple(round(float(x), 4) for x in np.nan_to_num(acted[:, 0])),
    )
    return net


def _predicted_shifts(
    net: Zest, data: Pack, units: "PackedUnits", voices: Voices, *, n_clips: int = 24
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


@dataclass(frozen=True)
class PackedUnits:
    """The units of all rows of a pack."""

    ids: np.ndarray
    shares: np.ndarray
    starts: dict[str, int]

    @classmethod
    def open(cls, data: Pack, folder: Path) -> "PackedUnits":
        """Read them.

        Raises:
            ValueError: they were not made yet.
        """
        if not (folder / "units.npy").is_file():
            raise ValueError(f"{folder} holds no content units; run 'train content' first.")
        starts, place = {}, 0
        for row in data.rows:
            starts[row.name] = place
            place += unit_frames(row.n_frames)
        ids, shares = np.load(folder / "units.npy"), np.load(folder / "unit_shares.npy")
        return cls(ids, shares, starts)

    def of(self, row: Row, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        """Units (T50, K) and shares of mel frames from `start`, which is a multiple of five."""
        first = self.starts[row.name] + start * 4 // 5
        last = self.starts[row.name] + min(-(-stop * 4 // 5), unit_frames(row.n_frames))
        return self.ids[first:last], self.shares[first:last]


def _units(ids: Tensor, shares: Tensor) -> Units:
    return Units(ids.transpose(1, 2), shares.transpose(1, 2))


def _window(rng: np.random.Generator, n_frames: int, length: int) -> tuple[int, int]:
    """A window of `length` frames that starts at a multiple of five, or all of a shorter clip."""
    start = 5 * int(rng.integers(0, max(0, n_frames - length) // 5 + 1))
    return start, min(n_frames, start + length)


def _one(rng: np.random.Generator, rows: list[Row]) -> Row:
    return rows[int(rng.integers(len(rows)))]


def _distance(got: Tensor, want: Tensor, mask: Tensor) -> Tensor:
    return ((got - want).abs() * mask).sum() / (mask.sum() * want.shape[1])


def _head(n_in: int, n_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(n_in, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, n_out)
    )
