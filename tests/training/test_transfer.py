"""Listeners pass gradients and learn nothing."""

from pathlib import Path

import torch

from emostudio.models.alignment import PhonemeNet
from emostudio.models.checkpoint import Store
from emostudio.models.ser import EmotionRecognizer
from emostudio.models.speaker import SpeakerEncoder
from emostudio.models.vocoder import Vocoder
from emostudio.training.transfer import Listeners
from tests import tiny


def test_listeners_are_still_but_for_the_lstm_which_a_gpu_reads_backward_in_training_alone(
    tmp_path: Path,
) -> None:
    store = Store(tiny.checkpoints(tmp_path))
    ears = store.load(SpeakerEncoder), store.load(PhonemeNet), store.load(Vocoder)
    listeners = Listeners(store.load(EmotionRecognizer), *ears).freeze(torch.device("cpu"))
    lstm = listeners.recognizer.lstm
    assert lstm.training
    assert lstm.dropout == 0.0
    assert not listeners.recognizer.dropout.training
    assert not any(p.requires_grad for p in listeners.recognizer.parameters())
