"""Uploaded checkpoints: what is pickled, lies or does not fit is refused before it is loaded."""

import io
import json
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from emostudio.jobs.incoming import check, gather
from tests import tiny

Files = dict[str, Path]
SIZES = {"speaker_dim": 8, "emotion_dim": 16}
ran: list[str] = []


class Bomb:
    """What a pickle could hold."""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        """Run when it is loaded."""
        return ran.append, ("boom",)


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny checkpoints."""
    return tiny.checkpoints(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def voice(checkpoints: Path, tmp_path: Path) -> Files:
    """The files of a net that speaks."""
    return _copied(checkpoints / "emomix", tmp_path / "emomix")


def _copied(folder: Path, to: Path) -> Files:
    to.mkdir()
    for file in folder.iterdir():
        (to / file.name).write_bytes(file.read_bytes())
    return {file.name: file for file in to.iterdir()}


def _told(file: Path, **changes: object) -> None:
    told = json.loads(file.read_text())
    file.write_text(json.dumps(told | changes))


@pytest.mark.parametrize("net", ["ser", "emomix", "diemo", "vocoder", "zest"])
def test_our_own_checkpoints_pass(net: str, checkpoints: Path, tmp_path: Path) -> None:
    assert check(_copied(checkpoints / net, tmp_path / net), SIZES) == net


def test_a_zip_with_a_folder_in_it_is_taken_and_other_files_are_left(
    voice: Files, tmp_path: Path
) -> None:
    archive, out = tmp_path / "model.zip", tmp_path / "out"
    out.mkdir()
    with zipfile.ZipFile(archive, "w") as packed:
        for name, file in voice.items():
            packed.write(file, f"anna/{name}")
        packed.writestr("anna/notes.txt", "by hand")
    found = gather(archive, out)
    assert set(found) == set(voice)
    assert check(found, SIZES) == "emomix"


@pytest.mark.parametrize("name", ["model.pt", "pytorch_model.bin", "a.pkl", "x.npz", "y.ckpt"])
def test_pickles_are_refused_by_name(name: str, voice: Files) -> None:
    file = voice["config.json"].with_name(name)
    file.write_text("harmless")
    with pytest.raises(ValueError, match="is pickled"):
        gather(file.parent, file.parent)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_pickles_are_refused_by_content_and_never_loaded(protocol: int, voice: Files) -> None:
    voice["model.safetensors"].write_bytes(pickle.dumps(Bomb(), protocol))
    with pytest.raises(ValueError, match=r"model\.safetensors is pickled"):
        gather(list(voice.values()), Path())
    assert ran == []


def test_weights_of_pytorch_are_refused_under_any_name(voice: Files) -> None:
    torch.save({"weight": torch.zeros(2)}, voice["model.safetensors"])
    with pytest.raises(ValueError, match="is pickled"):
        gather(list(voice.values()), Path())


def test_a_header_whose_length_looks_like_a_pickle_is_none(voice: Files) -> None:
    file, length = voice["model.safetensors"], 0x0480
    header = json.dumps({"a": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}})
    file.write_bytes(struct.pack("<Q", length) + header.ljust(length).encode())
    assert file.read_bytes()[:2] == b"\x80\x04"
    assert set(gather(list(voice.values()), Path())) == set(voice)


def test_another_shape_than_the_config_says_is_refused(voice: Files) -> None:
    weights = load_file(voice["model.safetensors"])
    name = next(key for key, value in weights.items() if value.ndim == 2)
    save_file(weights | {name: torch.zeros(3, 5)}, voice["model.safetensors"])
    with pytest.raises(ValueError, match=r"has the shape \(3, 5\), config.json says"):
        check(voice, SIZES)


def test_tensors_too_few_or_too_many_are_refused(voice: Files) -> None:
    file = voice["model.safetensors"]
    weights = load_file(file)
    save_file(weights | {"more": torch.zeros(2)}, file)
    with pytest.raises(ValueError, match=r"1 tensors that config\.json does not know, .* 'more'"):
        check(voice, SIZES)
    name, *rest = weights
    save_file({key: weights[key] for key in rest}, file)
    with pytest.raises(ValueError, match=f"lack 1 tensors .* such as '{name}'"):
        check(voice, SIZES)


def test_whole_numbers_in_the_place_of_weights_are_refused(voice: Files) -> None:
    weights = load_file(voice["model.safetensors"])
    name = next(iter(weights))
    whole = torch.zeros(weights[name].shape, dtype=torch.int64)
    save_file(weights | {name: whole}, voice["model.safetensors"])
    with pytest.raises(ValueError, match="numbers of the kind I64"):
        check(voice, SIZES)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"net": "judge"}, "tells of a net 'judge'"),
        ({"net": "os"}, "tells of a net 'os'"),
        ({"net": []}, r"tells of a net \[\]"),
        ({"dim": 10**9}, "'dim' is 1000000000"),
        ({"encoder_depth": 5000}, "'encoder_depth' is 5000"),
        ({"dim": "160"}, "'dim' is 160"),
        ({"dim": True}, "'dim' is True"),
        ({"dim": -1}, "'dim' is -1"),
        ({"f0_gain": float("nan")}, "'f0_gain' is nan"),
        ({"emotions": ["neutral", "neutral"]}, "'emotions' is"),
        ({"emotions": ["<script>"]}, "'emotions' is"),
        ({"emotions": []}, "'emotions' is"),
        ({"code": "import os"}, "no such net has, 'code'"),
        ({"dim": 24}, "config.json"),
    ],
)
def test_a_config_that_lies_is_refused(changes: dict[str, object], why: str, voice: Files) -> None:
    _told(voice["config.json"], **changes)
    with pytest.raises(ValueError, match=why):
        check(voice, SIZES)


@pytest.mark.parametrize("text", ["", "[1]", "nothing", "{" * 100_000])
def test_a_config_that_is_no_object_is_refused(text: str, voice: Files) -> None:
    voice["config.json"].write_text(text)
    with pytest.raises(ValueError, match=r"config\.json is no JSON"):
        check(voice, SIZES)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 64,
        struct.pack("<Q", 2**60) + b"{}",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 29) + b'{"a": {"dtype": 1, "shape": 2}}'[:29],
    ],
)
def test_what_is_no_safetensors_file_is_refused(content: bytes, voice: Files) -> None:
    voice["model.safetensors"].write_bytes(content)
    with pytest.raises(ValueError, match=r"no safetensors file|The weights lack"):
        check(voice, SIZES)


def test_weights_that_were_cut_off_are_refused(voice: Files) -> None:
    file = voice["model.safetensors"]
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ValueError, match="no safetensors file, or damaged"):
        check(voice, SIZES)


def test_weights_that_are_no_numbers_are_refused(voice: Files) -> None:
    weights = load_file(voice["model.safetensors"])
    name = next(iter(weights))
    weights[name][0] = float("nan")
    save_file(weights, voice["model.safetensors"])
    with pytest.raises(ValueError, match="values that are no numbers"):
        check(voice, SIZES)


def test_a_net_for_other_encoders_is_refused(voice: Files) -> None:
    with pytest.raises(ValueError, match="made for a speaker_dim of 8; the encoder in use here"):
        check(voice, SIZES | {"speaker_dim": 128})


@pytest.mark.parametrize(
    "voices",
    [
        {},
        {"../kathleen": {"lang": "en", "pitch_mean": 5.0, "speaker_emb": [0.1] * 8}},
        {"kathleen": {"lang": "fr", "pitch_mean": 5.0, "speaker_emb": [0.1] * 8}},
        {"kathleen": {"lang": "en", "pitch_mean": 500.0, "speaker_emb": [0.1] * 8}},
        {"kathleen": {"lang": "en", "pitch_mean": 5.0, "speaker_emb": [0.1] * 7}},
        {"kathleen": {"lang": "en", "pitch_mean": 5.0, "speaker_emb": ["a"] * 8}},
        {"kathleen": {"lang": ["en"], "pitch_mean": 5.0, "speaker_emb": [0.1] * 8}},
        {"kathleen": "anna"},
    ],
)
def test_voices_that_are_none_are_refused(voices: dict[str, object], voice: Files) -> None:
    voice["voices.json"].write_text(json.dumps(voices))
    with pytest.raises(ValueError, match=r"voices\.json"):
        check(voice, SIZES)


def test_a_net_that_speaks_needs_its_voices(voice: Files) -> None:
    del voice["voices.json"]
    with pytest.raises(ValueError, match=r"no voices\.json, and so nobody who could speak"):
        check(voice, SIZES)


def test_two_models_at_once_are_refused(voice: Files, tmp_path: Path) -> None:
    archive = tmp_path / "two.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for folder in ("one", "two"):
            packed.writestr(f"{folder}/config.json", "{}")
    with pytest.raises(ValueError, match=r"two files config\.json"):
        gather(archive, tmp_path)


def test_a_zip_that_leads_out_of_its_folder_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "out.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("../../config.json", "{}")
    with pytest.raises(ValueError, match="leads to another folder"):
        gather(archive, tmp_path)
    archive.write_bytes(io.BytesIO(b"no zip").getvalue())
    with pytest.raises(ValueError, match="is no zip"):
        gather(archive, tmp_path)
