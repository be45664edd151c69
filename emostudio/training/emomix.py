"""Recipe of EmoMix on packed features: durations, F0, speaker and emotion embeddings are given."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from emostudio.data import batches
from emostudio.data.features import Pack, Row
from emostudio.models.blocks import lengths_to_mask
from emostudio.models.diemo.net import DiEmo
from emostudio.models.emomix.config import EmoMixConfig
from emostudio.models.emomix.net import EmoMix
from emostudio.models.prosody import Prosody, spread
from emostudio.models.ser import style_loss
from emostudio.text.phonemes import is_boundary
from emostudio.training.acted import acted_in
from emostudio.training.drawing import DrawingRecipe
from emostudio.training.transfer import Listeners, ask
from emostudio.training.windows import prosody_losses, weighed, windowed, windows_of

STYLE_WEIGHT = 0.05
STYLE_ITEMS = 4
# Weights of what listeners say of readers in an emotion, and of how many items of a batch. With
# little on words and none on excess, the judge heard fear in 83 % of afraid takes, and pocketsphinx
# two words of a hundred.
TRANSFER_WEIGHTS = {"emotion": 0.05, "voice": 0.3, "words": 0.4, "excess": 0.5}
TRANSFER_ITEMS = 5
# What an ablation leaves out: the style loss, emotion embeddings (a label's code instead), angry.
ABLATIONS = ("style", "embedding", "angry")
MEAN_SHARE = 0.5
# How often an acted clip's rhythm and F0 are learned under a reader's name. No reader is ever angry
# in the corpora, so a net that is told who speaks learns that readers never are.
SWAP_SHARE = 0.8
SHIPPED = ("emodb", "ravdess", "kathleen", "kerstin", "librispeech", "ljspeech")
# Emotional corpora count more than their minutes: they hold all that is to be learned of emotion.
FACTORS = {"ravdess": 2.2, "emodb": 1.6, "kathleen": 1.6, "ljspeech": 1.3, "librispeech": 0.9}
MIDDLE_F0 = 160.0  # Hz, between low and high voices


@dataclass(frozen=True)
class Voices:
    """What is known of who speaks and how, by row of the pack.

    `emotion_means` come from odd-numbered actors of ravdess (and emodb for what ravdess has not),
    so that a judge trained on even-numbered ones stays independent. Of an emotion that the pack
    has no clip of they hold no numbers.
    """

    speaker_emb: np.ndarray
    emotion_emb: np.ndarray
    emotion_means: np.ndarray
    speaker_means: dict[str, np.ndarray]
    pitch_means: dict[str, float]

    @classmethod
    def of(cls, data: Pack, folder: Path, emotions: tuple[str, ...]) -> "Voices":
        """Read embeddings from a pack's folder and average them over training rows.

        Raises:
            ValueError: the embeddings were not made yet.
        """
        if not (folder / "emotion_emb.npy").is_file():
            raise ValueError(f"{folder} holds no embeddings; run 'train ser' and 'train speaker'.")
        speaker_emb = np.load(folder / "speaker_emb.npy")
        emotion_emb = np.load(folder / "emotion_emb.npy")
        train = [(place, row) for place, row in enumerate(data.rows) if row.split == "train"]
        means = []
        for emotion in emotions:
            of_it = [(p, r) for p, r in train if r.emotion == emotion]
            odd = [p for p, r in of_it if r.corpus == "ravdess" and int(r.speaker[-2:]) % 2]
            chosen = odd or [p for p, r in of_it]
            unknown = np.full(emotion_emb.shape[1], np.nan, np.float32)
            means.append(emotion_emb[chosen].mean(0) if chosen else unknown)
        speaker_means, pitch_means = {}, {}
        for speaker in dict.fromkeys(row.speaker for _, row in train):
            rows = [(p, r) for p, r in train if r.speaker == speaker]
            rows = [(p, r) for p, r in rows if r.emotion == "neutral"] or rows
            mean = speaker_emb[[p for p, _ in rows]].mean(0)
            speaker_means[speaker] = mean / np.linalg.norm(mean)
            f0 = np.concatenate([data.f0_of(row) for _, row in rows])
            voiced = f0[f0 > 0] if (f0 > 0).any() else np.array([MIDDLE_F0])
            pitch_means[speaker] = float(np.log(voiced).mean())
        return cls(speaker_emb, emotion_emb, np.stack(means), speaker_means, pitch_means)


class EmoMixRecipe(DrawingRecipe[EmoMix]):
    """Duration, prosody, prior, diffusion and style losses (EmoMix, eq. 9), and listeners'."""

    _swap_share = SWAP_SHARE

    def __init__(
        self,
        config: EmoMixConfig,
        data: Pack,
        voices: Voices,
        listeners: Listeners,
        *,
        without: str = "",
        acted: Collection[str] | None = None,
    ) -> None:
        """Prepare the model; the listeners are frozen, `without` is one of `ABLATIONS`.

        `acted` are corpora whose speakers lend their rhythm and F0 to others; by default those in
        which more than one emotion is found.
        """
        super().__init__()
        self.export = EmoMix(config)
        self._without = without
        if without == "embedding":
            voices = _labels_alone(voices, data, config.emotions)
        self._means = torch.from_numpy(voices.emotion_means)
        self.export.emotion_means.copy_(self._means.nan_to_num())
        self._listeners = listeners
        self._data, self._voices = data, voices
        self._places = {row.name: place for place, row in enumerate(data.rows)}
        self._rows = [
            row
            for row in data.select("train", worded=True)
            if row.emotion in config.emotions and row.emotion != without
        ]
        self._weights = self.weigh(self._rows)
        self._acted = acted_in(data.rows) if acted is None else frozenset(acted)
        self._asked = [
            place
            for place, name in enumerate(config.emotions)
            if name not in ("neutral", without) and np.isfinite(voices.emotion_means[place]).all()
        ]
        self._of_speaker: dict[str, list[int]] = {}
        for row in sorted(self._rows, key=lambda row: row.emotion not in ("neutral", "calm")):
            places = self._of_speaker.setdefault(row.speaker, [])
            if row.emotion in ("neutral", "calm") or not places:
                places.append(self._places[row.name])
        self._readers = sorted({row.speaker for row in self._rows if row.corpus not in self._acted})
        # Tokens on each side that reach a token's features: half a kernel of 7 a block.
        self._context = 3 * config.encoder_depth

    def weigh(self, rows: Sequence[Row]) -> np.ndarray:
        """Corpora by the root of their frames, emotional ones more."""
        return batches.corpus_weights(rows, **FACTORS)

    def start_from(self, net: EmoMix) -> None:
        """Take all weights but the mean embeddings of emotions that this pack has."""
        super().start_from(net)
        known = self._means.isfinite().all(1, keepdim=True)
        self.export.emotion_means.copy_(torch.where(known, self._means, net.emotion_means))

    def batch(self, step: int, batch_size: int, rank: int, seed: int) -> dict[str, Tensor]:
        """Windows of frames, the tokens around them, and who and how."""
        rng = batches.step_rng(seed, step, rank)
        rows = batches.choose(rng, self._rows, self._weights, batch_size)
        items = batches.by_name(self._item(rng, row) for row in rows)
        found = {name: batches.pad(values) for name, values in items.items()}
        found["tokens_lengths"] = batches.lengths(items["tokens"])
        found["mel_lengths"] = batches.lengths(items["mel"])
        return found

    def _item(self, rng: np.random.Generator, row: Row) -> dict[str, np.ndarray]:
        voices = self._voices
        pitch_mean = voices.pitch_means[row.speaker]
        item = windowed(rng, self._data, row, context=self._context, pitch_mean=pitch_mean)
        emotion = self.export.config.emotions.index(row.emotion)
        place = self._places[row.name]
        use_mean = rng.random() < MEAN_SHARE
        emotion_emb = voices.emotion_means[emotion] if use_mean else voices.emotion_emb[place]
        other = int(rng.choice(self._of_speaker[row.speaker]))
        use_mean = rng.random() < MEAN_SHARE
        speaker_emb = voices.speaker_means[row.speaker] if use_mean else voices.speaker_emb[other]
        swap = row.corpus in self._acted and rng.random() < self._swap_share
        reader = self._readers[int(rng.integers(len(self._readers)))]
        prosody_speaker_emb = voices.speaker_means[reader] if swap else speaker_emb
        # An emotion that this reader never had: what listeners are asked about.
        asked = int(rng.choice(self._asked)) if self._asked else 0
        return item | {
            "prosody_speaker_emb": prosody_speaker_emb.astype(np.float32),
            "reader": np.array([row.corpus not in self._acted]),
            "asked": np.array([asked]),
            "speaker_emb": speaker_emb.astype(np.float32),
            "emotion_emb": emotion_emb.astype(np.float32),
        }

    def forward(self, batch: dict[str, Tensor], player: str = "model") -> dict[str, Tensor]:
        """All losses of a batch."""
        net, mel = self.export, batch["mel"]
        token_mask = lengths_to_mask(batch["tokens_lengths"], batch["tokens"].shape[1])
        mask = lengths_to_mask(batch["mel_lengths"], mel.shape[-1])
        flat = mask[:, 0].float()
        who = (batch["speaker_emb"], batch["emotion_emb"])
        reads_like = (batch["prosody_speaker_emb"], batch["emotion_emb"])
        features, log_durations = net.encode(batch["tokens"], token_mask, *reads_like)
        frames = windows_of(features, batch)
        energy = mel.mean(1)
        got = net.predict_prosody(frames, mask, *reads_like)
        read = prosody_losses(got, log_durations, batch, token_mask, mask)

        given = Prosody(batch["log_f0"], batch["voiced"], energy)
        mu, hidden = net.prior(frames, given, batch["pitch_mean"][:, 0], mask, *who)
        prior = ((mu - mel).square() * mask).sum() / (flat.sum() * mel.shape[1])

        t = torch.rand(len(mel), device=mel.device).clamp(1e-3)
        x_t = net.schedule.diffuse(mel, mu.detach(), t, torch.randn_like(mel)) * mask
        denoised = net.estimator(x_t, mask, mu.detach(), hidden, t, *who)
        error = ((denoised - mel).square() * mask).sum((1, 2)) / (flat.sum(1) * mel.shape[1])
        diffusion = (error * net.schedule.weight(t)).mean()
        listeners = self._listeners.freeze(mel.device)
        some = slice(0, STYLE_ITEMS)
        style = style_loss(
            listeners.recognizer,
            (denoised * mask)[some],
            mel[some],
            batch["mel_lengths"][some],
        )
        # Far from the data its expectation is smooth, and has no style to be held to.
        style = (style * net.schedule.data_share(t[some])).mean()
        loss = weighed(read) + 0.5 * prior + diffusion
        loss = loss + (0.0 if self._without == "style" else STYLE_WEIGHT) * style
        heard = self._transfer(batch, token_mask, mask)
        for name, value in heard.items():
            loss = loss + TRANSFER_WEIGHTS[name] * value
        return (
            {"loss": loss}
            | read
            | heard
            | {
                "prior": prior,
                "diffusion": diffusion,
                "error": error.mean(),
                "style": style,
            }
        )

    def _transfer(
        self, batch: dict[str, Tensor], token_mask: Tensor, mask: Tensor
    ) -> dict[str, Tensor]:
        """What listeners hear in readers' own texts when spoken in an emotion."""
        if not self._asked:
            return {}
        asked = ask(self.export, batch, token_mask, mask, most=TRANSFER_ITEMS)
        if asked is None:
            return {}
        net, mask, who = self.export, asked.mask, asked.who
        mu, hidden = net.prior(asked.frames, asked.given, asked.pitch_mean[:, 0], mask, *who)
        mu = mu.detach()
        t = 0.3 + 0.7 * torch.rand(len(mu), device=mu.device)
        x_t = net.schedule.diffuse(mu, mu, t, torch.randn_like(mu)) * mask
        denoised = net.estimator(x_t, mask, mu, hidden, t, *who) * mask
        return asked.answered(self._listeners, denoised, mu)


