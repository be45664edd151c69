"""A judgment: one answer with all that its analysis needs, whatever it was stored in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Judgment:
    """What one listener answered about one clip, or about two of the same utterance.

    `value`, `emotion` and the fields down to `arousal` are those of `kinds.Answer`, but `value` of
    a pair is how much better, or stronger, `stimulus` is than `other`, whichever was heard first:
    `swapped` says that `other` was. The `asked` fields are what was asked of the clip, an intensity
    in [0, 1] and shares by emotion. `role` is test, gold or trap; practice never comes here. `gold`
    are the fields of the right answer, as `value` above. `repeated`: the same listener had heard
    the same trial before. Times are as the browser measured them; None where it did not.
    """

    listener: str
    system: str
    utterance: str
    other_system: str = ""
    value: float | None = None
    emotion: str | None = None
    second_emotion: str | None = None
    second_share: float | None = None
    intensity: float | None = None
    valence: float | None = None
    arousal: float | None = None
    note: str = ""
    asked_emotion: str = ""
    asked_intensity: float | None = None
    asked_mix: dict[str, float] | None = None
    other_asked_intensity: float | None = None
    role: str = "test"
    gold: dict[str, Any] | None = None
    position: int = 0
    swapped: bool = False
    repeated: bool = False
    stimulus: str = ""
    other: str = ""
    rt_ms: int | None = None
    plays: int | None = None
    changes: int | None = None
    heard_s: float | None = None
    other_heard_s: float | None = None
    duration_s: float | None = None
    other_duration_s: float | None = None

    def __post_init__(self) -> None:
        """Refuse a judgment of nobody."""
        if not self.listener:
            raise ValueError("A judgment needs its listener; give an id that names nobody.")

    @property
    def shown_value(self) -> float | None:
        """`value` as the buttons on the screen had it: how much better the second clip was."""
        if self.value is None or not self.other:
            return self.value
        return self.value if self.swapped else -self.value


def counted(judgments: Iterable[Judgment]) -> list[Judgment]:
    """Return those that results are made of: gold, traps and repeats serve screening alone."""
    return [one for one in judgments if one.role == "test" and not one.repeated]
