"""The gate: equal nets differ by nothing, broken ones are refused, and nothing is invented."""

import csv
import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from emostudio.evaluation.compare import KINDS, compare
from emostudio.evaluation.compare_findings import neighbors_kept
from emostudio.evaluation.gate import Gate, Number
from emostudio.models import checkpoint
from emostudio.models.checkpoint import Store
from emostudio.models.ser import EmotionRecognizer, SerConfig
from emostudio.models.vocoder import Vocoder
from tests import tiny
from tests.speech import COLUMNS, SAMPLE_RATE, vowels

NOWHERE = Path("no judges here")
TRAIN = ("The tea is hot.", "We go home.", "He is here.")
HELD_OUT = ("They sing a song.", "It rains again.", "She has a dog.")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Tiny checkpoints."""
    return Store(tiny.checkpoints(tmp_path_factory.mktemp("tiny")))


def _corpus(folder: Path, dev: Sequence[str], emotions: Sequence[str] = ("neutral",)) -> Path:
    """Recordings of one speaker: three sentences to train on, and clips of these emotions."""
    folder.mkdir()
    rows = [("train", emotion, text) for emotion in emotions for text in TRAIN]
    rows += [("dev", emotion, HELD_OUT[n % 3]) for n, emotion in enumerate(dev)]
    with (folder / "metadata.csv").open("w", newline="") as table:
        writer = csv.DictWriter(table, COLUMNS)
        writer.writeheader()
        for number, (split, emotion, text) in enumerate(rows):
            told = dict.fromkeys(COLUMNS, "") | {"file": f"{number}.wav", "speaker": "anna"}
            told |= {"lang": "en", "emotion": emotion, "split": split, "text": text}
            writer.writerow(told)
            wav = vowels(120 + 20 * (number % 4), 1.4, seed=number)
            soundfile.write(folder / f"{number}.wav", wav, SAMPLE_RATE)
    return folder


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Readings with six clips held out."""
    return _corpus(tmp_path_factory.mktemp("corpora") / "readings", ["neutral"] * 6)


def _number(gate: Gate, name: str) -> Number:
    return next(number for number in gate.numbers if number.name == name)


def _says(store: Store, emotion: str, folder: Path, config: SerConfig) -> Store:
    """The same checkpoints with a recognizer that hears one emotion in everything."""
    net = EmotionRecognizer(config)
    with torch.no_grad():
        net.classify.weight.zero_()
        net.classify.bias.zero_()[config.emotions.index(emotion)] = 9.0
    checkpoint.save(net, folder)
    return Store(store.shipped, instead={"ser": folder})


@pytest.mark.parametrize("net", list(KINDS))
def test_a_candidate_that_is_the_base_differs_by_nothing(
    net: str, store: Store, corpus: Path, tmp_path: Path
) -> None:
    told: list[float] = []
    gate = compare(
        net,
        store,
        store,
        corpus,
        tmp_path / "gate",
        judges=tmp_path / "none",
        progress=lambda share, word: told.append(share),
    )
    assert len(gate.numbers) >= 3
    assert [number.difference for number in gate.numbers] == [0.0] * len(gate.numbers)
    assert gate.refusals == ()
    assert all(number.interval[0] <= 0 <= number.interval[1] for number in gate.numbers)
    assert gate.base_sha256 == gate.candidate_sha256 == store.sha256(net)
    assert Gate.read(tmp_path / "gate") == gate
    assert told == sorted(told)
    assert told[-1] == 1
    for pair in gate.pairs:
        one, other = (tmp_path / "gate" / file for file in (pair.base, pair.candidate))
        assert one != other
        assert one.read_bytes() == other.read_bytes()
    assert len({pair.id for pair in gate.pairs}) == len(gate.pairs)
    assert bool(gate.pairs) == (net != "ser")
    assert set(gate.confusions) >= ({"base", "candidate"} if net != "vocoder" else set())


def test_missing_judges_are_named_and_never_installed(
    store: Store, corpus: Path, tmp_path: Path
) -> None:
    judges = tmp_path / "none"
    gate = compare("vocoder", store, store, corpus, tmp_path / "gate", judges=judges)
    assert list(gate.missing) == ["speechmos.dnsmos (opinion)"]  # who would have been asked
    judges.mkdir()
    (judges / "ready").write_text("{}")
    gate = compare("vocoder", store, store, corpus, tmp_path / "gate", judges=judges)
    assert all("evaluate" in why for why in gate.missing.values())
    assert [file.name for file in judges.iterdir()] == ["ready"]


def test_a_vocoder_that_lost_its_voice_is_refused_for_it(
    store: Store, corpus: Path, tmp_path: Path
) -> None:
    net = store.load(Vocoder)
    with torch.no_grad():
        net.head.weight.zero_()
        net.head.bias.fill_(-9.0)
    checkpoint.save(net, tmp_path / "vocoder")
    silent = Store(store.shipped, instead={"vocoder": tmp_path / "vocoder"})
    gate = compare("vocoder", store, silent, corpus, tmp_path / "gate", judges=NOWHERE)
    assert any(why.startswith("Voicing error rose from") for why in gate.refusals)


