"""Checkpoints from anybody's machine: nothing is unpickled, nothing is believed before it is read.

The order matters: files are looked at by name and by their first bytes, then config.json, then the
header of the weights against a net that is built without memory. Weights are read last.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path, PurePosixPath
from typing import Any

from emostudio.data.archives import unzip
from emostudio.jobs.tuning import BASES, VOICES
from emostudio.values import LANGUAGES

CONFIG, WEIGHTS, SPOKEN_BY, CARD = "config.json", "model.safetensors", "voices.json", "CARD.md"
TAKEN = (CONFIG, WEIGHTS, SPOKEN_BY, CARD, "README.md")
MAX_FILES = 40
MAX_BYTES = {WEIGHTS: 2 * 2**30}
MAX_TEXT_BYTES = 4 * 2**20  # of all other files
MAX_HEADER_BYTES = 8 * 2**20
MOST_OF_A_CARD = 20_000  # letters
MAX_SIZE, MAX_DEPTH, MAX_LIST = 4_096, 64, 64
PICKLES = "pt pth bin ckpt pkl pickle joblib npy npz pyc".split()
FLOATS, WHOLE = ("F16", "BF16", "F32", "F64"), ("I64", "I32", "I16", "I8", "U8", "BOOL")
NAME = re.compile(r"[a-z0-9-]{1,32}")
VOICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
PITCHES = (math.log(40.0), math.log(800.0))  # of a mean log F0
ADVICE = "Export the model with 'python -m emostudio export' and upload what that writes."


def gather(source: Path | Sequence[Path], folder: Path) -> dict[str, Path]:
    """Return the files of an upload by their names; a zip is unpacked into `folder`.

    Raises:
        ValueError: one of them is pickled or can't be taken, or there are two of one name.
    """
    if not isinstance(source, Path):
        files = [(path.name, path) for path in source]
    elif source.is_dir():
        files = [(path.name, path) for path in sorted(source.iterdir()) if path.is_file()]
    else:
        unpacked, refused = unzip(source, folder, max_files=MAX_FILES)
        for name, why in refused.items():
            raise ValueError(f"{name} can't be taken. {why}")
        files = [(PurePosixPath(name).name, path) for name, path in unpacked.items()]
    found: dict[str, Path] = {}
    for name, path in files:
        refuse_pickled(name, path)
        if name in found:
            raise ValueError(f"There are two files {name}. Upload one model at a time.")
        if name in TAKEN:
            found[name] = path
    return found


def refuse_pickled(name: str, file: Path) -> None:
    """Refuse what could run code when it is loaded, by name and by content.

    Raises:
        ValueError: it is pickled.
    """
    with file.open("rb") as opened:
        start = opened.read(4096)
    suffix = name.rpartition(".")[2].lower()
    # Pickles begin so, but for those of PyTorch, which are zips of one. The length of a safetensors
    # header may look alike, but then the header follows.
    pickled = start[:1] == b"\x80" and start[1:2] <= b"\x05" and start[8:9] != b"{"
    if suffix in PICKLES or pickled or start[:4] == b"PK\x03\x04":
        raise ValueError(
            f"{name} is pickled, or packed so that it could be: loading it could run anybody's "
            f"code. {ADVICE}"
        )


def check(files: dict[str, Path], sizes: dict[str, int]) -> str:
    """Check an upload as a whole and return which net it is.

    Args:
        files: its files by name.
        sizes: what it must agree with: `speaker_dim` and `emotion_dim` of the encoders in use.

    Raises:
        ValueError: it is no checkpoint that can be used here; the sentence says why.
    """
    for name in (CONFIG, WEIGHTS):
        if name not in files:
            raise ValueError(f"There is no {name} among the files. {ADVICE}")
    for name, file in files.items():
        limit = MAX_BYTES.get(name, MAX_TEXT_BYTES)
        if file.stat().st_size > limit:
            raise ValueError(f"{name} is larger than {limit // 2**20} MB. Is it the right file?")
    told = _read(files[CONFIG])
    net = told.pop("net", None)
    if not isinstance(net, str) or net not in BASES:
        raise ValueError(
            f"config.json tells of a net {net!r}; what can be used here is {', '.join(BASES)}."
        )
    config = _config(net, told)
    _compare_shapes(net, config, files[WEIGHTS])
    _fits_here(net, config, sizes)
    if net in VOICES:
        if SPOKEN_BY not in files:
            raise ValueError(f"There is no {SPOKEN_BY}, and so nobody who could speak. {ADVICE}")
        _check_voices(_read(files[SPOKEN_BY]), config.speaker_dim)
    from emostudio.models.finite import refuse_numberless

    refuse_numberless(files[WEIGHTS])
    return net


def own_card(files: Mapping[str, Path]) -> str:
    """Return what an upload tells of itself, without the head that the Hub reads."""
    card = files.get(CARD) or files.get("README.md")
    text = card.read_text(encoding="utf-8", errors="replace")[:MOST_OF_A_CARD] if card else ""
    return text.partition("\n---\n")[2] if text.startswith("---\n") else text


def _read(file: Path) -> dict[str, Any]:
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError, OSError) as error:
        raise ValueError(f"{file.name} is no JSON that can be read. {ADVICE}") from error
    if not isinstance(told, dict):
        raise ValueError(f"{file.name} is no JSON object. {ADVICE}")
    return told


def _config(net: str, told: dict[str, Any]) -> Any:
    """Build the config of a net from what config.json tells, once every value is plausible."""
    from emostudio.models import checkpoint

    config = next(config for name, config in checkpoint.NETS.values() if name == net)
    usual = config()
    known = {field.name: getattr(usual, field.name) for field in fields(config)}
    for name in sorted(known.keys() ^ told.keys()):
        verb = "lacks" if name in known else "has a value that no such net has,"
        raise ValueError(f"config.json {verb} '{name}'. It is of another version. {ADVICE}")
    for name, value in told.items():
        if not _plausible(name, value, known[name]):
            raise ValueError(
                f"config.json says that '{name}' is {str(value)[:60]}, which is no size of a {net} "
                "net that can be used here."
            )
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in told.items()}
    try:
        return config(**values)
    except (ValueError, TypeError) as error:
        raise ValueError(f"config.json does not describe a net: {error}") from error


def _plausible(name: str, value: Any, usual: Any) -> bool:
    if isinstance(usual, tuple):
        if not isinstance(value, list) or len(value) > MAX_LIST:
            return False
        if name == "emotions":
            names = [each for each in value if isinstance(each, str) and NAME.fullmatch(each)]
            return bool(value) and len(set(names)) == len(value)
        return all(_number(each) for each in value)
    if isinstance(usual, bool) or isinstance(value, bool):
        return isinstance(usual, bool) and isinstance(value, bool)
    if isinstance(usual, str):
        return isinstance(value, str) and len(value) <= 100
    if isinstance(usual, float):
        return _number(value)
    most = MAX_DEPTH if "depth" in name or "heads" in name else MAX_SIZE
    return isinstance(value, int) and 0 <= value <= most


def _number(value: Any) -> bool:
    plain = isinstance(value, (int, float)) and not isinstance(value, bool)
    return plain and math.isfinite(value) and abs(value) <= 1e6


def _compare_shapes(net: str, config: Any, file: Path) -> None:
    """Compare the header of the weights with the net that a config describes."""
    import torch

    from emostudio.models import checkpoint

    build = next(build for build, (name, _) in checkpoint.NETS.items() if name == net)
    try:
        with torch.device("meta"):  # of any size, and no memory
            wanted = build(config).state_dict()
    except (ValueError, TypeError, RuntimeError, AssertionError, ArithmeticError) as error:
        raise ValueError(f"config.json does not describe a net: {error}") from error
    header = _header(file)
    if missing := [key for key in wanted if key not in header]:
        raise ValueError(
            f"The weights lack {len(missing)} tensors that config.json asks for, such as "
            f"'{missing[0]}'. {ADVICE}"
        )
    if beyond := [key for key in header if key not in wanted]:
        raise ValueError(
            f"The weights have {len(beyond)} tensors that config.json does not know, such as "
            f"'{beyond[0][:80]}'. {ADVICE}"
        )
    for key, tensor in wanted.items():
        shape, kind = header[key]
        if shape != tuple(tensor.shape):
            raise ValueError(
                f"'{key}' has the shape {shape}, config.json says {tuple(tensor.shape)}. {ADVICE}"
            )
        if kind not in (FLOATS if tensor.is_floating_point() else WHOLE):
            raise ValueError(f"'{key}' holds numbers of the kind {kind}, which it can't. {ADVICE}")


def _header(file: Path) -> dict[str, tuple[tuple[int, ...], str]]:
    """Shape and kind of numbers of each tensor, from the header of a safetensors file."""
    wrong = f"{file.name} is no safetensors file, or damaged. {ADVICE}"
    try:
        with file.open("rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
            if length > MAX_HEADER_BYTES:
                raise ValueError(wrong)
            told = json.loads(opened.read(length).decode("utf-8"))
        told.pop("__metadata__", None)
        header = {}
        for key, entry in told.items():
            shape = tuple(entry["shape"])
            if not all(type(size) is int and size >= 0 for size in shape):
                raise ValueError(wrong)
            header[key] = (shape, str(entry["dtype"]))
        return header
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError) as error:
        raise ValueError(wrong) from error


def _fits_here(net: str, config: Any, sizes: dict[str, int]) -> None:
    """Refuse a net that is conditioned on other encoders than those in use."""
    # DiEmo and ZEST hear emotion by nets of their own.
    asked = {"emomix": ("speaker_dim", "emotion_dim"), "diemo": ("speaker_dim",)}
    asked["zest"] = ("speaker_dim",)
    for name in asked.get(net, ()):
        if getattr(config, name) != sizes[name]:
            raise ValueError(
                f"The model was made for a {name} of {getattr(config, name)}; the encoder in use "
                f"here has {sizes[name]}. Set EMOSTUDIO_MODELS to the models it was made with."
            )


def _check_voices(voices: dict[str, Any], speaker_dim: int) -> None:
    if not voices:
        raise ValueError(f"{SPOKEN_BY} holds no voice. {ADVICE}")
    for name, voice in voices.items():
        try:
            lang, pitch, embedding = voice["lang"], voice["pitch_mean"], voice["speaker_emb"]
            fits = (
                VOICE.fullmatch(name) is not None
                and lang in LANGUAGES
                and _number(pitch)
                and PITCHES[0] <= pitch <= PITCHES[1]
                and isinstance(embedding, list)
                and len(embedding) == speaker_dim
                and all(_number(each) for each in embedding)
            )
        except (KeyError, TypeError):
            fits = False
        if not fits:
            raise ValueError(
                f"The voice '{name[:40]}' in {SPOKEN_BY} is none: it takes lang, pitch_mean (the "
                f"log of Hz) and speaker_emb of {speaker_dim} numbers. {ADVICE}"
            )
