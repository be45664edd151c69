"""Attributes are learned from labels of other speakers; clusters come from no labels at all."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from emostudio.audio.functionals import FUNCTIONALS
from emostudio.data.features import Row, pack
from emostudio.models.diemo.attributes import AttributeConfig, AttributeRegressor
from emostudio.training.attributes import (
    RUN,
    AttributeRecipe,
    Told,
    concordance,
    folds,
    target,
    unheard,
)
from emostudio.training.clusters import FIVE, agreements, cluster, counts_of, find
from tests.speech import corpora

QUICK = replace(RUN, max_steps=40, batch_size=32, warmup_steps=5, average_decay=0.5)


def row(speaker: str, emotion: str, number: int, corpus: str = "ravdess") -> Row:
    name = f"{corpus}/{speaker}-{emotion}-{number}"
    return Row(name, corpus, speaker, "en", emotion, "strong", "train", "", (0, 1), (0, 0))


def acted(n_actors: int = 6, noise: float = 1.0) -> Told:
    """Actors of five emotions and a reader, whose figures tell attributes in a way of their own."""
    rng = np.random.default_rng(0)
    rows = [
        row(f"ravdess-{actor:02}", emotion, number)
        for actor in range(n_actors)
        for emotion in FIVE
        for number in range(6)
    ]
    rows += [row("reader", "neutral", number, "librispeech") for number in range(6)]
    told = np.array([target(clip) for clip in rows])
    mixing = rng.normal(size=(3, len(FUNCTIONALS)))
    habits = {clip.speaker: 3 * rng.normal(size=len(FUNCTIONALS)) for clip in rows}
    figures = 10 * (told - 0.5) @ mixing + noise * rng.normal(size=(len(rows), len(FUNCTIONALS)))
    figures += np.stack([habits[clip.speaker] for clip in rows])
    return Told(tuple(rows), figures.astype(np.float32))


def test_neutral_is_in_the_middle_and_normal_intensity_nearer_to_it() -> None:
    strong, weak = row("a", "angry", 0), replace(row("a", "angry", 0), intensity="normal")
    assert target(row("a", "neutral", 0)) == (0.5, 0.5, 0.5)
    arousal, dominance, valence = target(strong)
    assert arousal > 0.5 and dominance > 0.5 and valence < 0.5
    assert target(weak)[0] - 0.5 == pytest.approx(0.7 * (arousal - 0.5))


def test_concordance_is_one_for_the_same_and_less_for_playing_safe() -> None:
    there = torch.rand(50, 3, generator=torch.Generator().manual_seed(0))
    assert concordance(there, there).tolist() == pytest.approx([1, 1, 1])
    timid = there.mean(0) + 0.2 * (there - there.mean(0))
    assert (concordance(timid, there) < 0.5).all()


def test_the_loss_falls_and_batches_are_repeatable() -> None:
    torch.manual_seed(0)
    recipe = AttributeRecipe(AttributeConfig.tiny(), acted())
    batch, again = (recipe.batch(3, 64, 0, 0) for _ in range(2))
    assert all(torch.equal(batch[key], again[key]) for key in batch)
    optimizer = torch.optim.Adam(recipe.parameters(), 1e-2)
    losses = []
    for _ in range(40):
        loss = recipe(batch)["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.8 * losses[0]


def test_attributes_of_a_clip_are_between_zero_and_one() -> None:
    torch.manual_seed(0)
    net = AttributeRegressor(AttributeConfig.tiny()).eval()
    affect = net.of_clip(acted().figures[0])
    assert all(0 <= value <= 1 for value in (affect.arousal, affect.dominance, affect.valence))


def test_a_speakers_habits_and_words_are_no_attributes() -> None:
    told = acted()
    words = np.tile([0.0, 0, 0, 5, 5, 5], len(told.clips) // 6)[:, None]
    clips = tuple(
        replace(clip, text="Kids." if n % 6 < 3 else "Dogs.") for n, clip in enumerate(told.clips)
    )
    plain = Told(clips, told.figures).standardized()
    louder = Told(clips, 3 * told.figures + 5 + words.astype(np.float32)).standardized()
    actors = np.array(told.speakers) != "reader"  # who says neither sentence often enough
    np.testing.assert_allclose(louder[actors], plain[actors], atol=1e-3)


def test_no_speaker_is_told_by_a_net_that_heard_the_labels() -> None:
    told = acted(5)
    fold = folds(told.clips)
    assert sorted(fold.values()) == [0, 1, 2, 3, 4]
    assert "reader" not in fold
    lied = tuple(
        replace(clip, emotion={"happy": "sad", "sad": "happy"}.get(clip.emotion, clip.emotion))
        if clip.speaker == "ravdess-02"
        else clip
        for clip in told.clips
    )
    own = np.array(told.speakers) == "ravdess-02"
    true, false = (
        unheard(Told(clips, told.figures), AttributeConfig.tiny(), run=QUICK)
        for clips in (told.clips, lied)
    )
    assert (true[own] == false[own]).all()
    assert (true[~own] != false[~own]).any()


def test_planted_emotions_are_found_without_labels() -> None:
    told = acted()
    attributes = np.array([target(clip) for clip in told.clips], np.float32)
    attributes += 0.05 * np.random.default_rng(1).normal(size=attributes.shape).astype(np.float32)
    report = agreements(told, attributes, embeddings=told.figures)
    five = report["five"]
    assert five["matched"] > 0.95
    assert five["chance"] < five["unmatched"] < five["matched"] <= 1
    assert set(five["confusion"]) == set(FIVE)
    assert report["attributes"]["ravdess"]["arousal"] > 0.9


def test_labels_change_no_cluster() -> None:
    told = acted()
    attributes = np.array([target(clip) for clip in told.clips], np.float32)
    attributes += 0.05 * np.random.default_rng(1).normal(size=attributes.shape).astype(np.float32)
    unlabeled = tuple(replace(c, emotion="") if c.corpus == "ravdess" else c for c in told.clips)
    counts, blind = counts_of(told), counts_of(Told(unlabeled, told.figures))
    assert counts == blind == {**dict.fromkeys(told.speakers, 5), "reader": 1}
    found = find(told.figures, attributes, told.standardized(), told.speakers, blind)
    assert (found.ids[np.array(told.speakers) == "reader"] == 0).all()
    assert len({*found.ids.tolist()}) == 5
    neutral = np.array([clip.emotion == "neutral" for clip in told.clips])
    assert (found.ids[neutral] == 0).all()


def test_a_pack_keeps_a_cluster_of_every_row_until_it_is_packed_anew(tmp_path: Path) -> None:
    root, folder = corpora(tmp_path / "corpora"), tmp_path / "pack"
    rows = pack(root, folder, processes=1).rows
    with pytest.raises(ValueError, match="no speaker embeddings yet"):
        cluster(folder)
    embeddings = np.random.default_rng(0).normal(size=(len(rows), 8))
    np.save(folder / "speaker_emb.npy", embeddings)
    report = cluster(folder, run=replace(QUICK, max_steps=3))
    ids = np.load(folder / "clusters.npy")
    assert ids.shape == (len(rows),)
    assert ids.dtype == np.int16
    assert all(not ids[n] for n, row in enumerate(rows) if row.corpus != "ravdess")
    assert json.loads((folder / "clusters.json").read_text()) == report
    assert set(report["eight"]["recall"]) == {"neutral", "happy", "angry"}
    pack(root, folder, processes=1)
    assert not (folder / "clusters.npy").exists()


def test_readers_alone_can_t_be_clustered() -> None:
    told = acted()
    with pytest.raises(ValueError, match="Nobody here acts"):
        counts_of(told.where([clip.corpus == "librispeech" for clip in told.clips]))
