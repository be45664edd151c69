import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from emostudio import Clip, Settings, Studio
from emostudio.maps.building import copy, make, replaced
from emostudio.maps.embedding import Ear, Packed
from emostudio.maps.own import of_takes, plan
from emostudio.maps.placing import emotion_at, place
from emostudio.maps.sources import Source, of_folder
from emostudio.maps.space import EmotionMap
from emostudio.values import SYNTHETIC
from tests import tiny
from tests.speech import vowels

VIEWS = (("diemo", "pca"), ("ser", "pca"))
EMOTIONS = ("happy", "sad", "angry")


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    root = tmp_path_factory.mktemp("studio")
    return Studio(Settings(checkpoints=tiny.checkpoints(root / "models"), data_dir=root / "var"))


@pytest.fixture(scope="module")
def ear(studio: Studio) -> Ear:
    return studio._ear()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    lines = ["file,emotion,speaker"]
    for number in range(8):
        wav = vowels(110 + 30 * (number % 3), 1.2, seed=number)
        soundfile.write(folder / f"{number}.wav", wav, 16_000)
        lines.append(f"{number}.wav,{EMOTIONS[number % 3]},anna")
    soundfile.write(folder / "silent.wav", np.zeros(20_000), 16_000)
    (folder / "broken.wav").write_bytes(b"no sound")
    (folder / "metadata.csv").write_text("\n".join(lines))
    return folder


@pytest.fixture(scope="module")
def source(folder: Path) -> Source:
    return of_folder(folder)


@pytest.fixture(scope="module")
def space(source: Source, ear: Ear, tmp_path_factory: pytest.TempPathFactory) -> EmotionMap:
    return make(source, ear, tmp_path_factory.mktemp("maps"), views=VIEWS)


def test_what_can_be_heard_is_on_the_map_and_of_the_rest_it_says_why(space: EmotionMap) -> None:
    assert space.names == tuple(f"{number}.wav" for number in range(8))
    assert space.labels["emotion"] == tuple(EMOTIONS[number % 3] for number in range(8))
    refused = space.params["refused"]
    assert "silent" in refused["silent.wav"] and "not a sound" in refused["broken.wav"]


def test_every_clip_can_be_heard_from_the_map(space: EmotionMap, folder: Path) -> None:
    for number in range(8):
        file = space.sound_of(number)
        assert file is not None
        mine, original = Clip.load(file), Clip.load(folder / f"{number}.wav")
        assert mine.duration_s == pytest.approx(original.duration_s, abs=0.6)
        assert file.stat().st_size < 8_000


def test_a_map_tells_how_it_was_made(space: EmotionMap, ear: Ear) -> None:
    assert space.view == ("diemo", "pca") and set(space.coords) == set(VIEWS)
    space.check_nets(ear.hashes, *ear.checkpoints)
    assert set(space.params["features"]) == {"diemo", "ser", "speaker", "raw"}
    assert space.params["measures"]["raw"]["emotion"]["n_groups"] == 3
    assert "speaker" not in space.params["measures"]["raw"]  # one alone
    assert all(space.labels["cluster"])
    json.dumps(space.params)


def test_a_clip_that_is_dropped_again_lands_on_itself(
    space: EmotionMap, folder: Path, ear: Ear
) -> None:
    features = ear.hear(Clip.load(folder / "3.wav")).features
    found = place(space, features, "raw", "plane")
    assert space.names[found.neighbors[0]] == "3.wav"
    assert (found.x, found.y) == pytest.approx(space.coords_of("raw", "plane")[3], abs=1e-3)


def test_level_rate_and_silence_around_it_hardly_move_a_clip(ear: Ear) -> None:
    wav = vowels(150, 2.0)
    loud = ear.hear(Clip(wav, 16_000)).features
    around = np.concatenate([np.zeros(8_000), 0.3 * wav, np.zeros(12_000)]).astype(np.float32)
    other = ear.hear(Clip(around, 16_000)).features
    for name in ("ser", "speaker", "diemo"):
        assert loud[name] @ other[name] > 0.98 * np.linalg.norm(loud[name]) * np.linalg.norm(
            other[name]
        )


