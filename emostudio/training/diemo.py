"""Recipe of DiEmo-TTS on packed features: emotion by self-distillation, speech from a crop of it.

The embedding of two unperturbed seconds conditions how the same utterance is spoken, and takes part
in the distillation over its cluster (cluster-driven sampling). A cluster is an emotion where a
corpus has labels, else what `training.clusters` found; readers' clips are all neutral.

What the paper does not have: an actor's rhythm and F0 are learned under a reader's name as well,
and, once words have come, frozen listeners hear readers in an emotion (`training.transfer`).

DiEmo-TTS, https://arxiv.org/abs/2505.19687
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from emostudio.audio.mel import HOP, log_mel
from emostudio.audio.perturbation import draw_ratio, shift_formants
from emostudio.data import batches
from emostudio.data.features import Pack, Row
from emostudio.models.blocks import lengths_to_mask
from emostudio.models.diemo.config import DiEmoConfig
from emostudio.models.diemo.net import DiEmo
from emostudio.models.prosody import Prosody
from emostudio.training.acted import acted_in
from emostudio.training.distillation import N_GLOBAL, N_LOCAL, Distillation, momentum_at
from emostudio.training.drawing import DrawingRecipe
from emostudio.training.emomix import FACTORS, SWAP_SHARE, Voices
from emostudio.training.ser import shake_channel
from emostudio.training.transfer import Listeners, ask
from emostudio.training.windows import (
    distance,
    prosody_losses,
    weighed,
    windowed,
    windows_of,
)

# What an ablation leaves out; without labels it learns from clusters that were found, as published.
ABLATIONS = ("conditioning", "sampling", "perturbation", "distillation", "labels")
GLOBAL, LOCAL = 187, 125  # frames, three and two seconds
N_MATES = 4  # utterances of the same cluster
DISTILLED = 4  # items of a batch; all of them are spoken
CONTEXT = 20  # tokens
MEL_WEIGHT, EDGES_WEIGHT = 4.0, 2.0
TRANSFER_WEIGHTS = {"emotion": 0.15, "voice": 0.3, "words": 0.3, "excess": 0.2}
TRANSFER_ITEMS = 4
TRANSFER_FROM = 3_000  # steps: there must be words before anyone is asked about them
MEANS_MOMENTUM = 0.98
MEAN_SHARE = 0.5
MOST_CLIPS = 12  # of a speaker in an emotion, for the means that ship


class DiEmoRecipe(DrawingRecipe[DiEmo]):
    """Distances of mel and prosody, distillation, and what listeners hear."""

    _swap_share = SWAP_SHARE

    def __init__(
        self,
        config: DiEmoConfig,
        data: Pack,
        voices: Voices,
        listeners: Listeners,
        clusters: np.ndarray,
        *,
        without: str = "",
        acted: Collection[str] | None = None,
    ) -> None:
        """Prepare model and teacher; `clusters` (rows,) are -1 where a clip has none.

        `acted` are corpora whose speakers lend their rhythm and F0 to others; by default those in
        which more than one emotion is found.
        """
        super().__init__()
        self.export = DiEmo(replace(config, dual=without != "conditioning"))
        style = self.export.style
        if style.ears is not None:
            style.ears.load_state_dict(listeners.recognizer.state_dict())
        n_clusters = int(clusters.max()) + 1
        self.distillation = Distillation(style.pool, config.emotion_dim, n_clusters)
        self._data, self._voices, self._listeners = data, voices, listeners
        self._without = without
        self._places = {row.name: place for place, row in enumerate(data.rows)}
        rows = data.select("train", worded=True)
        self._rows = [row for row in rows if row.emotion in config.emotions]
        self._weights = self.weigh(self._rows)
        self._acted = acted_in(data.rows) if acted is None else frozenset(acted)
        self._mates: dict[int, list[Row]] = {}
        for row in self._rows:
            self._mates.setdefault(int(clusters[self._places[row.name]]), []).append(row)
        self._clusters = clusters
        self._readers = sorted({row.speaker for row in self._rows if row.corpus not in self._acted})
        heard = {row.emotion for row in self._rows if row.corpus in self._acted} - {"neutral"}
        self._asked = [config.emotions.index(name) for name in sorted(heard)]
        self._transfer_from = TRANSFER_FROM

    def weigh(self, rows: Sequence[Row]) -> np.ndarray:
        """Corpora by the root of their frames, emotional ones more."""
        return batches.corpus_weights(rows, **FACTORS)

    def start_from(self, net: DiEmo) -> None:
        """Take a net's weights, the teacher too; it has its words already."""
        super().start_from(net)
        self.distillation.follow(net.style.pool, momentum=0.0)
        self._transfer_from = 0

    def batch(self, step: int, batch_size: int, rank: int, seed: int) -> dict[str, Tensor]:
        """Windows of frames with the tokens around them, who and how, and crops to distill."""
        rng = batches.step_rng(seed, step, rank)
        rows = batches.choose(rng, self._rows, self._weights, batch_size)
        rows.sort(key=lambda row: row.corpus not in self._acted)  # what is distilled is acted
        items = batches.by_name(self._item(rng, row) for row in rows)
        found = {name: batches.pad(values) for name, values in items.items()}
        for name in ("tokens", "mel", "own"):
            found[f"{name}_lengths"] = batches.lengths(items[name])
        if self._without != "distillation":
            views = [view for row in rows[:DISTILLED] for view in self._views(rng, row)]
            found |= {"views": batches.pad(views), "view_lengths": batches.lengths(views)}
        return found | {"step": torch.tensor(step)}

    def _item(self, rng: np.random.Generator, row: Row) -> dict[str, np.ndarray]:
        voices, place = self._voices, self._places[row.name]
        pitch_mean = voices.pitch_means[row.speaker]
        item = windowed(rng, self._data, row, context=CONTEXT, pitch_mean=pitch_mean)
        mel = self._data.mel_of(row)
        use_mean = rng.random() < MEAN_SHARE
        speaker_emb = voices.speaker_means[row.speaker] if use_mean else voices.speaker_emb[place]
        swap = row.corpus in self._acted and rng.random() < self._swap_share
        reader = self._readers[int(rng.integers(len(self._readers)))] if swap else row.speaker
        asked = int(rng.choice(self._asked)) if self._asked else 0
        return item | {
            "own": mel[:, batches.crop(rng, mel.shape[1], LOCAL)],
            "cluster": self._clusters[[place]],
            "label": np.array([self.export.config.emotions.index(row.emotion)]),
            "speaker_emb": speaker_emb.astype(np.float32),
            "prosody_speaker_emb": (voices.speaker_means[reader] if swap else speaker_emb).astype(
                np.float32
            ),
            "reader": np.array([row.corpus not in self._acted]),
            "asked": np.array([asked]),
        }

    def _views(self, rng: np.random.Generator, row: Row) -> list[np.ndarray]:
        """Global crops, then local ones but for the item's own, (n_mels, T) each."""
        cluster = int(self._clusters[self._places[row.name]])
        mates: Sequence[Row] = [row]
        if self._without != "sampling" and cluster >= 0:
            of_it = self._mates[cluster]
            drawn = self._mate_places(rng, of_it)
            mates = [row, *(of_it[place] for place in drawn)]
        lengths = (GLOBAL,) * N_GLOBAL + (LOCAL,) * (N_LOCAL - 1)
        return [self._varied(rng, mates[int(rng.integers(len(mates)))], n) for n in lengths]

    def _mate_places(self, rng: np.random.Generator, of_it: list[Row]) -> list[int]:
        # Thousands of read clips are neutral: half of the mates are actors, where there are any.
        weights = np.ones(len(of_it))
        acted = np.array([row.corpus in self._acted for row in of_it])
        if acted.any() and not acted.all():
            weights = np.where(acted, 0.5 / acted.sum(), 0.5 / (~acted).sum())
        return [int(p) for p in rng.choice(len(of_it), N_MATES, p=weights / weights.sum())]

    def _varied(self, rng: np.random.Generator, row: Row, length: int) -> np.ndarray:
        """A crop of an utterance by another vocal tract, through another microphone."""
        window = batches.crop(rng, row.n_frames, length)
        if self._without == "perturbation":
            return self._data.mel_of(row)[:, window]
        wav = self._data.wav_of(row)[window.start * HOP : window.stop * HOP]
        shifted = shift_formants(torch.from_numpy(wav), draw_ratio(rng))
        return shake_channel(rng, log_mel(shifted[None])[0].numpy())

    def forward(self, batch: dict[str, Tensor], player: str = "model") -> dict[str, Tensor]:
        """All losses of a batch."""
        net, mel, step = self.export, batch["mel"], int(batch["step"])
        token_mask = lengths_to_mask(batch["tokens_lengths"], batch["tokens"].shape[1])
        mask = lengths_to_mask(batch["mel_lengths"], mel.shape[-1])
        own_mask = lengths_to_mask(batch["own_lengths"], batch["own"].shape[-1])
        emotion_emb = self._embedded(batch, own_mask)

        who = (batch["prosody_speaker_emb"], emotion_emb)
        features, log_durations = net.encode(batch["tokens"], token_mask, *who)
        frames = windows_of(features, batch)
        got = net.predict_prosody(frames, mask, *who)
        found = prosody_losses(got, log_durations, batch, token_mask, mask)
        given = Prosody(batch["log_f0"], batch["voiced"], mel.mean(1))
        spoken = net.decode(
            frames, given, batch["pitch_mean"][:, 0], mask, batch["speaker_emb"], emotion_emb
        )
        loss = weighed(found)
        found["mel"] = distance(spoken, mel, mask)
        found["edges"] = distance(spoken.diff(dim=-1), mel.diff(dim=-1), mask[..., 1:])
        loss = loss + MEL_WEIGHT * found["mel"] + EDGES_WEIGHT * found["edges"]
        if self._without != "distillation":
            distilled = self._distill(batch, emotion_emb[:DISTILLED], step)
            loss = loss + torch.stack(list(distilled.values())).sum()
            found |= distilled
        if step >= self._transfer_from:
            heard = self._transfer(batch, token_mask, mask, emotion_emb)
            for name, value in heard.items():
                loss = loss + TRANSFER_WEIGHTS[name] * value
            found |= heard
        return found | {"loss": loss}

    def _embedded(self, batch: dict[str, Tensor], own_mask: Tensor) -> Tensor:
        """How each item sounds, (B, D_emo)."""
        style = self.export.style
        emotion_emb = style.pool(*style.listen(batch["own"], own_mask))
        self._remember(emotion_emb.detach(), batch["label"][:, 0])
        return emotion_emb

    def _distill(self, batch: dict[str, Tensor], own: Tensor, step: int) -> dict[str, Tensor]:
        style, views, n_items = self.export.style, batch["views"], len(own)
        if self.training:
            self.distillation.follow(style.pool, momentum_at(step))
        heard, mask = style.listen(views, lengths_to_mask(batch["view_lengths"], views.shape[-1]))
        embedded = style.pool(heard, mask).reshape(n_items, -1, own.shape[1])
        embedded = torch.cat([embedded, own[:, None]], dim=1)
        place = torch.arange(len(views), device=views.device).reshape(n_items, -1)
        long = place[:, :N_GLOBAL].flatten()
        clusters = batch["cluster"][:n_items, 0]
        return self.distillation.losses(embedded, heard[long], mask[long], clusters)

    def _remember(self, emotion_emb: Tensor, labels: Tensor) -> None:
        """Keep running means of the emotions, which listeners are asked about."""
        means = self.export.emotion_means
        for label in labels.unique():
            here = emotion_emb[labels == label].mean(0).to(means.dtype)
            known = bool(means[label].any())
            means[label] = means[label].lerp(here, 1 - MEANS_MOMENTUM) if known else here

    def _transfer(
        self, batch: dict[str, Tensor], token_mask: Tensor, mask: Tensor, emotion_emb: Tensor
    ) -> dict[str, Tensor]:
        """What listeners hear in readers' own texts when spoken in an emotion."""
        if not self._asked:
            return {}
        asked = ask(self.export, batch, token_mask, mask, most=TRANSFER_ITEMS)
        if asked is None:
            return {}
        spoken = (asked.frames, asked.given, asked.pitch_mean[:, 0], asked.mask)
        mel = self.export.decode(*spoken, *asked.who)
        with torch.no_grad():
            own = self.export.decode(*spoken, asked.who[0], emotion_emb[asked.some])
        return asked.answered(self._listeners, mel, own)


