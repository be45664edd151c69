"""ZEST's recipe learns with either synthesizer, and leaves out what an ablation names."""

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from emostudio import Settings
from emostudio.audio.mel import log_mel
from emostudio.data.features import Pack, pack
from emostudio.models import checkpoint
from emostudio.models.alignment import AlignerConfig, PhonemeNet
from emostudio.models.content import ContentConfig, ContentEncoder
from emostudio.models.ser import EmotionRecognizer, SerConfig
from emostudio.models.speaker import SpeakerConfig, SpeakerEncoder
from emostudio.models.vocoder import Vocoder, VocoderConfig
from emostudio.models.zest.config import UNSEEN, ZestConfig
from emostudio.models.zest.net import Zest
from emostudio.training import recipes
from emostudio.training.aligner import align
from emostudio.training.content import PackedUnits, quantize
from emostudio.training.embeddings import embed
from emostudio.training.emomix import Voices
from emostudio.training.loop import RunConfig, fit
from emostudio.training.transfer import Listeners
from emostudio.training.zest import ZestRecipe
from emostudio.training.zest_finish import finished
from tests import tiny
from tests.speech import corpora

EMOTIONS = ("neutral", "happy", "angry")
CONFIG = replace(ZestConfig.tiny(), emotions=EMOTIONS)
GENERATOR = replace(CONFIG, synthesizer="generator")
Make = Callable[..., ZestRecipe]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("speech")
    pack(corpora(root / "corpora"), root / "pack", processes=1)
    torch.manual_seed(0)
    align(PhonemeNet(AlignerConfig.tiny()).eval(), root / "pack")
    recognizer = EmotionRecognizer(SerConfig.tiny()).eval()
    embed(SpeakerEncoder(SpeakerConfig.tiny()).eval(), recognizer, root / "pack")
    quantize(ContentEncoder(ContentConfig.tiny()).eval(), root / "pack")
    return root / "pack"


@pytest.fixture
def make(folder: Path) -> Make:
    data = Pack.open(folder)
    voices, units = Voices.of(data, folder, EMOTIONS), PackedUnits.open(data, folder)

    def make(
        config: ZestConfig = CONFIG, *, without: str = "", adversarial: bool = False
    ) -> ZestRecipe:
        torch.manual_seed(0)
        recognizer, speaker = (
            EmotionRecognizer(SerConfig.tiny()),
            SpeakerEncoder(SpeakerConfig.tiny()),
        )
        aligner, vocoder = PhonemeNet(AlignerConfig.tiny()), Vocoder(VocoderConfig.tiny())
        listeners = Listeners(recognizer, speaker, aligner, vocoder)
        return ZestRecipe(
            config, data, voices, units, listeners, without=without, adversarial=adversarial
        )

    return make


@pytest.mark.parametrize("config", [CONFIG, GENERATOR], ids=["mel", "generator"])
def test_the_loss_falls_on_one_batch(make: Make, config: ZestConfig) -> None:
    recipe = make(config)
    batch = recipe.batch(0, 3, 0, 0)
    optimizer = torch.optim.Adam(recipe.parameters(), 3e-3)
    seen = []
    for _ in range(12):
        torch.manual_seed(1)
        found = recipe(batch)
        optimizer.zero_grad()
        found["loss"].backward()
        optimizer.step()
        seen.append({name: float(value.detach()) for name, value in found.items()})
    for name in ("speech", "mel", "sace", "ease", "pitch", "loudness"):
        assert seen[-1][name] < seen[0][name], name


@pytest.mark.parametrize("config", [CONFIG, GENERATOR], ids=["mel", "generator"])
def test_a_step_has_the_same_batch_whenever_it_is_asked_for(make: Make, config: ZestConfig) -> None:
    first, again = (make(config).batch(7, 3, 0, 5) for _ in range(2))
    assert all(torch.equal(first[key], again[key]) for key in first)


