"""Recipes that draw clips of a pack by weight, some of them so that nothing is forgotten."""

from abc import abstractmethod
from collections.abc import Collection, Sequence

import numpy as np

from emostudio.data.features import Row
from emostudio.training.loop import Net, Recipe

NOTHING = (
    "No training clip of the corpus can be learned from. This base needs clips whose split is "
    "train, with emotions that it knows and, unless it is the recognizer or the vocoder, with "
    "their text."
)


class DrawingRecipe(Recipe[Net]):
    """A recipe whose batches are drawn from `_rows` by `_weights`, which sum to one."""

    _rows: list[Row]
    _weights: np.ndarray

    @abstractmethod
    def weigh(self, rows: Sequence[Row]) -> np.ndarray:
        """How often each of these rows is drawn where no other is there, (n_rows,), sum one."""

    def rehearse(self, corpora: Collection[str], share: float) -> None:
        """Draw clips of these corpora with a share in all, the rest with what is left.

        Raises:
            ValueError: nothing is left to learn from.
        """
        old = np.array([row.corpus in corpora for row in self._rows], bool)
        if old.all():
            raise ValueError(NOTHING)
        share = share if old.any() else 0.0
        for here, part in ((old, share), (~old, 1 - share)):
            places = np.flatnonzero(here)
            if len(places):
                self._weights[places] = part * self.weigh([self._rows[n] for n in places])
