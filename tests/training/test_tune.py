"""What is tuned learns the new and keeps what others rely on: other voices, emotions, maps."""

import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from emostudio.data.features import Pack, pack
from emostudio.data.joining import Piece, join, pack_of
from emostudio.jobs import rehearsal
from emostudio.models import checkpoint
from emostudio.models.checkpoint import NETS, Store
from emostudio.models.diemo.net import DiEmo
from emostudio.models.emomix.net import EmoMix
from emostudio.models.ser import EmotionRecognizer, affect_of
from emostudio.models.vocoder import Vocoder
from emostudio.models.zest.net import Zest
from emostudio.training.adapter import adapted
from emostudio.training.emomix import Voices
from emostudio.training.tune import CORPUS, Manner, complete, tune
from emostudio.training.tuned import TunedSer, widened
from tests import tiny
from tests.recorded import recorded
from tests.speech import corpora

BASES: dict[str, type[nn.Module]] = {
    "ser": EmotionRecognizer,
    "emomix": EmoMix,
    "diemo": DiEmo,
    "vocoder": Vocoder,
    "zest": Zest,
}
SPEAKING = ("emomix", "diemo")
FEW = Manner(steps=2, name="anna", batch_size=4)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tiny.checkpoints(tmp_path_factory.mktemp("shipped")))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, store: Store) -> Path:
    """A pack of one new voice, and of actors and readers that are rehearsed."""
    root = tmp_path_factory.mktemp("packs")
    recorded(root / "new" / CORPUS)
    new = pack(root / "new", root / "packed", processes=1)
    old = pack(corpora(root / "old"), root / "old-packed", processes=1)
    join([(new, new.rows), (old, old.select("train"))], root / "all")
    complete("zest", store, root / "all")  # needs all that any net needs
    return root / "all"