def test_no_dev_clip_and_no_unseen_emotion_trains_it(make: Make) -> None:
    recipe = make()
    assert {row.split for row in recipe._rows} == {"train"}
    assert {row.emotion for row in recipe._rows} == set(EMOTIONS)
    assert UNSEEN not in ZestConfig().emotions


def test_a_segment_s_sound_is_that_of_its_units(make: Make) -> None:
    batch = make(GENERATOR).batch(0, 6, 0, 0)
    assert batch["first"].any()
    heard = log_mel(batch["wav"])[..., 2:-2]  # the ends see what is cut off
    for mel, first, got in zip(batch["mel"], batch["first"], heard, strict=True):
        start = int(first) * 5 // 4 + 2
        assert (mel[:, start : start + got.shape[-1]] - got).abs().mean() < 0.05


def test_what_a_batch_is_padded_with_does_not_change_its_losses(make: Make) -> None:
    recipe = make().eval()
    batch = recipe.batch(0, 3, 0, 0)
    batch["own"][:] = False  # listeners disturb what they hear at random
    longer = dict(batch)
    for name in ("mel", "log_f0", "voiced", "shown", "prompt", "classes"):
        longer[name] = torch.nn.functional.pad(batch[name], (0, 10))
    for name in ("ids", "shares", "prompt_ids", "prompt_shares"):
        longer[name] = torch.nn.functional.pad(batch[name], (0, 8))
    alone, padded = recipe(batch), recipe(longer)
    for name in ("sace", "ease", "pitch", "loudness", "mel", "edges"):
        assert torch.allclose(alone[name], padded[name], atol=1e-3), name


def test_adversaries_turn_their_gradients_round_and_without_them_none_arrives(make: Make) -> None:
    for without in ("", "adversary"):
        recipe = make(without=without)
        batch = recipe.batch(500, 8, 0, 0)
        found = recipe(batch)
        for name, part, head in (
            ("sace_adversary", recipe.export.sace, recipe.sace_speaker_head),
            ("ease_adversary", recipe.export.ease, recipe.ease_emotion),
        ):
            recipe.zero_grad()
            found[name].backward(retain_graph=True)
            arrived = sum(p.grad.abs().sum() for p in part.parameters() if p.grad is not None)
            assert bool(arrived > 0) == (without == ""), name
            assert any(p.grad is not None and p.grad.any() for p in head.parameters()), name


def test_without_the_predictor_the_source_s_own_contours_stay(make: Make) -> None:
    recipe = make(without="predictor")
    assert not recipe.export.config.predictor
    batch = recipe.batch(0, 8, 0, 0)
    batch["acted"][:], batch["own"][:] = False, True
    recipe.level.normal_()
    torch.manual_seed(0)
    found = recipe(batch)
    assert {"emotion", "voice", "words"} <= set(found)
    assert not {"pitch", "voicing", "loudness"} & set(found)
    with torch.no_grad():
        for parameter in recipe.export.contours.parameters():
            parameter.normal_()
    torch.manual_seed(0)
    assert torch.equal(recipe(batch)["loss"], found["loss"])
    found["loss"].backward()
    assert all(p.grad is None for p in recipe.export.contours.parameters())


def test_a_generator_learns_on_predicted_f0_and_leaves_the_predictor_alone(make: Make) -> None:
    recipe = make(GENERATOR).eval()
    batch = recipe.batch(0, 4, 0, 0)
    found = recipe(batch)
    found["speech"].backward(retain_graph=True)
    for part in (recipe.export.contours, recipe.export.sace, recipe.export.ease):
        assert all(p.grad is None for p in part.parameters())
    with torch.no_grad():
        recipe.export.contours.last[-1].bias[:2] += torch.tensor([0.5, 20.0])
    assert recipe(batch)["speech"] != found["speech"]
    batch["log_f0"] = batch["log_f0"] + 1
    higher = recipe(batch)["speech"]
    batch["log_f0"] = batch["log_f0"] - 2
    assert recipe(batch)["speech"] == higher


