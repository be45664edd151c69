"""Packs put together: rows of several, and takes that were never a recording, in one folder."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from emostudio.audio.mel import FRAME_RATE, HOP
from emostudio.data.features import Pack, Row


@dataclass(frozen=True)
class Piece:
    """A take as features: mel (n_mels, T), f0 (T,) Hz, wav (T * hop,), tokens and durations (L,).

    `durations` are None where nobody knows them yet.
    """

    name: str
    speaker: str
    lang: str
    emotion: str
    text: str
    mel: np.ndarray
    f0: np.ndarray
    wav: np.ndarray
    tokens: np.ndarray
    durations: np.ndarray | None = None


def pack_of(pieces: Sequence[Piece], corpus: str) -> Pack:
    """A pack in memory, of takes to train on, as a corpus of this name."""
    rows, frame, token = [], 0, 0
    for piece in pieces:
        frames = (frame, frame + len(piece.f0))
        tokens = (token, token + len(piece.tokens))
        told = (piece.speaker, piece.lang, piece.emotion, "", "train", piece.text)
        rows.append(Row(f"{corpus}/{piece.name}", corpus, *told, frames, tokens))
        frame, token = frames[1], tokens[1]
    known = [piece.durations for piece in pieces if piece.durations is not None]
    sound = np.concatenate([piece.wav for piece in pieces])
    return Pack(
        tuple(rows),
        mel=np.concatenate([piece.mel.T for piece in pieces]).astype(np.float16),
        f0=np.concatenate([piece.f0 for piece in pieces]).astype(np.float16),
        tokens=np.concatenate([piece.tokens for piece in pieces]).astype(np.int32),
        wav=(np.clip(sound, -1, 1) * 32767).astype(np.int16),
        durations=np.concatenate(known) if len(known) == len(pieces) else None,
    )


def join(parts: Sequence[tuple[Pack, Sequence[Row]]], out: Path) -> Pack:
    """Write these rows of these packs as a pack; no two rows may have the same name.

    Durations that a pack does not have yet are zeros in durations.npy.
    """
    rows: list[Row] = []
    arrays: dict[str, list[np.ndarray]] = {}
    frame, token = 0, 0
    for pack, chosen in parts:
        for row in chosen:
            frames, tokens = slice(*row.frames), slice(*row.tokens)
            known = np.zeros(tokens.stop - tokens.start, np.int32)
            if pack.durations is not None:
                known = pack.durations[tokens].astype(np.int32)
            for name, piece in {
                "mel": pack.mel[frames],
                "f0": pack.f0[frames],
                "wav": pack.wav[frames.start * HOP : frames.stop * HOP],
                "tokens": pack.tokens[tokens],
                "durations": known,
            }.items():
                arrays.setdefault(name, []).append(piece)
            ends = (frame, frame + row.n_frames), (token, token + len(known))
            rows.append(replace(row, frames=ends[0], tokens=ends[1]))
            frame, token = ends[0][1], ends[1][1]
    out.mkdir(parents=True, exist_ok=True)
    for name, pieces in arrays.items():
        np.save(out / f"{name}.npy", np.concatenate(pieces))
    index = json.dumps([asdict(row) for row in rows], ensure_ascii=False)
    (out / "index.json").write_text(index, encoding="utf-8")
    return Pack.open(out)


def some(rows: Iterable[Row], minutes: float, *, seed: int = 0) -> list[Row]:
    """Rows of at most so many minutes in all, spread over corpora, speakers and emotions."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.corpus, row.speaker, row.emotion), []).append(row)
    rng = np.random.default_rng(seed)
    shuffled = [[group[n] for n in rng.permutation(len(group))] for group in groups.values()]
    left, found = minutes * 60 * FRAME_RATE, []
    for turn in range(max(map(len, shuffled), default=0)):
        for group in shuffled:
            if turn < len(group) and group[turn].n_frames <= left:
                found.append(group[turn])
                left -= group[turn].n_frames
    return found
