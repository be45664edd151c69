"""What is rehearsed is said by our own voices, in every emotion, and in no evaluation."""

from pathlib import Path

import numpy as np
import pytest
import torch

from emostudio.audio.mel import log_mel
from emostudio.engines.emomix import EmoMixEngine
from emostudio.evaluation import asked
from emostudio.evaluation.readback import recognize
from emostudio.jobs import rehearsal
from emostudio.models.checkpoint import Store
from emostudio.values import Clip
from tests import tiny


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tiny.checkpoints(tmp_path_factory.mktemp("shipped")))


def test_no_sentence_of_an_evaluation_is_rehearsed() -> None:
    judged = {
        line
        for file in Path(asked.__file__).parent.glob("sentences*.txt")
        for line in file.read_text(encoding="utf-8").splitlines()
    }
    for file in rehearsal.SENTENCES.values():
        lines = file.read_text(encoding="utf-8").splitlines()
        assert len(set(lines)) == len(lines)
        assert not judged & set(lines)


@pytest.mark.parametrize("net", ["emomix", "diemo", "zest"])
def test_every_voice_rehearses_every_emotion_it_has(net: str, store: Store) -> None:
    pieces = rehearsal.spoken(net, store)
    engine = EmoMixEngine(store)
    assert {(p.speaker, p.emotion) for p in pieces} == {
        (f"preset-{voice}", emotion)
        for voice in engine.presets
        for emotion in engine.model.config.emotions
    }
    assert len({piece.name for piece in pieces}) == len(pieces)
    for emotion in ("neutral", "angry"):
        texts = {piece.text for piece in pieces if piece.emotion == emotion}
        assert texts == {piece.text for piece in pieces}


@pytest.mark.parametrize("net", ["emomix", "diemo"])
def test_a_speaking_net_rehearses_its_own_frames(net: str, store: Store) -> None:
    for piece in rehearsal.spoken(net, store)[::7]:
        assert piece.durations is not None
        assert piece.durations.sum() == piece.mel.shape[1] == len(piece.f0)


def test_others_rehearse_what_is_heard(store: Store) -> None:
    piece = rehearsal.spoken("zest", store)[0]
    assert np.allclose(piece.mel, log_mel(torch.from_numpy(piece.wav)[None])[0], atol=1e-5)
    assert piece.durations is None
    assert rehearsal.spoken("vocoder", store) == []


def test_the_recognizer_rehearses_what_it_hears_right(store: Store) -> None:
    recognizer = EmoMixEngine(store).recognizer
    for piece in rehearsal.spoken("ser", store):
        assert recognize(recognizer, Clip(piece.wav, 16_000)).label == piece.emotion
