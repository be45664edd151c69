"""Rating scales: the wording of the standards as templates, and what a free scale is.

[1] ITU-T P.800 (1996), annexes B, D and E: absolute, degradation and comparison category ratings.
[2] ITU-T P.835 (2003): speech signal and background noise rated apart.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Whole-number grades from `low` upwards, one label each, the worst first."""

    low: int
    labels: tuple[str, ...]

    @property
    def high(self) -> int:
        """The best grade."""
        return self.low + len(self.labels) - 1

    @property
    def grades(self) -> dict[int, str]:
        """Label by grade, the worst first."""
        return dict(enumerate(self.labels, self.low))

    def check(self, value: float) -> float:
        """Return a grade of this scale.

        Raises:
            ValueError: there is no such grade.
        """
        if value not in self.grades:
            raise ValueError(f"The grade is {value:g}; choose from {self.low} to {self.high}.")
        return float(value)


ACR = Scale(1, ("Bad", "Poor", "Fair", "Good", "Excellent"))  # [1] B.4.5
SCALES = {
    "quality": ACR,
    "naturalness": Scale(
        1,
        (
            "Completely unnatural",
            "Mostly unnatural",
            "Equally natural and unnatural",
            "Mostly natural",
            "Completely natural",
        ),
    ),
    "effort": Scale(  # [1] B.4.5
        1,
        (
            "No meaning understood with any feasible effort",
            "Considerable effort required",
            "Moderate effort required",
            "Attention necessary; no appreciable effort required",
            "Complete relaxation possible; no effort required",
        ),
    ),
    "signal": Scale(  # [2]
        1,
        (
            "Very unnatural, very degraded",
            "Fairly unnatural, fairly degraded",
            "Somewhat natural, some degradation",
            "Fairly natural, little degradation",
            "Very natural, no degradation",
        ),
    ),
    "background": Scale(  # [2]
        1,
        (
            "Very conspicuous, very intrusive",
            "Fairly conspicuous, somewhat intrusive",
            "Noticeable but not intrusive",
            "Somewhat noticeable",
            "Not noticeable",
        ),
    ),
    "degradation": Scale(  # [1] D.3
        1,
        (
            "Degradation is very annoying",
            "Degradation is annoying",
            "Degradation is slightly annoying",
            "Degradation is audible but not annoying",
            "Degradation is inaudible",
        ),
    ),
    "similarity": Scale(
        1,
        (
            "Not at all similar",
            "Slightly similar",
            "Moderately similar",
            "Very similar",
            "Extremely similar",
        ),
    ),
    "comparison": Scale(  # [1] E.3
        -3,
        (
            "Much worse",
            "Worse",
            "Slightly worse",
            "About the same",
            "Slightly better",
            "Better",
            "Much better",
        ),
    ),
}
