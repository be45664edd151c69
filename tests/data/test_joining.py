"""Packs that are put together hold of every row what the pack had that it came from."""

from pathlib import Path

import numpy as np
import pytest

from emostudio.audio.mel import FRAME_RATE, HOP, N_MELS
from emostudio.data.features import Pack, pack
from emostudio.data.joining import Piece, join, pack_of, some
from tests.speech import corpora


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    root = tmp_path_factory.mktemp("speech")
    return pack(corpora(root / "corpora"), root / "pack", processes=1)


def piece(name: str, n_frames: int = 30, *, aligned: bool = True) -> Piece:
    rng = np.random.default_rng(n_frames)
    return Piece(
        name=name,
        speaker="us",
        lang="en",
        emotion="happy",
        text="Oh!",
        mel=rng.normal(size=(N_MELS, n_frames)).astype(np.float32),
        f0=rng.uniform(100, 200, n_frames).astype(np.float32),
        wav=rng.uniform(-0.5, 0.5, n_frames * HOP).astype(np.float32),
        tokens=np.array([0, 30, 3]),
        durations=np.array([1, n_frames - 1, 0]) if aligned else None,
    )


def test_every_row_keeps_what_it_has(packed: Pack, tmp_path: Path) -> None:
    chosen = packed.rows[2:9:3]
    taken = pack_of([piece("a"), piece("b", 41)], "takes")
    both = join([(taken, taken.rows), (packed, chosen)], tmp_path / "both")
    assert [row.name for row in both.rows] == ["takes/a", "takes/b", *(r.name for r in chosen)]
    for row, (source, old) in zip(
        both.rows, [*((taken, r) for r in taken.rows), *((packed, r) for r in chosen)], strict=True
    ):
        assert np.array_equal(both.mel_of(row), source.mel_of(old))
        assert np.array_equal(both.f0_of(row), source.f0_of(old))
        assert np.array_equal(both.wav_of(row), source.wav_of(old))
        assert np.array_equal(both.tokens_of(row), source.tokens_of(old))


def test_durations_are_kept_where_they_are_known_and_zero_elsewhere(
    packed: Pack, tmp_path: Path
) -> None:
    taken = pack_of([piece("a")], "takes")
    both = join([(taken, taken.rows), (packed, packed.rows[:1])], tmp_path / "both")
    assert both.durations_of(both.rows[0]).tolist() == [1, 29, 0]
    assert not both.durations_of(both.rows[1]).any()
    assert pack_of([piece("a"), piece("b", aligned=False)], "takes").durations is None


def test_a_take_is_packed_as_it_is() -> None:
    take = piece("a")
    taken = pack_of([take], "takes")
    (row,) = taken.rows
    assert (row.corpus, row.speaker, row.emotion, row.split) == ("takes", "us", "happy", "train")
    assert np.allclose(taken.mel_of(row), take.mel, atol=2e-3)
    assert np.allclose(taken.wav_of(row), take.wav, atol=1e-4)


def test_some_of_a_pack_is_of_everybody_and_not_too_long(packed: Pack) -> None:
    rows = packed.select("train")
    groups = {(row.speaker, row.emotion) for row in rows}
    few = some(rows, sum(row.n_frames for row in rows) / FRAME_RATE / 60 * 0.55)
    assert {(row.speaker, row.emotion) for row in few} == groups
    assert sum(row.n_frames for row in few) <= 0.55 * sum(row.n_frames for row in rows)
    assert len({row.name for row in few}) == len(few)
    assert some(rows, 0) == []
    assert len(some(rows, 1e9)) == len(rows)