def clusters_of(data: Pack, folder: Path, emotions: tuple[str, ...], *, found: bool) -> np.ndarray:
    """The cluster of each row (rows,): its label's place, or what was found without labels.

    Raises:
        ValueError: clusters are asked for that were not found yet.
    """
    if not found:
        return np.array(
            [emotions.index(r.emotion) if r.emotion in emotions else -1 for r in data.rows]
        )
    file = folder / "clusters.npy"
    if not file.is_file():
        raise ValueError(f"{folder} holds no clusters; run 'train clusters' first.")
    return np.load(file).astype(np.int64)


@torch.inference_mode()
def emotion_means(net: DiEmo, data: Pack) -> Tensor:
    """Mean embedding of each emotion (n_emotions, D_emo): every speaker counts the same.

    Of ravdess odd-numbered actors alone, so that a judge trained on the others stays independent;
    an emotion without clips keeps what the net has.
    """
    found: dict[tuple[str, str], list[Tensor]] = {}
    for row in data.select("train"):
        even = row.corpus == "ravdess" and not int(row.speaker[-2:]) % 2
        of_it = found.setdefault((row.emotion, row.speaker), [])
        if row.emotion in net.config.emotions and not even and len(of_it) < MOST_CLIPS:
            of_it.append(net.embed(torch.from_numpy(data.mel_of(row))[None])[0])
    means = net.emotion_means.clone()
    for place, emotion in enumerate(net.config.emotions):
        of_speakers = [
            torch.stack(clips).mean(0)
            for (name, _), clips in found.items()
            if name == emotion and clips
        ]
        if of_speakers:
            means[place] = torch.stack(of_speakers).mean(0)
    return means
