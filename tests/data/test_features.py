"""Truths of packs: what goes in comes out, cut and leveled as said."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from emostudio.audio.mel import HOP
from emostudio.data.corpora import read_corpora
from emostudio.data.features import (
    SPEECH_LEVEL_DB,
    Pack,
    load_speech,
    pack,
    speech_level_db,
    trim,
)
from tests.speech import corpora, vowels


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return corpora(tmp_path_factory.mktemp("speech") / "corpora")


@pytest.fixture(scope="module")
def packed(recordings: Path) -> Pack:
    return pack(recordings, recordings.parent / "pack", processes=1)


def test_every_recording_has_as_many_frames_of_each_feature(recordings: Path, packed: Pack) -> None:
    assert {row.name for row in packed.rows} == {u.name for u in read_corpora(recordings)}
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


def test_packing_anew_leaves_nothing_that_was_of_other_recordings(
    recordings: Path, packed: Pack, tmp_path: Path
) -> None:
    shutil.copytree(recordings / "kathleen", tmp_path / "corpora" / "kathleen")
    out = shutil.copytree(recordings.parent / "pack", tmp_path / "pack")
    fresh = {path.name for path in out.iterdir()}
    for name in ("durations.npy", "speaker_emb.npy", "emotion_emb.npy"):
        np.save(out / name, np.zeros(3))
    (out / "embeddings.json").write_text("{}")
    again = pack(tmp_path / "corpora", out, processes=1)
    assert {path.name for path in out.iterdir()} == fresh
    assert again.durations is None
    assert 0 < len(again.rows) < len(packed.rows)


@pytest.mark.parametrize(
    ("wav", "words"),
    [
        (vowels(seconds=0.015), "is shorter than 16 ms"),
        (np.zeros(0, np.float32), "is shorter than 16 ms"),
        (np.full(16_000, np.nan, np.float32), "has samples that are no numbers"),
    ],
)
def test_a_recording_that_cannot_be_packed_is_named(
    tmp_path: Path, wav: np.ndarray, words: str
) -> None:
    import soundfile

    utterance = read_corpora(corpora(tmp_path))[0]
    soundfile.write(utterance.path, wav, 16_000, subtype="FLOAT")
    with pytest.raises(ValueError, match=words) as caught:
        load_speech(utterance)
    assert str(utterance.path) in str(caught.value)
    assert "metadata.csv" in str(caught.value)


def test_a_recording_of_one_frame_is_one(tmp_path: Path) -> None:
    import soundfile

    utterance = read_corpora(corpora(tmp_path))[0]
    soundfile.write(utterance.path, vowels(seconds=0.016), 16_000)
    assert len(load_speech(utterance)) == HOP


def test_no_corpora_and_no_pack_are_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no CORPUS/metadata\.csv"):
        read_corpora(tmp_path)
    with pytest.raises(ValueError, match="holds no packed features"):
        Pack.open(tmp_path)


def test_a_clip_without_words_teaches_emotion_and_no_speech(tmp_path: Path) -> None:
    root = corpora(tmp_path / "corpora")
    table = root / "ravdess" / "metadata.csv"
    first, *lines = table.read_text().splitlines()
    table.write_text("\n".join([first, lines[0].replace("We are all away.", ""), *lines[1:]]))
    found = pack(root, tmp_path / "pack", processes=1)
    heard = {row.name for row in found.select("train", "ravdess")}
    spoken = {row.name for row in found.select("train", "ravdess", worded=True)}
    assert heard - spoken == {f"ravdess/{lines[0].split('.wav')[0]}"}
    (wordless,) = (row for row in found.rows if not row.worded)
    assert found.tokens_of(wordless).size == 0
    assert found.mel_of(wordless).shape[1] == wordless.n_frames > 50