def _labels_alone(voices: Voices, data: Pack, emotions: tuple[str, ...]) -> Voices:
    """Voices whose emotion embeddings tell the label and nothing else (EmoMix, table 2)."""
    size = voices.emotion_means.shape[1]
    codes = np.random.default_rng(0).normal(size=(len(emotions), size)).astype(np.float32)
    codes *= np.nanmean(np.linalg.norm(voices.emotion_means, axis=1)) / size**0.5
    of_row = [
        codes[emotions.index(r.emotion)] if r.emotion in emotions else codes[0] for r in data.rows
    ]
    return replace(voices, emotion_emb=np.stack(of_row), emotion_means=codes)


def acted_shifts(data: Pack, emotions: tuple[str, ...]) -> np.ndarray:
    """How actors move from neutral, (n_emotions, 2): log mean duration of a phoneme, mean log F0.

    The mean over ravdess' training actors, over others' for what ravdess has not; no numbers for
    the rest.
    """
    shifts = np.full((len(emotions), 2), np.nan)
    corpora = sorted(acted_in(data.rows), key=lambda name: (name == "ravdess", name))
    for corpus in corpora:  # the last wins
        found: dict[tuple[str, str], list[tuple[float, float]]] = {}
        for row in data.select("train", corpus, worded=True):
            sounds, f0 = ~is_boundary(data.tokens_of(row)), data.f0_of(row)
            if (f0 > 0).any():
                duration = np.log(data.durations_of(row)[sounds].mean())
                pitch = np.log(f0[f0 > 0]).mean()
                found.setdefault((row.speaker, row.emotion), []).append((duration, pitch))
        means = {key: np.mean(values, axis=0) for key, values in found.items()}
        for place, emotion in enumerate(emotions):
            moved = [
                mean - means[speaker, "neutral"]
                for (speaker, name), mean in means.items()
                if name == emotion and (speaker, "neutral") in means
            ]
            if moved:
                shifts[place] = np.mean(moved, axis=0)
    return shifts


