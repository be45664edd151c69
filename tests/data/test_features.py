"""Truths of packs: what goes in comes out, cut and leveled as said."""

from pathlib import Path

import numpy as np
import pytest

from emostudio.audio.mel import HOP
from emostudio.data.corpora import read_corpora
from emostudio.data.features import (
    SPEECH_LEVEL_DB,
    Pack,
    pack,
    speech_level_db,
    trim,
)
from tests.speech import corpora, vowels


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    root = tmp_path_factory.mktemp("speech")
    return pack(corpora(root / "corpora"), root / "pack", processes=1)


def test_every_recording_has_as_many_frames_of_each_feature(packed: Pack) -> None:
    assert len(packed.rows) == 12
    for row in packed.rows:
        n_frames = packed.mel_of(row).shape[1]
        assert n_frames == row.n_frames == len(packed.f0_of(row))
        assert len(packed.wav_of(row)) == n_frames * HOP
        assert len(packed.tokens_of(row)) > 8


def test_f0_of_a_pack_is_the_voice_that_was_made(packed: Pack) -> None:
    (row, *_) = [row for row in packed.rows if row.speaker == "kathleen"]
    f0 = packed.f0_of(row)
    assert np.median(f0[f0 > 0]) == pytest.approx(110, rel=0.1)


def test_one_gain_a_speaker_keeps_what_differs_by_emotion(tmp_path: Path) -> None:
    import soundfile

    root = corpora(tmp_path / "corpora")
    for file in (root / "ravdess").glob("*.wav"):
        loud = 4.0 if "angry" in file.name else 1.0
        soundfile.write(file, vowels(200, 2.0) * 0.1 * loud, 16_000)
    found = pack(root, tmp_path / "pack", processes=1)
    levels = {
        row.emotion: speech_level_db(found.wav_of(row))
        for row in found.rows
        if row.corpus == "ravdess"
    }
    assert levels["neutral"] == pytest.approx(SPEECH_LEVEL_DB, abs=0.5)
    assert levels["angry"] - levels["neutral"] == pytest.approx(12.04, abs=0.5)


def test_dev_speakers_stay_out_of_training_whatever_the_table_says(tmp_path: Path) -> None:
    root = corpora(tmp_path)
    table = root / "librispeech" / "metadata.csv"
    table.write_text(table.read_text().replace(",dev,", ",train,"))
    splits = {u.speaker: u.split for u in read_corpora(root)}
    assert splits["librispeech-121"] == "dev"
    assert splits["librispeech-1"] == "train"


def test_silence_at_the_ends_goes_and_pauses_stay() -> None:
    speech = vowels(seconds=1.0)
    silence = np.zeros(16_000, np.float32)
    cut = trim(np.concatenate([silence, speech, silence, speech, silence]))
    assert len(cut) == pytest.approx(3 * 16_000, abs=0.35 * 16_000)


def test_no_corpora_and_no_pack_are_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no CORPUS/metadata\.csv"):
        read_corpora(tmp_path)
    with pytest.raises(ValueError, match="holds no packed features"):
        Pack.open(tmp_path)
