"""Recipe of the judge of emotion: half the actors, and every channel that a sound may come by.

Level, equalizer, noise and codec are drawn at random and silence at the ends is cut, because all
English emotion here is ravdess and all read text is neutral: a judge that knows the room knows the
answer. Actors are the even-numbered ones; the embeddings that drive speech come from the odd ones.
Readers are the even-numbered ones of librispeech alone: who trains on a voice that is offered here
learns that it is neutral, and hears nothing else in it (tried: no take was ever emotional).
"""

import numpy as np
import torch
from scipy import fft
from scipy.ndimage import gaussian_filter1d
from torch import Tensor

from emostudio.audio.mel import HOP as MEL_HOP
from emostudio.audio.mel import SAMPLE_RATE
from emostudio.audio.torchaudio_door import functional
from emostudio.data import batches
from emostudio.data.features import EDGE_S, Pack, Row
from emostudio.models.judge import EmotionJudge, JudgeConfig, judge_mel
from emostudio.training.acted import ActedRecipe, with_holes

READ_SHARE = 0.2
CROP_S = 3.0


class JudgeRecipe(ActedRecipe[EmotionJudge]):
    """The judge, through disturbed sound."""

    def __init__(self, config: JudgeConfig, data: Pack) -> None:
        """Prepare the net and the clips that it may hear."""
        rows = [row for row in data.select("train") if _heard(row)]
        super().__init__(EmotionJudge(config), rows, config.emotions, READ_SHARE)
        self._data = data

    def varied_mel(self, rng: np.random.Generator, row: Row) -> np.ndarray:
        """128-band mel of a disturbed crop, with holes."""
        wav = self._data.wav_of(row)
        crop = batches.crop(rng, len(wav), round(CROP_S * SAMPLE_RATE))
        wav = disturb(rng, without_edges(wav)[crop])
        mel = judge_mel(torch.from_numpy(wav)[None])[0].numpy()
        return with_holes(rng, mel, bands=16, frames=20)

    def logits(self, mel: Tensor, mask: Tensor) -> Tensor:
        """What the judge hears."""
        return self.export(mel, mask)


def _heard(row: Row) -> bool:
    if row.corpus == "emodb":
        return True
    return row.corpus in ("ravdess", "librispeech") and int(row.speaker.split("-")[1]) % 2 == 0


def without_edges(wav: np.ndarray) -> np.ndarray:
    """Cut what `data.features.trim` leaves of the silence before and after speech."""
    edge = round(EDGE_S * SAMPLE_RATE) // MEL_HOP * MEL_HOP
    return wav[edge : len(wav) - edge] if len(wav) > 4 * edge else wav


def disturb(rng: np.random.Generator, wav: np.ndarray) -> np.ndarray:
    """Pass a sound (T_wav,) through a random speed, equalizer, noise, band limit and codec."""
    places = np.arange(0, len(wav) - 1, rng.uniform(0.9, 1.1))
    wav = np.interp(places, np.arange(len(wav)), wav).astype(np.float32)
    size = fft.next_fast_len(len(wav), real=True)
    spectrum = np.asarray(fft.rfft(wav, size))
    bands = gaussian_filter1d(rng.normal(size=40) * 9.0, 4.0)  # a few dB up and down
    gain_db = np.interp(np.linspace(0, 39, len(spectrum)), np.arange(40), bands)
    if rng.random() < 0.3:  # a microphone or a telephone ends somewhere
        hertz = np.linspace(0, SAMPLE_RATE / 2, len(spectrum))
        gain_db -= np.clip((hertz - rng.uniform(3400, 7500)) / 10, 0, 60)
    spectrum *= (10 ** (gain_db / 20)).astype(np.float32)
    # White to pink, 15 to 55 dB under the speech.
    noise = np.asarray(fft.rfft(rng.standard_normal(size, dtype=np.float32)))
    noise *= (np.arange(1, len(noise) + 1) ** rng.uniform(-0.6, 0.0)).astype(np.float32)
    ratio = np.linalg.norm(spectrum) / max(1e-6, np.linalg.norm(noise))
    spectrum += noise * ratio * 10 ** (-rng.uniform(15, 55) / 20)
    wav = np.asarray(fft.irfft(spectrum, size))[: len(wav)]
    wav /= max(1e-6, np.sqrt((wav**2).mean()))
    wav = (wav * 10 ** (-rng.uniform(14, 32) / 20)).clip(-1, 1).astype(np.float32)
    if rng.random() < 0.25:  # G.711, as every telephone
        door, sound = functional(), torch.from_numpy(wav)
        wav = door.mu_law_decoding(door.mu_law_encoding(sound, 256), 256).numpy()
    return wav