@torch.inference_mode()
def spoken_shifts(
    model: EmoMix | DiEmo, data: Pack, voices: Voices, *, n_texts: int = 24
) -> np.ndarray:
    """How this model moves readers from neutral, as `acted_shifts`, on English training texts."""
    emotions = model.config.emotions
    readers = data.select("train", worded=True)
    acted = acted_in(data.rows)
    rows = [r for r in readers if r.corpus not in acted and r.lang == "en"]
    chosen = rows[:: max(1, len(rows) // n_texts)][:n_texts]
    n_emotions, moved = len(emotions), []
    for row in chosen:
        ids = data.tokens_of(row)
        tokens = torch.from_numpy(ids).long()[None].expand(n_emotions, -1)
        speaker_emb = torch.from_numpy(voices.speaker_means[row.speaker])[None]
        who = (speaker_emb.expand(n_emotions, -1), model.emotion_means)
        mask = torch.ones_like(tokens[:, None], dtype=torch.bool)
        features, log_durations = model.encode(tokens, mask, *who)
        duration = log_durations.exp()[:, torch.from_numpy(~is_boundary(ids))].mean(1).log()
        frames = spread(features, log_durations.exp().round().long().clamp(min=1), row.n_frames)
        mask = torch.ones(n_emotions, 1, row.n_frames, dtype=torch.bool)
        prosody = model.predict_prosody(frames, mask, *who)
        voiced = (prosody.voiced_logit > 0).float()
        pitch = (prosody.log_f0 * voiced).sum(1) / voiced.sum(1).clamp(min=1)
        moved.append(torch.stack([duration, pitch], dim=1).numpy())
    shifts = np.mean(moved, axis=0)
    return shifts - shifts[emotions.index("neutral")]


def calibrate(model: EmoMix | DiEmo, data: Pack, voices: Voices, *, without: str = "") -> None:
    """Set the model's offsets so that readers move as far as actors do.

    An emotion that an ablation is `without` keeps what the model has.
    """
    acted = acted_shifts(data, model.config.emotions)
    acted[[name == without for name in model.config.emotions]] = np.nan
    if np.isnan(acted).all():  # nobody acts in this pack: what the model knew stays
        return
    known = np.zeros_like(acted)
    if model.config.duration_offsets:
        known = np.array([model.config.duration_offsets, model.config.pitch_offsets]).T
    lacking = acted - spoken_shifts(model, data, voices)
    lacking = np.where(np.isnan(lacking), known, lacking)
    durations, pitches = (tuple(round(float(x), 4) for x in column) for column in lacking.T)
    config: Any = replace(model.config, duration_offsets=durations, pitch_offsets=pitches)
    model.config = config  # of the model's own kind, which the checker can't tell


# Who is offered as a preset: readers with the most speech, whoever a user adds; no actor.
PRESETS = {"kathleen": "kathleen", "LJ": "ljspeech-LJ", "kerstin": "kerstin"}
N_READERS = 6


def preset_voices(data: Pack, voices: Voices) -> dict[str, dict]:
    """Language, mean log F0 and speaker embedding of each preset voice, by name."""
    frames: dict[str, int] = {}
    langs: dict[str, str] = {}
    for row in data.select("train"):
        frames[row.speaker] = frames.get(row.speaker, 0) + row.n_frames
        langs[row.speaker] = row.lang
    readers = [speaker for speaker in frames if speaker.startswith("librispeech-")]
    readers.sort(key=lambda speaker: -frames[speaker])
    low = [s for s in readers if voices.pitch_means[s] <= np.log(MIDDLE_F0)][: N_READERS // 2]
    high = [s for s in readers if voices.pitch_means[s] > np.log(MIDDLE_F0)][: N_READERS // 2]
    names = PRESETS | {s.replace("librispeech-", "reader-"): s for s in [*high, *low]}
    names |= {row.speaker: row.speaker for row in data.select("train") if row.corpus not in SHIPPED}
    return {
        name: preset_voice(voices, speaker, langs[speaker])
        for name, speaker in names.items()
        if speaker in langs
    }


def preset_voice(voices: Voices, speaker: str, lang: str) -> dict[str, Any]:
    """What a checkpoint keeps of a speaker."""
    return {
        "lang": lang,
        "pitch_mean": round(voices.pitch_means[speaker], 4),
        "speaker_emb": [round(float(x), 4) for x in voices.speaker_means[speaker]],
    }
