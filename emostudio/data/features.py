"""Pack corpora into arrays that training reads without audio, text or espeak libraries.

A pack is a folder: `index.json` (one row an utterance) and arrays that all rows share, cut by
offsets: `mel.npy` (frames, n_mels) float16 natural log, `f0.npy` (frames,) float16 Hz (0 unvoiced),
`tokens.npy` (tokens,) int32, `wav.npy` (frames * hop,) int16 and, once aligned, `durations.npy`
(tokens,) int32 frames. Content units, once made, are `units.npy` (frames at 50 Hz, K) int16 and
`unit_shares.npy`, alike, float16. What training adds to a pack holds for its rows alone, so that
packing anew removes it.

Levels: one gain a speaker brings the speech level of the speaker's neutral clips to
`SPEECH_LEVEL_DB`, so that what differs by emotion stays while recording levels go. Silence at the
ends is cut to `EDGE_S`.
"""

import json
import multiprocessing
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from emostudio.audio import level
from emostudio.audio.mel import HOP, N_MELS, SAMPLE_RATE
from emostudio.data.corpora import Utterance, read_corpora

SPEECH_LEVEL_DB = -27.0
EDGE_S = 0.08
MAX_GAIN_DB = 40.0
_WORDLESS = np.zeros(0, np.int32)
# What recipes add, row by row.
ADDED = (
    "durations.npy",
    "units.npy",
    "unit_shares.npy",
    "units.json",
    "hubert_units.npy",
    "hubert_units.json",
    "hubert_unit_shares.npy",
    "embeddings.json",
    "speaker_emb.npy",
    "emotion_emb.npy",
    "clusters.npy",
    "clusters.json",
)


@dataclass(frozen=True)
class Row:
    """One utterance of a pack and where its parts lie: frames and tokens as [start, stop)."""

    name: str
    corpus: str
    speaker: str
    lang: str
    emotion: str
    intensity: str
    split: str
    text: str
    frames: tuple[int, int]
    tokens: tuple[int, int]

    @property
    def n_frames(self) -> int:
        """Length in mel frames."""
        return self.frames[1] - self.frames[0]

    @property
    def worded(self) -> bool:
        """Whether its words are known; a recognizer of emotions can do without."""
        return self.tokens[0] < self.tokens[1]


@dataclass(frozen=True)
class Pack:
    """A pack opened for reading; the arrays are memory-mapped."""

    rows: tuple[Row, ...]
    mel: np.ndarray
    f0: np.ndarray
    tokens: np.ndarray
    wav: np.ndarray
    durations: np.ndarray | None

    @classmethod
    def open(cls, folder: Path) -> "Pack":
        """Open a pack.

        Raises:
            ValueError: the folder holds no pack.
        """
        if not (folder / "index.json").is_file():
            raise ValueError(
                f"{folder} holds no packed features; make them with "
                "'python -m emostudio pack --corpora DIR --out DIR'."
            )
        rows = [
            Row(**row | {"frames": tuple(row["frames"]), "tokens": tuple(row["tokens"])})
            for row in json.loads((folder / "index.json").read_text(encoding="utf-8"))
        ]
        mel, f0, tokens, wav = (
            np.load(folder / f"{name}.npy", mmap_mode="r")
            for name in ("mel", "f0", "tokens", "wav")
        )
        aligned = folder / "durations.npy"
        durations = np.load(aligned, mmap_mode="r") if aligned.is_file() else None
        return cls(tuple(rows), mel, f0, tokens, wav, durations)

    def select(self, split: str, *corpora: str, worded: bool = False) -> tuple[Row, ...]:
        """Rows of a split, of all corpora or of those named, or of these the `worded` alone."""
        return tuple(
            row
            for row in self.rows
            if row.split == split
            and (not corpora or row.corpus in corpora)
            and (row.worded or not worded)
        )

    def mel_of(self, row: Row) -> np.ndarray:
        """Log mel (n_mels, T) float32."""
        return self.mel[slice(*row.frames)].T.astype(np.float32)

    def f0_of(self, row: Row) -> np.ndarray:
        """F0 (T,) float32 in Hz, 0 where unvoiced."""
        return self.f0[slice(*row.frames)].astype(np.float32)

    def wav_of(self, row: Row) -> np.ndarray:
        """Sound (T * hop,) float32."""
        start, stop = row.frames
        return self.wav[start * HOP : stop * HOP].astype(np.float32) / 32768

    def tokens_of(self, row: Row) -> np.ndarray:
        """Tokens (L,)."""
        return np.array(self.tokens[slice(*row.tokens)])

    def durations_of(self, row: Row) -> np.ndarray:
        """Frames of each token (L,).

        Raises:
            ValueError: the pack was not aligned yet.
        """
        if self.durations is None:
            raise ValueError("These features have no durations yet; run 'train aligner' first.")
        return np.array(self.durations[slice(*row.tokens)])


def at_speech_level(wav: np.ndarray) -> np.ndarray:
    """A sound (T_wav,) brought to the level of training speech."""
    return wav * np.float32(10 ** ((SPEECH_LEVEL_DB - speech_level_db(wav)) / 20))


