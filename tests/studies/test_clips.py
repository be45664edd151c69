from dataclasses import replace
from typing import Any

import pytest

from emostudio.studies.clips import NewClip, in_cells


def cells(given: list[NewClip], kind: str = "mos") -> list[tuple[str, str]]:
    return [(clip.system, clip.utterance) for clip in in_cells(given, kind)]


def test_an_utterance_is_what_is_said_by_whom_and_how() -> None:
    clip = NewClip(b"", text="Hello,\n you!", speaker="kathleen", emotion="happy", intensity=0.5)
    assert clip.placed("mos").utterance == "Hello, you! · kathleen · happy"
    mixed = NewClip(b"", text="Hi.", mix={"happy": 0.25, "sad": 0.75})
    assert mixed.placed("mixed").utterance == "Hi. · happy=0.25,sad=0.75"
    assert NewClip(b"", name="deep/s1.wav").placed("mos").utterance == "s1"


def test_long_texts_keep_their_emotions_apart() -> None:
    one, two = (
        NewClip(b"", text="word " * 900, emotion=emotion).placed("mos")
        for emotion in ("happy", "sad")
    )
    assert one.utterance != two.utterance and len(one.utterance) < 200


def test_what_is_given_stays_where_cells_do_not_meet() -> None:
    given = [
        NewClip(b"", system="a", utterance="s1", emotion="happy", intensity=0.3),
        NewClip(b"", system="human", utterance="s1", emotion="happy"),
    ]
    assert cells(given) == [("a", "s1"), ("human", "s1")]


def test_takes_of_one_text_meet_whatever_their_intensities() -> None:
    given = [
        NewClip(b"", system=system, text="Hello.", emotion="happy", intensity=level)
        for system, level in (("soft", 0.3), ("full", 1.0))
    ]
    assert cells(given) == [("soft", "Hello. · happy"), ("full", "Hello. · happy")]
    alike = [replace(clip, system="one") for clip in given]
    assert cells(alike) == [("one", "Hello. · happy · 0.3"), ("one", "Hello. · happy · 1")]


def test_an_utterance_in_several_emotions_is_several() -> None:
    given = [
        NewClip(b"", system=system, utterance=utterance, emotion=emotion)
        for system in "ab"
        for utterance, emotion in (("s1", "happy"), ("s1", "sad"), ("s2", "sad"))
    ]
    assert cells(given) == [
        (system, utterance) for system in "ab" for utterance in ("s1 · happy", "s1 · sad", "s2")
    ]


def test_where_intensities_are_compared_each_is_a_system() -> None:
    given = [
        NewClip(b"", system="a", utterance="s1", emotion="sad", intensity=level)
        for level in (0.3, 0.9)
    ]
    assert cells(given, "intensity_pair") == [("a 0.3", "s1 · sad"), ("a 0.9", "s1 · sad")]
    assert cells(given, "intensity") == [("a", "s1 · sad · 0.3"), ("a", "s1 · sad · 0.9")]


@pytest.mark.parametrize("role", ["gold", "trap", "practice", "reference"])
def test_what_is_not_tested_needs_no_place(role: str) -> None:
    assert NewClip(b"", text="Hello.", role=role).placed("mos").utterance == ""
    paired = NewClip(b"", text="Hello.", role=role).placed("ab").utterance
    assert paired == ("" if role == "reference" else "Hello.")


@pytest.mark.parametrize(
    "told",
    [
        {"role": "boss"},
        {"intensity": 1.1},
        {"intensity": float("nan")},
        {"system": "x" * 201},
        {"language": "x" * 17},
        {"emotion": "happy\ud800"},
        {"text": "a\0b"},
    ],
)
def test_what_no_table_could_hold_is_no_clip(told: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(told))):
        NewClip(b"", **told)
