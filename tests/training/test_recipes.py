"""Every recipe learns: at tiny size, on one batch of speech made by code, its loss falls."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from emostudio import Settings
from emostudio.data.features import Pack, pack
from emostudio.models import checkpoint
from emostudio.models.alignment import AlignerConfig, PhonemeNet
from emostudio.models.emomix.config import EmoMixConfig
from emostudio.models.emomix.net import EmoMix
from emostudio.models.judge import JudgeConfig
from emostudio.models.ser import EmotionRecognizer, SerConfig
from emostudio.models.speaker import SpeakerConfig, SpeakerEncoder
from emostudio.models.vocoder import Vocoder, VocoderConfig
from emostudio.training import recipes
from emostudio.training.aligner import AlignerRecipe, align
from emostudio.training.embeddings import embed
from emostudio.training.emomix import EmoMixRecipe, Voices, preset_voices
from emostudio.training.judge import JudgeRecipe
from emostudio.training.loop import Recipe
from emostudio.training.ser import SerRecipe
from emostudio.training.speaker import SpeakerRecipe
from emostudio.training.transfer import Listeners
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
    return EmoMixRecipe(config, data, Voices.of(data, folder, EMOTIONS), listeners())


def listeners() -> Listeners:
    nets = (EmotionRecognizer(SerConfig.tiny()), SpeakerEncoder(SpeakerConfig.tiny()))
    return Listeners(*nets, PhonemeNet(AlignerConfig.tiny()), Vocoder(VocoderConfig.tiny()))


RECIPES: dict[str, Callable[[Pack, Path], Recipe]] = {
    "aligner": lambda data, _: AlignerRecipe(AlignerConfig.tiny(), data),
    "ser": lambda data, _: SerRecipe(SerConfig.tiny(), data),
    "judge": lambda data, _: JudgeRecipe(JudgeConfig.tiny(), data),
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
        if name not in ("ser", "judge", "emomix"):
            assert all(row.corpus != "ravdess" for row in rows), name


def test_the_judge_and_what_drives_speech_hear_other_actors(folder: Path) -> None:
    data = Pack.open(folder)
    heard = {row.speaker for row in JudgeRecipe(JudgeConfig.tiny(), data)._rows}
    assert heard == {"ravdess-02", "librispeech-2"}
    means = Voices.of(data, folder, EMOTIONS).emotion_means
    emotion_emb = np.load(folder / "emotion_emb.npy")
    odd = [p for p, r in enumerate(data.rows) if (r.speaker, r.emotion) == ("ravdess-01", "angry")]
    assert np.allclose(means[EMOTIONS.index("angry")], emotion_emb[odd].mean(0), atol=1e-5)


def test_an_ablation_never_hears_what_it_is_without(folder: Path) -> None:
    data, config = Pack.open(folder), EmoMixConfig.tiny()
    voices = Voices.of(data, folder, EMOTIONS)
    config = EmoMixConfig(**(vars(config) | {"emotions": EMOTIONS}))
    calm = EmoMixRecipe(config, data, voices, listeners(), without="angry")
    assert {row.emotion for row in calm._rows} == {"neutral", "happy"}
    labels = EmoMixRecipe(config, data, voices, listeners(), without="embedding")
    batch = labels.batch(0, 6, 0, 0)
    kinds = {tuple(row.round(3)) for row in batch["emotion_emb"].numpy()}
    assert kinds <= {tuple(row.round(3)) for row in labels.export.emotion_means.numpy()}
    batch["asked"][:] = EMOTIONS.index("angry")
    torch.manual_seed(0)
    plain = emomix(data, folder)(batch)
    assert {"emotion", "voice", "words"} <= set(plain)


def test_a_fine_tuned_model_has_the_mean_embeddings_of_the_recognizer_in_use(folder: Path) -> None:
    recipe = emomix(Pack.open(folder), folder)
    assert isinstance(recipe, EmoMixRecipe)
    means = recipe.export.emotion_means.clone()
    other = EmoMix(recipe.export.config)
    recipe.start_from(other)
    assert torch.equal(recipe.export.emotion_means, means)
    assert torch.equal(recipe.export.symbols.weight, other.symbols.weight)


def test_every_frame_has_a_token(folder: Path) -> None:
    data = Pack.open(folder)
    for row in data.rows:
        assert data.durations_of(row).sum() == row.n_frames


def test_presets_are_readers_and_no_actor(folder: Path) -> None:
    data = Pack.open(folder)
    presets = preset_voices(data, Voices.of(data, folder, EMOTIONS))
    assert set(presets) == {"kathleen", "reader-1", "reader-2"}
    assert np.linalg.norm(presets["kathleen"]["speaker_emb"]) == pytest.approx(1, abs=1e-3)


def test_a_trained_run_is_a_checkpoint_that_speaks(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emostudio import Studio

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
    from emostudio.training.emomix import acted_shifts, calibrate, spoken_shifts

    data = Pack.open(folder)
    recipe = emomix(data, folder)
    assert isinstance(recipe.export, EmoMix)
    voices = Voices.of(data, folder, EMOTIONS)
    calibrate(recipe.export.eval(), data, voices)
    config = recipe.export.config
    offsets = np.array([config.duration_offsets, config.pitch_offsets]).T
    spoken = spoken_shifts(recipe.export, data, voices)
    acted = acted_shifts(data, EMOTIONS)
    assert np.allclose(offsets + spoken, acted, atol=1e-3)
    assert not acted[EMOTIONS.index("neutral")].any()
    # The angry voice of the test corpus is 60 Hz above 190.
    angry = acted[EMOTIONS.index("angry"), 1]
    assert angry == pytest.approx(np.log(250 / 190), abs=0.08)


def test_the_aligner_learns_from_recordings_of_ones_own(folder: Path) -> None:
    from dataclasses import replace

    data = Pack.open(folder)
    rows = (replace(row, corpus="mine") for row in data.rows if row.corpus == "kathleen")
    recipe = AlignerRecipe(AlignerConfig.tiny(), replace(data, rows=tuple(rows)))
    assert torch.isfinite(recipe(recipe.batch(0, 2, 0, 0), "model")["loss"])
    assert {row.corpus for row in recipe._rows} == {"mine"}


def test_an_aligner_that_has_nothing_to_learn_from_says_what_it_takes(folder: Path) -> None:
    from dataclasses import replace

    data = Pack.open(folder)
    actors = tuple(row for row in data.rows if row.corpus == "ravdess")
    with pytest.raises(ValueError, match=r"split is train, of at most 6\.7 s"):
        AlignerRecipe(AlignerConfig.tiny(), replace(data, rows=actors))


def test_a_voice_of_ones_own_joins_the_presets_and_forgets_no_emotion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = tiny.checkpoints(tmp_path / "shipped")
    root = corpora(tmp_path / "corpora")
    (root / "kathleen").rename(root / "mine")
    for other in ("librispeech", "ravdess"):
        shutil.rmtree(root / other)
    data = tmp_path / "pack"
    pack(root, data, processes=1)
    align(PhonemeNet(AlignerConfig.tiny()).eval(), data)
    monkeypatch.setattr(recipes.Settings, "from_env", lambda: Settings(checkpoints=shipped))
    run = tmp_path / "runs" / "emomix"
    start = shipped / "emomix"
    recipes.train("emomix", data=data, run=run, max_steps=1, start=start)
    tuned, first = (checkpoint.load(EmoMix, folder) for folder in (run, start))
    others = [place for place, name in enumerate(tuned.config.emotions) if name != "neutral"]
    assert torch.allclose(tuned.emotion_means[others], first.emotion_means[others], atol=1e-5)
    assert torch.isfinite(tuned.emotion_means).all()
    assert tuned.config == first.config
    voices = json.loads((run / "voices.json").read_text())
    assert set(voices) == {*json.loads((start / "voices.json").read_text()), "kathleen"}
    assert voices["kathleen"]["lang"] == "en"