def test_a_packed_clip_is_heard_as_its_sound_is(ear: Ear) -> None:
    heard = ear.hear(Clip(vowels(150, 2.0), 16_000))
    assert heard.clip is not None
    import torch

    from emostudio.audio.mel import HOP, log_mel
    from emostudio.audio.pitch import f0_contour

    mel = log_mel(torch.from_numpy(heard.clip.wav)[None])[0].numpy()
    f0 = f0_contour(heard.clip.wav, 16_000, HOP)
    known = Packed(mel, f0, heard.features["ser"], heard.features["speaker"], ear.hashes)
    wrong = Packed(mel, f0, np.zeros(3), np.zeros(3), {"ser": "other", "speaker": "other"})
    for packed in (Packed(mel, f0), known, wrong):
        again = ear.hear_packed(packed)
        assert again.prediction.probs == pytest.approx(heard.prediction.probs, abs=1e-5)
        for name, values in heard.features.items():
            assert again.features[name] == pytest.approx(values, abs=1e-5)


def test_the_same_clips_are_mapped_once(source: Source, ear: Ear, tmp_path: Path) -> None:
    steps: list[float] = []
    first = make(source, ear, tmp_path, views=VIEWS, progress=lambda share, _: steps.append(share))
    assert steps == sorted(steps) and steps[-1] == 1
    n = len(steps)
    again = make(source, ear, tmp_path, views=VIEWS, progress=lambda share, _: steps.append(share))
    assert again.folder == first.folder and len(steps) == n
    other = make(source, ear, tmp_path, views=VIEWS[1:])
    assert other.folder != first.folder


def test_a_damaged_map_is_made_anew(source: Source, ear: Ear, tmp_path: Path) -> None:
    first = make(source, ear, tmp_path, views=VIEWS)
    assert first.folder is not None
    (first.folder / "map.npz").write_bytes(b"damaged")
    assert make(source, ear, tmp_path, views=VIEWS).names == first.names


def test_what_is_stopped_leaves_nothing(source: Source, ear: Ear, tmp_path: Path) -> None:
    def stop(share: float, _: str) -> None:
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(source, ear, tmp_path / "maps", views=VIEWS, progress=stop)
    assert list((tmp_path / "maps").iterdir()) == []


def test_too_few_clips_are_no_map_and_it_says_why(folder: Path, ear: Ear, tmp_path: Path) -> None:
    few = tmp_path / "few"
    few.mkdir()
    for name in ("0.wav", "1.wav", "silent.wav"):
        shutil.copy(folder / name, few)
    with pytest.raises(ValueError, match=r"needs 5 clips .* here are 2\. silent\.wav: The clip is"):
        make(of_folder(few), ear, tmp_path / "maps")


def test_what_can_not_be_drawn_is_refused_before_any_work(source: Source, ear: Ear) -> None:
    for view, why in {
        ("diemo", "tsne"): "Unknown method 'tsne'",
        ("mood", "pca"): "Unknown feature 'mood'",
    }.items():
        with pytest.raises(ValueError, match=why):
            make(source, ear, Path("nowhere"), views=[view])


def test_without_diemo_there_is_a_map_by_the_other_features(
    source: Source, studio: Studio, tmp_path: Path
) -> None:
    shutil.copytree(studio.settings.checkpoints, tmp_path / "models")
    shutil.rmtree(tmp_path / "models" / "diemo")
    poor = Studio(Settings(checkpoints=tmp_path / "models", data_dir=tmp_path))
    assert set(poor.embed(Clip(vowels(), 16_000))) == {"ser", "speaker", "raw", "affect"}
    with pytest.raises(ValueError, match="checkpoint 'diemo' is missing"):
        poor.map(source)
    space = poor.map(source, feature="ser", method="pca")
    with pytest.raises(ValueError, match="without DiEmo"):
        emotion_at(space, [(0.0, 0.0)], "ser", "pca")


def test_our_own_takes_say_that_they_are_synthetic(studio: Studio) -> None:
    requests = plan(5, tuple(studio.engines()), studio.voices(), studio.emotions())
    space = studio.map(of_takes(requests, studio.speak), method="pca")
    assert space.labels["source"] == ("take",) * 5
    assert set(space.labels["corpus"]) <= set(studio.engines())
    file = space.sound_of(0)
    assert file is not None
    assert SYNTHETIC in soundfile.SoundFile(file).comment


def test_a_map_takes_the_place_of_a_map_alone(space: EmotionMap, tmp_path: Path) -> None:
    copied = copy(space, tmp_path / "map")
    assert copy(space, tmp_path / "map").names == EmotionMap.load(tmp_path / "map").names
    assert copied.sound_of(0) == tmp_path / "map/sounds/00000.ogg"
    (tmp_path / "mine").mkdir()
    with pytest.raises(ValueError, match="holds no map"):
        copy(space, tmp_path / "mine")


def test_a_place_is_filled_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), replaced(tmp_path / "map") as part:
        (part / "half").touch()
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