def test_a_recognizer_that_got_worse_is_refused_by_accuracy_alone(
    store: Store, tmp_path: Path
) -> None:
    dev = ["neutral"] * 10 + ["happy"] * 2
    acted = _corpus(tmp_path / "acted", dev, ("neutral", "happy"))
    base = _says(store, "neutral", tmp_path / "base", SerConfig.tiny())
    worse = _says(store, "happy", tmp_path / "worse", SerConfig.tiny())
    gate = compare("ser", base, worse, acted, tmp_path / "gate", judges=NOWHERE)
    accuracy, recall = _number(gate, "accuracy"), _number(gate, "mean recall")
    assert (accuracy.base, accuracy.candidate) == pytest.approx((10 / 12, 2 / 12))
    assert (recall.base, recall.candidate) == pytest.approx((0.5, 0.5))
    (why,) = gate.refusals
    assert why.startswith("Accuracy fell from 0.833 to 0.167")
    assert gate.confusions["candidate"]["neutral"] == {"happy": 10}


def test_a_base_without_a_name_for_an_emotion_never_hears_it(store: Store, tmp_path: Path) -> None:
    acted = _corpus(tmp_path / "acted", ["neutral"] * 3 + ["joy"] * 6, ("neutral", "joy"))
    base = _says(store, "neutral", tmp_path / "base", SerConfig.tiny())
    config = replace(SerConfig.tiny(), emotions=(*SerConfig().emotions, "joy"))
    tuned = _says(store, "joy", tmp_path / "tuned", config)
    gate = compare("ser", base, tuned, acted, tmp_path / "gate", judges=NOWHERE)
    accuracy = _number(gate, "accuracy")
    assert (accuracy.base, accuracy.candidate) == pytest.approx((3 / 9, 6 / 9))
    known = _number(gate, "accuracy on emotions known before")
    assert (known.base, known.candidate, known.n) == (1.0, 0.0, 3)
    assert any("no name for joy" in note for note in gate.notes)
    new = _number(gate, "recall of joy")
    assert (new.base, new.candidate, new.n, new.guarded) == (0.0, 1.0, 6, False)
    assert not any("hears joy in" in note for note in gate.notes)
    deaf = compare("ser", base, base, acted, tmp_path / "deaf", judges=NOWHERE)
    assert "It hears joy in 0 of 6 clips yet: train longer or give more clips." in deaf.notes
    # Three clips in the emotions known before are few to be sure by.
    (few,) = (note for note in gate.notes if note.startswith("Only"))
    assert few.startswith("Only 3 clips or sentences stand behind accuracy on emotions known")
    # What it always knew it hears no more, in takes that have nothing to do with the corpus.
    assert _number(gate, "old emotions heard in takes of EmoMix").candidate == 0


def test_a_new_voice_is_compared_with_the_base_speaking_by_a_reference(
    store: Store, corpus: Path, tmp_path: Path
) -> None:
    shutil.copytree(store.folder("emomix"), tmp_path / "emomix")
    file = tmp_path / "emomix" / "voices.json"
    voices = json.loads(file.read_text())
    file.write_text(json.dumps(voices | {"anna": voices["kerstin"] | {"lang": "en"}}))
    tuned = Store(store.shipped, instead={"emomix": tmp_path / "emomix"})
    out = tmp_path / "gate"
    gate = compare("emomix", store, tuned, corpus, out, judges=NOWHERE)
    assert _number(gate, "voice similarity of anna").difference != 0
    assert _number(gate, "voice similarity of kathleen").difference == 0
    of_anna = [pair for pair in gate.pairs if pair.voice == "anna"]
    assert {pair.text for pair in of_anna} == set(HELD_OUT)
    passport = json.loads((out / of_anna[0].base).with_suffix(".json").read_text())
    assert passport["request"]["voice"] != "anna"  # a recorded voice
    passport = json.loads((out / of_anna[0].candidate).with_suffix(".json").read_text())
    assert passport["request"]["voice"] == "anna"
    # Guarded are the voice, its words, and the emotions of the voice that was there.
    guarded = {number.name for number in gate.numbers if number.guarded}
    assert "emotion hit rate of kathleen, by our judge" in guarded
    assert "emotion hit rate of anna, by our judge" not in guarded
    assert {"phoneme error of anna", "voice similarity of anna"} <= guarded


def test_weights_that_are_no_numbers_are_told_as_such(
    store: Store, corpus: Path, tmp_path: Path
) -> None:
    net = store.load(Vocoder)
    with torch.no_grad():
        next(net.parameters()).fill_(float("nan"))
    checkpoint.save(net, tmp_path / "vocoder")
    broken = Store(store.shipped, instead={"vocoder": tmp_path / "vocoder"})
    with pytest.raises(ValueError, match="no numbers: the training fell apart"):
        compare("vocoder", store, broken, corpus, tmp_path / "gate", judges=NOWHERE)


def test_with_one_clip_numbers_are_left_out_and_not_invented(store: Store, tmp_path: Path) -> None:
    single = _corpus(tmp_path / "single", ["neutral"])
    gate = compare("vocoder", store, store, single, tmp_path / "gate", judges=NOWHERE)
    assert gate.numbers == ()
    assert "Mel distance was left out: it takes at least two clips or sentences." in gate.notes


def test_without_held_out_clips_there_is_no_gate(store: Store, tmp_path: Path) -> None:
    trained = _corpus(tmp_path / "trained", [])
    with pytest.raises(ValueError, match="holds no clip out"):
        compare("ser", store, store, trained, tmp_path / "gate", judges=NOWHERE)


def test_neighbors_stay_where_a_space_is_only_turned() -> None:
    rng = np.random.default_rng(0)
    space = rng.normal(size=(60, 8))
    turned = space @ np.linalg.qr(rng.normal(size=(8, 8)))[0]
    assert neighbors_kept(space, turned).tolist() == [1.0] * 60
    other = neighbors_kept(space, rng.normal(size=(60, 8)))
    assert other.mean() == pytest.approx(10 / 59, abs=0.06)
    assert len(neighbors_kept(space[:3], space[:3])) == 0  # everybody is a neighbor
