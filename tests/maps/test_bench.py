import numpy as np

from emostudio.evaluation.timing import GOALS
from emostudio.maps import bench
from emostudio.values import Clip, Request
from tests.speech import vowels


class Quick:
    """A studio whose nets take no time."""

    def speak(self, text: Request) -> "Quick":
        self.clip = Clip(vowels(), 16_000)
        return self

    def embed(self, clip: Clip) -> dict[str, np.ndarray]:
        rng = np.random.default_rng(0)
        sizes = {"ser": 16, "raw": 8, "affect": 3}
        return {name: rng.normal(size=size) for name, size in sizes.items()}


def test_every_wait_of_the_map_has_a_goal_and_is_measured() -> None:
    lines: list[str] = []
    report = bench.bench(Quick(), repeats=1, say=lines.append)  # pyright: ignore[reportArgumentType]
    assert set(report) == {name for name in GOALS if name.startswith("map:")}
    assert all(len(figure["repeats"]) == 1 for figure in report.values())
    assert [line.split("  ")[0] for line in lines] == list(report)
