"""Clusters of the actors of a folder of corpora are scored whole."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile

from emostudio.evaluation import diemo_clusters, page_diemo, tables
from emostudio.evaluation.goals import goals
from emostudio.evaluation.real import Recordings
from emostudio.models.checkpoint import Store
from emostudio.training.attributes import RUN
from tests import tiny
from tests.speech import SAMPLE_RATE, acting, vowels


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Recordings:
    root = acting(tmp_path_factory.mktemp("speech") / "corpora")
    _act_again(root / "ravdess")
    return Recordings.of(root)


def _act_again(corpus: Path) -> None:
    """Every clip once more, as a cluster takes a few; no two are alike."""
    table = corpus / "metadata.csv"
    with table.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    with table.open("a", encoding="utf-8", newline="") as lines:
        again = csv.DictWriter(lines, list(rows[0]))
        for number, row in enumerate(rows):
            file = f"again-{row['file']}"
            wav = vowels(120 + 3 * number, 1.5, seed=100 + number)
            soundfile.write(corpus / file, wav, SAMPLE_RATE)
            again.writerow(row | {"file": file})


def test_clusters_are_scored_beside_what_matching_and_chance_give(
    real: Recordings, tmp_path: Path
) -> None:
    run = replace(RUN, max_steps=10, batch_size=32, warmup_steps=2)
    found = diemo_clusters.measure(Store(tiny.checkpoints(tmp_path)), real, run=run)
    assert found["actors"] == 6
    for name in ("five", "eight"):  # here alike: no more than five are acted
        score = found[name]
        assert sum(sum(row.values()) for row in score["confusion"].values()) == 3 * 5 * 4
        assert score["unmatched"] <= score["named_apart"]
    report = {"clusters": found}
    assert len(goals(report)) == 3
    console = "\n".join(map(tables.text, page_diemo.tables(report, tables.brief)))
    assert "0.922" in console
    assert "concordance" in console


def test_recordings_without_actors_are_refused(real: Recordings, tmp_path: Path) -> None:
    readers = Recordings(tuple(u for u in real.utterances if u.corpus == "librispeech"))
    with pytest.raises(ValueError, match="no actor"):
        diemo_clusters.measure(Store(tiny.checkpoints(tmp_path)), readers)


@pytest.mark.parametrize(("matched", "met"), [(0.75, True), (0.74, False)])
def test_clusters_should_agree_with_labels_in_three_of_four(matched: float, met: bool) -> None:
    five = {"matched": matched, "unmatched": 0.4, "chance": 0.3}
    agreement, over_unmatched, over_chance = goals({"clusters": {"five": five}})
    assert agreement["met"] == met
    assert over_unmatched["met"]
    assert over_chance["met"]
