"""Every recipe learns: at tiny size, on one batch of speech made by code, its loss falls."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from emostudio.data.features import Pack, pack
from emostudio.models.alignment import AlignerConfig, PhonemeNet
from emostudio.models.emomix.config import EmoMixConfig
from emostudio.models.ser import EmotionRecognizer, SerConfig
from emostudio.models.speaker import SpeakerConfig, SpeakerEncoder
from emostudio.models.vocoder import VocoderConfig
from emostudio.training import recipes
from emostudio.training.aligner import AlignerRecipe, align
from emostudio.training.embeddings import embed
from emostudio.training.emomix import EmoMixRecipe, Voices, preset_voices
from emostudio.training.loop import Recipe
from emostudio.training.ser import SerRecipe
from emostudio.training.speaker import SpeakerRecipe
from emostudio.training.vocoder import VocoderRecipe
from tests import tiny
from tests.speech import corpora

EMOTIONS = ("neutral", "happy", "angry")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("speech")
    pack(corpora(root / "corpora"), root / "pack", processes=1)
    torch.manual_seed(0)
    align(PhonemeNet(AlignerConfig.tiny()).eval(), root / "pack")
    recognizer = EmotionRecognizer(SerConfig.tiny()).eval()
    embed(SpeakerEncoder(SpeakerConfig.tiny()).eval(), recognizer, root / "pack")
    return root / "pack"


def emomix(data: Pack, folder: Path) -> Recipe:
    config = EmoMixConfig(**(vars(EmoMixConfig.tiny()) | {"emotions": EMOTIONS}))
    voices = Voices.of(data, folder, EMOTIONS)
    return EmoMixRecipe(config, data, voices, EmotionRecognizer(SerConfig.tiny()))


RECIPES: dict[str, Callable[[Pack, Path], Recipe]] = {
    "aligner": lambda data, _: AlignerRecipe(AlignerConfig.tiny(), data),
    "ser": lambda data, _: SerRecipe(SerConfig.tiny(), data),
    "speaker": lambda data, _: SpeakerRecipe(SpeakerConfig.tiny(), data),
    "vocoder": lambda data, _: VocoderRecipe(VocoderConfig.tiny(), data, adversarial=False),
    "vocoder, adversarial": lambda data, _: VocoderRecipe(
        VocoderConfig.tiny(), data, adversarial=True
    ),
    "emomix": emomix,
}


@pytest.mark.parametrize("name", RECIPES)
def test_the_loss_falls_on_one_batch(name: str, folder: Path) -> None:
    torch.manual_seed(0)
    recipe = RECIPES[name](Pack.open(folder), folder)
    batch = recipe.batch(0, 4, 0, 0)
    losses = []
    optimizers = [torch.optim.Adam(p, 3e-3) for p in recipe.players().values()]
    for _ in range(25):
        torch.manual_seed(1)
        for player, optimizer in zip(recipe.players(), optimizers, strict=True):
            found = recipe(batch, player)
            optimizer.zero_grad()
            found["loss"].backward()
            optimizer.step()
            if player == "model":
                losses.append(float(found.get("spectral", found["loss"]).detach()))
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("name", RECIPES)
def test_a_step_has_the_same_batch_whenever_it_is_asked_for(name: str, folder: Path) -> None:
    data = Pack.open(folder)
    first, again = (RECIPES[name](data, folder).batch(7, 3, 0, 5) for _ in range(2))
    assert all(torch.equal(first[key], again[key]) for key in first)


def test_no_dev_clip_and_no_actor_trains_what_must_not_hear_them(folder: Path) -> None:
    data = Pack.open(folder)
    for name, make in RECIPES.items():
        rows = make(data, folder)._rows  # type: ignore[attr-defined]
        assert all(row.split == "train" for row in rows), name
        if name not in ("ser", "emomix"):
            assert all(row.corpus != "ravdess" for row in rows), name


def test_every_frame_has_a_token(folder: Path) -> None:
    data = Pack.open(folder)
    for row in data.rows:
        assert data.durations_of(row).sum() == row.n_frames


def test_presets_are_readers_and_no_actor(folder: Path) -> None:
    data = Pack.open(folder)
    presets = preset_voices(data, Voices.of(data, folder, EMOTIONS))
    assert set(presets) == {"kathleen", "reader-1"}
    assert np.linalg.norm(presets["kathleen"]["speaker_emb"]) == pytest.approx(1, abs=1e-3)


def test_a_trained_run_is_a_checkpoint_that_speaks(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emostudio import Settings, Studio
    from emostudio.models import checkpoint

    shipped = tiny.checkpoints(tmp_path / "shipped")
    run = tmp_path / "runs" / "vocoder"
    recipes.train("vocoder", data=folder, run=run, max_steps=1, start=None)
    recipes.export(run, tmp_path / "exported" / "vocoder")
    exported = tmp_path / "exported" / "vocoder" / "model.safetensors"
    assert exported.stat().st_size < 0.6 * (run / "model.safetensors").stat().st_size
    assert checkpoint.Store(shipped, str(tmp_path / "runs")).folder("vocoder") == run
    studio = Studio(Settings(checkpoints=shipped, models=str(tmp_path / "exported")))
    assert np.abs(studio.speak("We are away.").clip.wav).max() > 0


def test_an_unknown_recipe_is_said_in_words(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no recipe 'voice'; choose from aligner"):
        recipes.train("voice", data=folder, run=tmp_path, max_steps=1)
    with pytest.raises(ValueError, match="not a run folder"):
        recipes.export(tmp_path, tmp_path / "out")


def test_a_calibrated_model_moves_readers_as_far_as_actors_move(folder: Path) -> None:
    from emostudio.models.emomix.net import EmoMix
    from emostudio.training.emomix import acted_shifts, calibrated, spoken_shifts

    data = Pack.open(folder)
    recipe = emomix(data, folder)
    assert isinstance(recipe.export, EmoMix)
    voices = Voices.of(data, folder, EMOTIONS)
    config = calibrated(recipe.export.eval(), data, voices)
    offsets = np.array([config.duration_offsets, config.pitch_offsets]).T
    spoken = spoken_shifts(recipe.export, data, voices)
    acted = acted_shifts(data, EMOTIONS)
    assert np.allclose(offsets + spoken, acted, atol=1e-3)
    assert not acted[EMOTIONS.index("neutral")].any()
    # The angry voice of the test corpus is 60 Hz above 190.
    angry = acted[EMOTIONS.index("angry"), 1]
    assert angry == pytest.approx(np.log(250 / 190), abs=0.08)
