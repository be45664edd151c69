"""A probe reads what is there, and nothing where nothing is."""

from pathlib import Path

import numpy as np
import pytest

from emostudio.evaluation import probes
from emostudio.evaluation.goals import goals
from emostudio.evaluation.real import Recordings
from emostudio.models.checkpoint import Store
from tests import tiny
from tests.speech import acting

LABELS = ["angry"] * 60 + ["happy"] * 60 + ["sad"] * 60
CLEAR = np.repeat(np.eye(3), 60, axis=0)


def test_clear_embeddings_are_read_without_fault() -> None:
    noise = 0.05 * np.random.default_rng(0).normal(size=CLEAR.shape)
    found = probes.probe(CLEAR + noise, LABELS)
    assert found["value"] == 1
    assert found["chance"] == pytest.approx(1 / 3, abs=1e-4)


def test_embeddings_drawn_by_lot_are_read_by_chance() -> None:
    found = probes.probe(np.random.default_rng(0).normal(size=(180, 8)), LABELS)
    assert found["low"] <= 1 / 3 <= found["high"]


def test_a_probe_that_only_knows_what_is_common_is_right_by_chance() -> None:
    labels = ["neutral"] * 90 + ["angry"] * 10
    found = probes.probe(np.random.default_rng(0).normal(size=(100, 4)), labels)
    assert found["value"] < 0.75  # 0.9 if each clip counted alike
    assert found["chance"] == 0.5


def test_a_label_of_a_single_clip_is_left_out() -> None:
    found = probes.probe(np.vstack([CLEAR, np.ones(3)]), [*LABELS, "bored"])
    assert found["labels"] == ["angry", "happy", "sad"]


def test_a_probe_of_the_unheard_is_asked_about_them_alone() -> None:
    """What is a label's place among the heard is another one's among the unheard."""
    shifted = np.repeat(np.eye(3)[[1, 2, 0]], 60, axis=0)
    learned = np.repeat([True, False], 180)
    found = probes.probe(np.vstack([CLEAR, CLEAR]), LABELS * 2, learned=learned)
    assert found["value"] == 1
    assert found["n"] == 180
    assert probes.probe(np.vstack([CLEAR, shifted]), LABELS * 2, learned=learned)["value"] == 0


def test_a_label_that_no_probe_could_learn_is_not_asked_for() -> None:
    labels = [*LABELS, *LABELS[:-1], "bored"]
    learned = np.repeat([True, False], 180)
    found = probes.probe(np.vstack([CLEAR, CLEAR]), labels, learned=learned)
    assert found["labels"] == ["angry", "happy", "sad"]
    assert found["n"] == 179


def test_probes_of_dev_clips_stand_beside_each_other(tmp_path: Path) -> None:
    real = Recordings.of(acting(tmp_path / "corpora"))
    found = probes.measure(Store(tiny.checkpoints(tmp_path / "models")), real, quick=True)
    for name in probes.EMBEDDINGS:
        assert {"speaker", "emotion", "emotion_ravdess", "emotion_emodb"} == set(found[name])
        assert "ravdess-01" not in found[name]["speaker"]["labels"]
    assert {
        "EASE: emotion that a probe still reads",
        "EASE: speakers that a probe still reads",
    } == {goal["name"] for goal in goals({"probes": found})}


def row(speaker: float, emotion: float) -> dict:
    return {
        "speaker": {"value": speaker, "chance": 0.1},
        "emotion": {"value": emotion, "chance": 0.2},
    }


@pytest.mark.parametrize(("left", "met"), [(0.39, True), (0.41, False)])
def test_emotion_has_to_fall_by_half_towards_chance(left: float, met: bool) -> None:
    report = {"probes": {"speaker_embedding": row(1.0, 0.6), "ease": row(0.96, left)}}
    emotion, speaker = goals(report)
    assert emotion["met"] == met
    assert speaker["met"]