@pytest.fixture(scope="module")
def acted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack of an emotion that no recognizer knows, beside one that all know."""
    root = tmp_path_factory.mktemp("acted")
    speakers = ("anna", "bo")
    recorded(root / "new" / CORPUS, speakers=speakers, emotions=("neutral", "wry"))
    pack(root / "new", root / "packed", processes=1)
    return root / "packed"


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


@pytest.mark.parametrize("net", BASES)
def test_every_base_is_tuned_into_a_checkpoint_of_its_net(
    net: str, folder: Path, store: Store, tmp_path: Path
) -> None:
    manner = replace(FEW, only_adapter=False)
    assert tune(net, manner, data=folder, run=tmp_path, store=store) == FEW.steps
    base, tuned = store.load(BASES[net]), checkpoint.load(BASES[net], tmp_path)
    changed = [
        name
        for (name, old), new in zip(
            base.state_dict().items(), tuned.state_dict().values(), strict=True
        )
        if not torch.equal(old, new)
    ]
    assert changed
    assert all(torch.isfinite(value).all() for value in tuned.state_dict().values())
    assert not any("emotion_means" in name for name in changed)


@pytest.mark.parametrize("net", BASES)
def test_an_adapter_leaves_all_other_weights_as_they_are(
    net: str, folder: Path, store: Store, tmp_path: Path
) -> None:
    manner = replace(FEW, learning_rate=5.0)
    tune(net, manner, data=folder, run=tmp_path, store=store)
    base, tuned = store.load(BASES[net]), checkpoint.load(BASES[net], tmp_path)
    chosen = set(adapted(base))
    assert sum(base.get_parameter(name).numel() for name in chosen) > 0
    for name, value in base.state_dict().items():
        if name not in chosen:
            assert torch.equal(value, tuned.state_dict()[name]), name


@pytest.mark.parametrize("net", SPEAKING)
def test_a_new_voice_joins_the_presets_and_changes_none(
    net: str, folder: Path, store: Store, tmp_path: Path
) -> None:
    tune(net, FEW, data=folder, run=tmp_path, store=store)
    before = json.loads((store.folder(net) / "voices.json").read_text())
    after = json.loads((tmp_path / "voices.json").read_text())
    assert list(after) == [*before, "anna"]
    assert {name: after[name] for name in before} == before
    # The recordings have pulses at 120 Hz and a little around.
    assert after["anna"]["pitch_mean"] == pytest.approx(np.log(120), abs=0.15)
    assert after["anna"]["lang"] == "en"


@pytest.mark.parametrize("net", SPEAKING)
def test_a_voice_is_told_by_what_was_learned_of_it(
    net: str, folder: Path, store: Store, tmp_path: Path
) -> None:
    found = []
    for steps in (1, 4):
        run = tmp_path / str(steps)
        tune(net, replace(FEW, steps=steps), data=folder, run=run, store=store)
        voice = json.loads((run / "voices.json").read_text())["anna"]
        found.append(np.array(voice["speaker_emb"]))
    assert not np.array_equal(*found)


@pytest.mark.parametrize("net", SPEAKING)
def test_mixtures_and_calibration_mean_what_they_meant(
    net: str, folder: Path, store: Store, tmp_path: Path
) -> None:
    tune(net, replace(FEW, only_adapter=False), data=folder, run=tmp_path, store=store)
    base, tuned = store.load(BASES[net]), checkpoint.load(BASES[net], tmp_path)
    assert tuned.config == base.config
    assert torch.equal(tuned.emotion_means, base.emotion_means)  # pyright: ignore


@pytest.mark.parametrize("net", [name for name in BASES if name != "zest"])
def test_nobody_has_to_act_and_nothing_to_be_rehearsed(
    net: str, store: Store, tmp_path: Path
) -> None:
    recorded(tmp_path / "new" / CORPUS)
    pack(tmp_path / "new", tmp_path / "packed", processes=1)
    complete(net, store, tmp_path / "packed")
    run = tmp_path / "run"
    assert tune(net, FEW, data=tmp_path / "packed", run=run, store=store) == FEW.steps


def test_zest_says_what_it_needs(store: Store, tmp_path: Path) -> None:
    recorded(tmp_path / "new" / CORPUS)
    pack(tmp_path / "new", tmp_path / "packed", processes=1)
    complete("zest", store, tmp_path / "packed")
    with pytest.raises(ValueError, match="at least two emotions"):
        tune("zest", FEW, data=tmp_path / "packed", run=tmp_path / "run", store=store)


def test_a_corpus_of_which_nothing_can_be_learned_is_refused(store: Store, tmp_path: Path) -> None:
    recorded(tmp_path / "new" / CORPUS, emotions=("wry",))
    new = pack(tmp_path / "new", tmp_path / "packed", processes=1)
    old = pack(corpora(tmp_path / "old"), tmp_path / "old-packed", processes=1)
    join([(new, new.rows), (old, old.select("train"))], tmp_path / "all")
    complete("emomix", store, tmp_path / "all")
    with pytest.raises(ValueError, match="No training clip of the corpus"):
        tune("emomix", FEW, data=tmp_path / "all", run=tmp_path / "run", store=store)


def test_a_recognizer_learns_names_of_emotions(store: Store, acted: Path, tmp_path: Path) -> None:
    manner = Manner(steps=60, batch_size=8, learning_rate=10, only_adapter=False)
    tune("ser", manner, data=acted, run=tmp_path, store=store)
    base, tuned = store.load(EmotionRecognizer), checkpoint.load(EmotionRecognizer, tmp_path)
    assert tuned.config.emotions == (*base.config.emotions, "wry")
    data = Pack.open(acted)
    with torch.inference_mode():
        heard = {
            row.name: tuned(torch.from_numpy(data.mel_of(row))[None])[0].argmax().item()
            for row in data.select("train")
        }
    assert set(heard.values()) <= {tuned.config.emotions.index(name) for name in ("neutral", "wry")}
    assert tuned.config.emotions.index("wry") in heard.values()


def test_a_wider_recognizer_hears_of_the_old_what_it_heard(store: Store) -> None:
    base = store.load(EmotionRecognizer)
    wide = widened(base, ["wry", "neutral", "rapt"]).eval()
    assert wide.config.emotions == (*base.config.emotions, "wry", "rapt")
    mel = torch.randn(2, 80, 60)
    with torch.inference_mode():
        known, embedding = base(mel)
        more, same = wide(mel)
    n_known = len(base.config.emotions)
    assert torch.equal(more[:, :n_known], known)
    assert torch.equal(same, embedding)
    # No new name is heard before it was learned.
    assert (more.argmax(1) < n_known).all()


def test_a_corpus_is_held_against_all_names_and_what_is_rehearsed_against_new_ones(
    store: Store, acted: Path, tmp_path: Path
) -> None:
    new, old = Pack.open(acted), pack(corpora(tmp_path / "old"), tmp_path / "packed", processes=1)
    data = join([(new, new.rows), (old, old.select("train", "ravdess"))], tmp_path / "all")
    wide = widened(store.load(EmotionRecognizer), ["wry"])
    recipe = TunedSer(wide, data, ["ravdess"])
    names = wide.config.emotions
    barred = {
        corpus: {name for name, gone in zip(names, absent, strict=True) if gone}
        for corpus, absent in recipe._absent.items()
    }
    assert "wry" not in barred["ravdess"]
    assert "bored" in barred["ravdess"]
    assert not barred[CORPUS]


def test_who_only_whispers_has_a_pitch_that_is_a_number(tmp_path: Path) -> None:
    frames = np.zeros(8, np.float32)
    told = ("bo-1", "bo", "en", "neutral", "Hush.", np.zeros((80, 8), np.float32))
    data = pack_of([Piece(*told, frames, np.zeros(8 * 160), np.array([1, 2]))], CORPUS)
    for name in ("speaker_emb", "emotion_emb"):
        np.save(tmp_path / f"{name}.npy", np.ones((1, 4), np.float32))
    pitch = Voices.of(data, tmp_path, ("neutral",)).pitch_means["bo"]
    assert np.log(80) < pitch < np.log(320)


def test_an_emotion_that_nobody_knows_moves_no_affect() -> None:
    assert affect_of({"wry": 1.0}) == affect_of({"neutral": 1.0})
    half = affect_of({"happy": 0.5, "wry": 0.5})
    assert half.valence == pytest.approx((affect_of({"happy": 1.0}).valence + 0.5) / 2)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_what_is_rehearsed_has_its_share(share: float, folder: Path) -> None:
    from emostudio.models.vocoder import VocoderConfig
    from emostudio.training.vocoder import VocoderRecipe

    recipe = VocoderRecipe(VocoderConfig.tiny(), Pack.open(folder), adversarial=False)
    recipe.rehearse({"kathleen", "librispeech"}, share)
    old = np.array([row.corpus != CORPUS for row in recipe._rows])
    assert recipe._weights[old].sum() == pytest.approx(share)
    assert recipe._weights.sum() == pytest.approx(1)


@pytest.mark.parametrize("net", ["ser", "diemo"])
def test_a_run_that_was_stopped_equals_one_that_was_not(
    net: str, folder: Path, store: Store, tmp_path: Path
) -> None:
    class Stopping:
        def report(self, *_: object) -> None: ...

        def hear(self, step: int, average: nn.Module) -> None:
            if step == 2:
                os.kill(os.getpid(), signal.SIGTERM)

    manner = replace(FEW, steps=4)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    tune(net, manner, data=folder, run=whole, store=store)
    assert tune(net, manner, data=folder, run=parts, store=store, watch=Stopping()) == 2
    assert tune(net, manner, data=folder, run=parts, store=store, resume=True) == 4
    for name, value in weights(whole).items():
        assert torch.equal(value, weights(parts)[name]), name
    if net in SPEAKING:
        assert (whole / "voices.json").read_text() == (parts / "voices.json").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("net", SPEAKING)
def test_rehearsal_keeps_old_voices_as_they_were(net: str, store: Store, tmp_path: Path) -> None:
    """Trained long enough to drift, the net stays nearer to what it said where it rehearses."""
    recorded(tmp_path / "new" / CORPUS)
    new = pack(tmp_path / "new", tmp_path / "packed", processes=1)
    takes = pack_of(rehearsal.spoken(net, store), "rehearsed")
    data = join([(new, new.rows), (takes, takes.rows)], tmp_path / "all")
    complete(net, store, tmp_path / "all")
    base = store.load(BASES[net])
    names: tuple[str, ...] = base.config.emotions  # pyright: ignore
    voices = json.loads((store.folder(net) / "voices.json").read_text())

    def said(model: nn.Module) -> torch.Tensor:
        found = []
        for row in data.select("train", "rehearsed"):
            tokens = torch.from_numpy(data.tokens_of(row)).long()[None]
            mask = torch.ones_like(tokens[:, None], dtype=torch.bool)
            speaker = torch.tensor([voices[row.speaker.removeprefix("preset-")]["speaker_emb"]])
            place = names.index(row.emotion)
            with torch.inference_mode():
                emotion = model.emotion_means[place : place + 1]  # pyright: ignore
                found.append(model.encode(tokens, mask, speaker, emotion)[1][0])  # pyright: ignore
        return torch.cat(found)

    far = {}
    for share in (0.0, 0.8):
        run = tmp_path / str(share)
        manner = Manner(30, "anna", only_adapter=False, rehearsal=share, batch_size=8)
        tune(net, replace(manner, learning_rate=10), data=tmp_path / "all", run=run, store=store)
        far[share] = (said(checkpoint.load(BASES[net], run)) - said(base)).abs().mean()
    assert far[0.8] < far[0.0]


@pytest.mark.parametrize("net", SPEAKING)
def test_who_rehearses_its_own_takes_is_held_to_what_it_said(
    net: str, store: Store, tmp_path: Path
) -> None:
    recorded(tmp_path / "new" / CORPUS)
    new = pack(tmp_path / "new", tmp_path / "packed", processes=1)
    takes = pack_of(rehearsal.spoken(net, store)[:6], "rehearsed")
    join([(new, new.rows), (takes, takes.rows)], tmp_path / "all")
    complete(net, store, tmp_path / "all")
    found: dict[float, dict[str, float]] = {}

    class Listening:
        def report(self, step: int, minutes: float, rate: float, losses: dict[str, float]) -> None:
            found[share] = losses

        def hear(self, step: int, average: nn.Module) -> None: ...

    for share in (0.0, 0.9):
        manner = replace(FEW, rehearsal=share)
        run = tmp_path / str(share)
        tune(net, manner, data=tmp_path / "all", run=run, store=store, watch=Listening())
    assert "model/held" in found[0.9] and "model/held" not in found[0.0]


@pytest.mark.parametrize("net", SPEAKING)
def test_who_listens_on_the_way_finds_the_new_voice_from_the_first_step_on(
    net: str, folder: Path, store: Store, tmp_path: Path
) -> None:
    found: list[list[str]] = []

    class Listening:
        def report(self, *_: object) -> None: ...

        def hear(self, step: int, average: nn.Module) -> None:
            found.append(list(json.loads((tmp_path / "voices.json").read_text())))
            os.kill(os.getpid(), signal.SIGTERM)

    # Voices are written with the reports, here every second step.
    tune(net, replace(FEW, steps=200), data=folder, run=tmp_path, store=store, watch=Listening())
    assert [voices[-1] for voices in found] == ["anna"]


def test_every_base_has_a_name_among_the_nets() -> None:
    assert {NETS[kind][0] for kind in BASES.values()} == set(BASES)