def test_generator_and_discriminators_both_step(make: Make, tmp_path: Path) -> None:
    recipe = make(GENERATOR, adversarial=True)
    assert recipe.speech is not None
    before = {name: value.clone() for name, value in recipe.named_parameters()}
    fit(recipe, RunConfig(max_steps=2, batch_size=2, warmup_steps=1), tmp_path / "run")
    changed = {name for name, value in recipe.named_parameters() if (value != before[name]).any()}
    for part in ("export.synthesizer", "export.contours", "speech.discriminators"):
        assert any(name.startswith(part) for name in changed), part
    names = set(load_file(tmp_path / "run/model.safetensors"))
    assert not any("discriminator" in name for name in names)
    theirs, ours = ({id(p) for p in recipe.players()[n]} for n in ("discriminator", "model"))
    assert not theirs & ours
    assert len(theirs | ours) == len(list(recipe.parameters()))


def test_discriminators_pass_no_gradient_to_what_they_hear(make: Make) -> None:
    recipe = make(GENERATOR, adversarial=True)
    recipe(recipe.batch(0, 2, 0, 0), "discriminator")["loss"].backward()
    assert all(p.grad is None for p in recipe.export.parameters())


@pytest.mark.parametrize("config", [CONFIG, GENERATOR], ids=["mel", "generator"])
def test_a_resumed_run_equals_an_unbroken_one(
    make: Make, config: ZestConfig, tmp_path: Path
) -> None:
    adversarial = config is GENERATOR
    settings = RunConfig(max_steps=4, batch_size=1, learning_rate=1e-2, warmup_steps=1)
    fit(make(config, adversarial=adversarial), settings, tmp_path / "whole")
    first = make(config, adversarial=adversarial)
    stop_after(first, 2)
    assert fit(first, settings, tmp_path / "parts") == 2
    rest = make(config, adversarial=adversarial)
    assert fit(rest, settings, tmp_path / "parts", resume=True) == 4
    whole = load_file(tmp_path / "whole/model.safetensors")
    for name, value in load_file(tmp_path / "parts/model.safetensors").items():
        assert torch.equal(value, whole[name]), name


def stop_after(recipe: ZestRecipe, steps: int) -> None:
    """Ask the loop to stop, as SIGTERM does, while the last of these steps is made."""
    batch = recipe.batch

    def interrupted(step: int, batch_size: int, rank: int, seed: int) -> dict[str, torch.Tensor]:
        if step == steps - 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return batch(step, batch_size, rank, seed)

    recipe.batch = interrupted  # type: ignore[method-assign]


def test_a_finished_system_moves_a_voice_as_its_actors_do(make: Make, folder: Path) -> None:
    data = Pack.open(folder)
    net = finished(make().export.eval(), data)
    assert net.emotion_means.any(1).all()
    neutral, angry = (net.emotion_means[EMOTIONS.index(e)][None] for e in ("neutral", "angry"))
    # The test's actors raise their voice by half an octave in anger.
    assert 0.2 < float(net.moves(neutral, angry).pitch) < 0.6
    assert not any(float(x.abs()) for x in net.moves(angry, angry))
    assert not finished(make(without="predictor").export.eval(), data).moves.weight.any()


def test_a_trained_run_is_a_checkpoint(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = tiny.checkpoints(tmp_path / "shipped")
    monkeypatch.setattr(recipes.Settings, "from_env", lambda: Settings(checkpoints=shipped))
    runs = tmp_path / "runs"
    recipes.train(
        "zest-without-predictor",
        data=folder,
        run=runs / "zest",
        max_steps=1,
        start=shipped / "zest",
    )
    net = checkpoint.Store(shipped, str(runs)).load(Zest)
    assert not net.config.predictor
    assert np.isfinite(net.emotion_means.numpy()).all()
