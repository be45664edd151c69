"""What a feature is worth for telling a label apart, in words beside the map."""

from __future__ import annotations

from functools import lru_cache

from emostudio.analysis.map_measures import Measures, measures
from emostudio.maps.space import EmotionMap
from emostudio.web.components.asked_got import measure
from emostudio.web.components.map_view import called

REMEMBERED = 32  # they take a second where there are many clips
KNOWN = (
    "Most of these clips taught the nets, labels too: how they do with voices that they never "
    "heard, <code>evaluate</code> tells."
)
FEW = "<p class='note'>To be told apart, at least two names need two dots each.</p>"


@lru_cache(maxsize=REMEMBERED)
def measured(space: EmotionMap, feature: str, column: str) -> str:
    """Draw the measures of a map's feature against one of its columns, as HTML."""
    if feature not in space.features or column not in space.labels:
        return ""
    made = space.params.get("measures", {}).get(feature, {}).get(column)  # as the map was
    found = Measures(**made) if made else measures(space.features[feature], space.labels[column])
    if found is None:
        return FEW
    trained_on = "corpus" in space.labels["source"]
    return drawn(found, called(space, column).lower(), KNOWN if trained_on else "")


def drawn(found: Measures, column: str, note: str = "") -> str:
    """Draw measures as HTML, and what else to know of them."""
    terms = [
        measure(
            "Neighbor hit rate",
            found.hit_rate,
            f"share of a dot's ten most alike that have its {column}; by chance {found.chance:.2f}",
        ),
        measure(
            "Cluster purity",
            found.purity,
            f"share of dots that have the commonest {column} of their cluster, "
            f"of {found.n_groups} clusters",
        ),
        measure(
            "Silhouette",
            found.silhouette,
            f"−1 to 1: {_silhouette_in_words(found.silhouette)}",
        ),
    ]
    return (
        f"<section class='worth'><h3>How well {column} is told apart</h3>"
        f"<dl>{''.join(terms)}</dl><p class='note'>Measured on the features of {found.n} dots, "
        f"not on the picture, which has to bend them into two dimensions. {note}</p></section>"
    )


def _silhouette_in_words(value: float) -> str:
    if value < 0.05:
        return "names overlap wholly"
    if value < 0.25:
        return "names overlap much"
    return "names lie in groups that overlap" if value < 0.5 else "names lie apart"
