"""What of a corpus is held out: by its table, or by rules that chance has no part in."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

from emostudio.data.recording import Recording

SPLITS = ("train", "dev")
MANY_SPEAKERS = 10  # from here on, one in so many is held out whole
HELD_OUT = 8  # else one sentence in so many
MOST = 0.25  # of all clips; a sentence that has more of them stays on the side of training
LEAST = 2  # clips without which nothing can be compared
_ALL = ("", "")  # sorts before any emotion or speaker


def sentence(one: Recording) -> str:
    """Return what is said without marks and case, or nothing where it is not known."""
    return " ".join(re.findall(r"\w+", one.said.casefold()))


def split(recordings: Sequence[Recording]) -> tuple[list[Recording], str]:
    """Tell of each whether it is trained on; return them, and what decided it.

    The table does, where it tells it of all and has both. Else speakers are kept apart where there
    are many, else sentences, else, where few are spoken or none is known, clips. Of every speaker
    and every emotion a part is held out. The same clips are always split alike.
    """
    told = [one.split for one in recordings]
    if all(told) and set(told) == set(SPLITS):
        return list(recordings), "table"
    speakers = sorted({one.speaker for one in recordings}, key=_hash)
    if len(speakers) >= MANY_SPEAKERS:
        held = set(speakers[: len(speakers) // MANY_SPEAKERS])
        dev = {one.file for one in recordings if one.speaker in held}
        return _told(recordings, dev), "speaker"
    dev = _held_out(recordings, sentence)
    if len(dev) >= LEAST and any(map(sentence, recordings)):
        return _told(recordings, dev), "sentence"
    return _told(recordings, _held_out(recordings, lambda one: "")), "clip"


def _held_out(recordings: Sequence[Recording], key: Callable[[Recording], str]) -> set[str]:
    """Choose files so that each speaker and emotion has its share; what has one key goes along."""
    units: dict[str, list[Recording]] = defaultdict(list)
    kinds: dict[tuple[str, str], list[Recording]] = defaultdict(list)
    kinds[_ALL].extend(recordings)
    for one in recordings:
        units[key(one) or one.source].append(one)
        kinds["emotion", one.emotion].append(one)
        kinds["speaker", one.speaker].append(one)
    order = sorted(units, key=_hash)
    held: set[str] = set()
    for kind in sorted(kinds):
        members = {one.file for one in kinds[kind]}
        least = LEAST if kind == _ALL else int(len(members) > LEAST)
        wanted = max(len(members) // HELD_OUT, least)
        for name in order:
            files = {one.file for one in units[name]}
            if len(held & members) >= wanted:
                break
            if files & members and len(held | files) <= max(LEAST, MOST * len(recordings)):
                held |= files
    return held


def _told(recordings: Sequence[Recording], dev: set[str]) -> list[Recording]:
    return [replace(one, split="dev" if one.file in dev else "train") for one in recordings]


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
