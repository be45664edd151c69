import numpy as np
import pytest

from emostudio.analysis.map_measures import measures


def grouped(n: int, groups: int, apart: float, *, seed: int = 0) -> tuple[np.ndarray, list[str]]:
    rng = np.random.default_rng(seed)
    ids = np.arange(n) % groups
    middles = rng.normal(0, apart, (groups, 8))
    return middles[ids] + rng.normal(0, 1, (n, 8)), [f"group {one}" for one in ids]


def test_groups_far_apart_are_measured_as_perfect() -> None:
    found = measures(*grouped(90, 3, apart=100))
    assert found is not None
    assert found.silhouette > 0.9 and found.purity == found.hit_rate == 1
    assert (found.n, found.n_groups) == (90, 3)


def test_labels_at_random_reach_chance_and_no_more() -> None:
    features, _ = grouped(900, 3, apart=0)
    rng = np.random.default_rng(1)
    labels = rng.choice(["a", "b", "b", "b"], 900).tolist()
    found = measures(features, labels)
    assert found is not None
    assert found.hit_rate == pytest.approx(found.chance, abs=0.03)
    assert found.chance == pytest.approx(0.25**2 + 0.75**2, abs=0.03)
    assert abs(found.silhouette) < 0.05
    assert found.purity == pytest.approx(0.75, abs=0.05)


def test_clips_without_a_label_do_not_count() -> None:
    features, labels = grouped(60, 3, apart=5)
    noise = np.random.default_rng(2).normal(0, 50, (20, 8))
    more = measures(np.concatenate([features, noise]), [*labels, *[""] * 20])
    assert more == measures(features, labels)


def test_no_unit_weighs_more_than_another() -> None:
    features, labels = grouped(60, 3, apart=5)
    scaled = features * np.array([1e4, 1e-4, 1, 1, 1, 1, 1, 1]) + 7
    one, other = measures(features, labels), measures(scaled, labels)
    assert one is not None and other is not None
    assert one.silhouette == pytest.approx(other.silhouette, abs=1e-3)
    assert one.hit_rate == pytest.approx(other.hit_rate, abs=1e-3)


@pytest.mark.parametrize("labels", [["a"] * 6, [""] * 6, ["a", "a", "a", "a", "a", "b"]])
def test_one_group_can_not_be_measured(labels: list[str]) -> None:
    assert measures(np.random.default_rng(0).normal(size=(6, 3)), labels) is None


def test_silhouette_agrees_with_its_definition() -> None:
    from sklearn.metrics import silhouette_score

    from emostudio.analysis.projection import standard

    features, labels = grouped(50, 4, apart=1)
    found = measures(features, labels)
    assert found is not None
    rows = standard(features)
    assert found.silhouette == pytest.approx(silhouette_score(rows, labels, metric="cosine"))
