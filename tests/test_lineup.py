"""Which models are offered by name, and what of them is in memory."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import torch

from emostudio import Clip, Settings, Studio
from emostudio.conversion import Conversion
from emostudio.jobs.tuning import OFFERED
from emostudio.lineup import MOST_TUNED
from emostudio.models import checkpoint
from emostudio.models.ser import EmotionRecognizer, SerConfig
from emostudio.values import EmotionMix, Request
from tests import tiny
from tests.speech import SAMPLE_RATE, vowels

NETS = ("emomix", "diemo", "zest", "vocoder", "ser")


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.checkpoints(tmp_path_factory.mktemp("shipped"))


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Other weights of every net, and a voice that nobody else has."""
    root = tiny.checkpoints(tmp_path_factory.mktemp("others"), seed=1)
    for name in ("emomix", "diemo"):
        voices = json.loads((root / name / "voices.json").read_text())
        voices["anna"] = voices["kathleen"]
        (root / name / "voices.json").write_text(json.dumps(voices))
    return root


@pytest.fixture
def studio(shipped: Path, tmp_path: Path) -> Studio:
    return Studio(Settings(checkpoints=shipped, data_dir=tmp_path))


def offer(studio: Studio, **nets: Path) -> None:
    """Promote a folder by the name of its net and a name of its own: net_name=folder."""
    rows = []
    for key, folder in nets.items():
        net, _, name = key.partition("_")
        sha256 = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
        rows.append({"name": name, "net": net, "folder": str(folder), "sha256": sha256})
    file = studio.settings.tuned / OFFERED
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(rows))


def test_without_promotions_only_the_models_in_use_are_offered(studio: Studio) -> None:
    assert list(studio.engines()) == ["emomix", "diemo"]
    assert list(studio.converters()) == ["zest"]


def test_a_tuned_net_is_offered_wherever_it_has_a_place(studio: Studio, others: Path) -> None:
    offer(studio, emomix_anna=others / "emomix", vocoder_bright=others / "vocoder")
    assert list(studio.engines()) == [
        "emomix",
        "diemo",
        "emomix:anna",
        "emomix:bright",
        "diemo:bright",
    ]
    assert list(studio.converters()) == ["zest", "zest:bright"]


def test_a_tuned_voice_speaks_at_once_and_is_gone_when_rolled_back(
    studio: Studio, others: Path
) -> None:
    usual = studio.speak("We are away.", engine="emomix", voice="kathleen")
    offer(studio, emomix_anna=others / "emomix")
    assert "anna" in studio.voices("emomix:anna")
    assert "anna" not in studio.voices("emomix")
    tuned = studio.speak("We are away.", engine="emomix:anna", voice="anna")
    assert tuned.passport["models"]["emomix"] == studio.lineup.store(
        studio.lineup.tuned("emomix")[0]
    ).sha256("emomix")
    again = studio.speak("We are away.", engine="emomix", voice="kathleen")
    assert again.passport["sha256"] == usual.passport["sha256"]
    offer(studio)
    with pytest.raises(ValueError, match="'anna' is not offered"):
        studio.speak("We are away.", engine="emomix:anna", voice="anna")


def test_a_tuned_recognizer_reads_back_and_changes_no_sample(
    studio: Studio, tmp_path: Path
) -> None:
    torch.manual_seed(5)
    names = (*SerConfig.tiny().emotions, "whispered")
    config = SerConfig(emotions=names, channels=4, depth=2, linear=16, lstm=8)
    checkpoint.save(EmotionRecognizer(config), tmp_path / "ear")
    offer(studio, ser_ear=tmp_path / "ear")
    asked = {"emotion": "happy", "voice": "kathleen", "seed": 3}
    usual = studio.speak("We are away.", engine="emomix", **asked)
    heard = studio.speak("We are away.", engine="emomix:ear", **asked)
    assert heard.passport["sha256"] == usual.passport["sha256"]
    assert "whispered" in heard.read_back.heard.probs
    assert "whispered" not in usual.read_back.heard.probs
    assert set(heard.passport["models"]) - set(usual.passport["models"]) == {"ser:ear"}


def test_a_recording_is_converted_by_a_tuned_zest(studio: Studio, others: Path) -> None:
    offer(studio, zest_warm=others / "zest")
    source = Clip(vowels(seconds=1.0), SAMPLE_RATE)
    asked = {"consent": True, "emotion": EmotionMix.parse("happy")}
    one, two = (
        studio.convert(Conversion(source, engine=engine, **asked))
        for engine in ("zest", "zest:warm")
    )
    assert one.passport["models"]["zest"] != two.passport["models"]["zest"]
    assert studio.conversion_of(two.passport, source=source).engine == "zest:warm"


def test_files_that_were_changed_after_the_promotion_are_refused(
    studio: Studio, others: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    checkpoint.save(checkpoint.load(EmotionRecognizer, others / "ser"), folder)
    offer(studio, ser_ear=folder)
    torch.manual_seed(9)
    checkpoint.save(EmotionRecognizer(SerConfig.tiny()), folder)
    with pytest.raises(ValueError, match="changed since it was promoted"):
        studio.speak("We are away.", engine="emomix:ear")


def test_what_is_unloaded_gives_its_memory_back_and_loads_again(studio: Studio) -> None:
    first = studio.speak("We are away.", engine="diemo")
    assert [each.use for each in studio.lineup.loaded()] == ["diemo"]
    assert studio.lineup.loaded()[0].megabytes > 0
    studio.lineup.unload("diemo")
    assert studio.lineup.loaded() == []
    again = studio.speak("We are away.", engine="diemo")
    assert again.passport["sha256"] == first.passport["sha256"]


def test_only_a_few_tuned_models_stay_in_memory(studio: Studio, others: Path) -> None:
    names = [f"v{number}" for number in range(MOST_TUNED + 2)]
    offer(studio, **{f"vocoder_{name}": others / "vocoder" for name in names})
    studio.lineup.load("diemo")
    for name in names:
        studio.lineup.load(f"diemo:{name}")
    kept = [f"diemo:{name}" for name in names[-MOST_TUNED:]]
    assert [each.use for each in studio.lineup.loaded()] == ["diemo", *kept]


def test_a_damaged_list_offers_nothing_and_stops_nobody(
    studio: Studio, caplog: pytest.LogCaptureFixture
) -> None:
    file = studio.settings.tuned / OFFERED
    file.parent.mkdir(parents=True)
    file.write_text("[{")
    assert list(studio.engines()) == ["emomix", "diemo"]
    assert "can't be read" in caplog.text


@pytest.mark.parametrize("engine", ["festival", "festival:anna", ""])
def test_a_name_of_no_system_is_refused(engine: str) -> None:
    with pytest.raises(ValueError, match="Unknown engine"):
        Request("Hello.", engine=engine)
