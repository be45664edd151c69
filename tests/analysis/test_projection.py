import numpy as np
import pytest

from emostudio.analysis.map_measures import measures
from emostudio.analysis.projection import pca, standard, umap


def groups(n: int = 45) -> tuple[np.ndarray, list[str]]:
    rng = np.random.default_rng(0)
    ids = np.arange(n) % 3
    return rng.normal(0, 5, (3, 6))[ids] + rng.normal(0, 1, (n, 6)), [str(one) for one in ids]


def test_a_row_is_most_like_itself_and_units_do_not_matter() -> None:
    rows, _ = groups()
    alike = standard(rows) @ standard(rows * 1000 + 5).T
    assert np.diag(alike) == pytest.approx(1, abs=1e-5)
    assert (alike <= 1 + 1e-5).all()


def test_a_feature_that_never_changes_tells_nothing() -> None:
    rows, _ = groups()
    more = np.concatenate([rows, np.full((len(rows), 1), 3.0)], axis=1)
    assert standard(more)[:, :-1] == pytest.approx(standard(rows))


def test_pca_lies_in_the_directions_of_most_variance() -> None:
    rows, _ = groups()
    points = pca(rows)
    scores = standard(rows).astype(np.float64)
    widest = np.linalg.svd(scores - scores.mean(0), compute_uv=False)[:2]
    assert np.linalg.norm(points, axis=0) == pytest.approx(widest, rel=1e-4)
    assert float(points[:, 0] @ points[:, 1]) == pytest.approx(0, abs=1e-3)
    assert points.mean(0) == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("method", [pca, umap])
def test_too_few_clips_are_refused_in_words(method: object) -> None:
    for n, are in ((1, "is 1"), (4, "are 4")):
        with pytest.raises(ValueError, match=f"5 clips or more, and here {are}"):
            method(np.zeros((n, 3)))  # pyright: ignore[reportCallIssue]


@pytest.mark.slow
def test_umap_keeps_neighbors_together_and_is_the_same_again() -> None:
    rows, labels = groups()
    points = umap(rows)
    assert points.shape == (45, 2) and np.isfinite(points).all()
    found = measures(points, labels)
    assert found is not None and found.hit_rate > 0.9
    assert np.array_equal(points, umap(rows))
    assert umap(rows[:5]).shape == (5, 2)