def speech_level_db(wav: np.ndarray) -> float:
    """Level of the speech in a sound (T_wav,) at 16 kHz."""
    return level.speech_level_db(level.frame_power(wav, HOP))


def trim(wav: np.ndarray) -> np.ndarray:
    """Cut silence at both ends to `EDGE_S`; whole frames remain."""
    heard = level.heard_frames(level.frame_power(wav, HOP))
    edge = round(EDGE_S * SAMPLE_RATE)
    start = max(0, heard[0] * HOP - edge)
    stop = min(len(wav), (heard[-1] + 1) * HOP + edge)
    return wav[start : start + (stop - start) // HOP * HOP]


def load_speech(utterance: Utterance) -> np.ndarray:
    """Sound (T_wav,) of a recording at 16 kHz, without silence at the ends.

    Raises:
        ValueError: it can't be read, is shorter than a frame, or has samples that are no numbers.
    """
    from emostudio.audio.torchaudio_door import resample
    from emostudio.values import Clip

    clip = Clip.load(utterance.path)
    wrong = ""
    if clip.duration_s * SAMPLE_RATE < HOP:
        wrong = f"is shorter than {1000 * HOP / SAMPLE_RATE:.0f} ms"
    elif not np.isfinite(clip.wav).all():
        wrong = "has samples that are no numbers"
    if wrong:
        raise ValueError(
            f"{utterance.path} {wrong}; record it again or take its line out of metadata.csv."
        )
    return trim(resample(clip.wav, clip.sample_rate, SAMPLE_RATE))


def _features_of_speaker(
    utterances: list[Utterance],
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Features of all clips of a speaker: mel (T, n_mels), f0 (T,), wav (T * hop,)."""
    import torch

    from emostudio.audio.mel import log_mel
    from emostudio.audio.pitch import f0_contour

    torch.set_num_threads(1)
    wavs = [load_speech(utterance) for utterance in utterances]
    calm = [w for w, u in zip(wavs, utterances, strict=True) if u.emotion == "neutral"] or wavs
    level_db = float(np.mean([speech_level_db(wav) for wav in calm[:40]]))
    gain = 10 ** (min(SPEECH_LEVEL_DB - level_db, MAX_GAIN_DB) / 20)
    found = []
    for wav in wavs:
        scaled = wav * np.float32(gain)
        mel = log_mel(torch.from_numpy(scaled)[None])[0].T.numpy()
        f0 = f0_contour(scaled, SAMPLE_RATE, HOP)
        sound = (np.clip(scaled, -1, 1) * 32767).astype(np.int16)
        found.append((mel.astype(np.float16), f0.astype(np.float16), sound))
    return found


def pack(corpora: Path, out: Path, *, processes: int = 2) -> Pack:
    """Read corpora below `corpora` and write a pack to `out`.

    Raises:
        ValueError: no corpora there, or a recording that can't be read.
    """
    from emostudio.text.normalize import normalize
    from emostudio.text.phonemes import phonemize

    utterances = sorted(read_corpora(corpora), key=lambda u: (u.corpus, u.speaker, u.name))
    tokens: dict[str, np.ndarray] = {}
    for lang in sorted({u.lang for u in utterances}):
        of_lang = [u for u in utterances if u.lang == lang and u.text.strip()]
        spoken = phonemize([normalize(u.text, lang) for u in of_lang], lang)
        tokens |= {u.name: t for u, t in zip(of_lang, spoken, strict=True)}
    groups = list(_by_speaker(utterances))
    rows, mels, f0s, wavs, ids = [], [], [], [], []
    frame, token = 0, 0
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for group, features in zip(groups, pool.imap(_features_of_speaker, groups), strict=True):
            for utterance, (mel, f0, wav) in zip(group, features, strict=True):
                text = tokens.get(utterance.name, _WORDLESS)
                values = asdict(utterance)
                del values["path"], values["sex"]
                rows.append(
                    Row(
                        name=utterance.name,
                        frames=(frame, frame + len(mel)),
                        tokens=(token, token + len(text)),
                        **values,
                    )
                )
                frame, token = frame + len(mel), token + len(text)
                mels.append(mel)
                f0s.append(f0)
                wavs.append(wav)
                ids.append(text)
    out.mkdir(parents=True, exist_ok=True)
    for name in ADDED:
        (out / name).unlink(missing_ok=True)
    arrays = {"mel": mels, "f0": f0s, "wav": wavs, "tokens": ids}
    for name, parts in arrays.items():
        np.save(out / f"{name}.npy", np.concatenate(parts))
    index = json.dumps([asdict(row) for row in rows], ensure_ascii=False)
    (out / "index.json").write_text(index, encoding="utf-8")
    assert mels[0].shape[1] == N_MELS
    return Pack.open(out)


def _by_speaker(utterances: list[Utterance]) -> Iterator[list[Utterance]]:
    speakers = dict.fromkeys(u.speaker for u in utterances)
    for speaker in speakers:
        yield [u for u in utterances if u.speaker == speaker]
