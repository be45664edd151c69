"""Figures from judges whose verdicts are made up: copies, shuffled labels, noise, silence."""

from pathlib import Path

import numpy as np
import pytest

from emostudio.data.corpora import Utterance
from emostudio.evaluation import figures
from emostudio.evaluation.asked import READERS, Asked
from emostudio.evaluation.goals import goals
from emostudio.evaluation.hearing import Heard
from emostudio.evaluation.manners import Manners
from emostudio.evaluation.page import render
from emostudio.evaluation.speech import Judged
from emostudio.values import EMOTIONS, Request

PLAIN = Manners(80.0, 2.0, 14.0, -25.0)


def sure(emotion: str, floor_db: float = -70.0) -> Heard:
    probs = {name: 0.92 if name == emotion else 0.01 for name in EMOTIONS}
    return Heard(probs, probs, PLAIN, floor_db)


def take(emotion: str, sentence: int, part: str = "emotions", **about: object) -> Asked:
    about = {"emotion": emotion, "voice": "kathleen"} | about
    file = f"{part}/{'-'.join(map(str, about.values()))}-{sentence}.wav"
    return Asked(part, file, sentence, Request("A word."), "kathleen", about)


def clip(name: str, speaker: str, emotion: str = "neutral") -> Utterance:
    corpus = speaker.split("-")[0]
    return Utterance(Path(f"{name}.wav"), corpus, speaker, "en", emotion, "", "dev", "A word.")


def test_takes_heard_as_asked_hit_and_shuffled_ones_hit_by_chance() -> None:
    plan = [take(emotion, n) for emotion in EMOTIONS for n in range(20)]
    right = Judged(plan, {}, {}, {a.file: sure(a.about["emotion"]) for a in plan})
    names = np.random.default_rng(0).permutation([a.about["emotion"] for a in plan])
    wrong = Judged(plan, {}, {}, {a.file: sure(n) for a, n in zip(plan, names, strict=True)})
    hits, chance = (
        np.mean([row["judge_hit"]["value"] for row in figures.by_emotion(j)["kathleen"].values()])
        for j in (right, wrong)
    )
    assert hits == 1
    assert chance == pytest.approx(1 / len(EMOTIONS), abs=0.06)


def test_noise_under_emotional_takes_is_told_against_the_neutral_ones() -> None:
    plan = [take(emotion, n) for emotion in ("neutral", "angry") for n in range(3)]
    own = {a.file: sure("angry", -70.0 if a.about["emotion"] == "neutral" else -58.0) for a in plan}
    rows = figures.by_emotion(Judged(plan, {}, {}, own))["kathleen"]
    assert rows["angry"]["floor_over_neutral_db"] == 12
    report = {"speech": {"kathleen": rows}}
    (floor,) = [g for g in goals(report) if g["name"].startswith("noise floor")]
    assert not floor["met"]


def test_a_copy_of_a_voice_is_wholly_alike_and_words_are_pooled() -> None:
    plan = [take("neutral", n) for n in range(2)]
    voices = {"kathleen": [clip(f"k{n}", "kathleen") for n in range(10)]}
    voice = (np.eye(4)[0]).tolist()
    outside = {u.name: {"voice": voice} for u in voices["kathleen"]}
    outside[plan[0].file] = {"voice": voice, "said": ["a"] * 9, "errors": 0, "p808": 3.0}
    outside[plan[1].file] = {"voice": voice, "said": ["a"], "errors": 1, "p808": 4.0}
    own = {a.file: sure("neutral") for a in plan}
    row = figures.by_emotion(Judged(plan, {}, voices, own, outside))["kathleen"]["neutral"]
    assert row["similarity"]["value"] == pytest.approx(1)
    assert row["word_error"]["value"] == pytest.approx(0.1)
    assert row["p808"]["value"] == pytest.approx(3.5)


def test_a_real_clip_is_not_compared_with_itself() -> None:
    clips = [clip(f"k{n}", "kathleen") for n in range(3)]
    axes = np.eye(3)
    outside = {u.name: {"voice": axes[n].tolist()} for n, u in enumerate(clips)}
    own = {u.name: sure("neutral") for u in clips}
    found = figures.real(Judged([], {"kathleen": clips}, {"kathleen": clips}, own, outside))
    assert found["kathleen"]["similarity"]["value"] == 0
    assert found["kathleen"]["judge_neutral_or_calm"]["value"] == 1


def test_a_curve_that_rises_with_weight_has_rank_correlation_one() -> None:
    weights = (0.0, 0.2, 0.4, 0.6, 0.8)
    plan = [
        take("happy", n, "mixing", base="happy", added="sad", weight=w)
        for w in weights
        for n in range(4)
    ]
    own = {}
    for ask in plan:
        p = 0.1 + 0.8 * ask.about["weight"]
        probs = dict.fromkeys(EMOTIONS, 0.0) | {"sad": p, "happy": 1 - p}
        flat = dict.fromkeys(EMOTIONS, 1 / len(EMOTIONS))
        own[ask.file] = Heard(probs, flat, PLAIN, -70.0)
    (curve,) = figures.mixing(Judged(plan, {}, {}, own))
    assert curve["judge_spearman"] == 1
    assert curve["of_base"]["judge_spearman"] == -1
    assert curve["recognizer_spearman"] == 0


def test_a_reader_copied_ranks_first_and_a_stranger_does_not() -> None:
    axes = np.eye(len(READERS))
    voices = {s: [clip(f"{s}-{n}", s) for n in range(10)] for s in READERS}
    outside = {
        u.name: {"voice": axes[place].tolist()}
        for place, clips in enumerate(voices.values())
        for u in clips
    }
    plan = [Asked("readers", f"{s}.wav", 0, Request("A word."), s) for s in READERS]
    for place, ask in enumerate(plan):
        outside[ask.file] = {"voice": axes[place].tolist()}
    judged = Judged(plan, {}, voices, {}, outside)
    assert figures.readers(judged)["first"]["value"] == 1
    for place, ask in enumerate(plan):
        outside[ask.file] = {"voice": axes[place - 1].tolist()}
    assert figures.readers(judged)["first"]["value"] == 0


def test_a_goal_beside_real_speech_moves_with_it() -> None:
    take_row = {"word_error": {"value": 0.3}, "judge_hit": {"value": 0.5}, "heard": {}}
    take_row |= {"floor_over_neutral_db": 0.0}
    for real_error, hit_rate, met in ((0.1, 0.5, False), (0.25, 0.5, True), (0.25, 0.9, False)):
        report = {
            "speech": {"kathleen": {"angry": take_row}},
            "real": {
                "ravdess angry": {
                    "word_error": {"value": real_error},
                    "judge_hit": {"value": hit_rate},
                }
            },
        }
        found = {g["name"]: g for g in goals(report)}
        assert found["hit rate, angry"]["met"] == (hit_rate == 0.5)  # 0.5 is under 0.8 of 0.9
        assert found["word error, angry"]["met"] == met  # words alone are not enough


def test_the_page_shows_goals_and_names_who_is_missing_and_runs_no_foreign_code() -> None:
    plan = [take(emotion, n) for emotion in ("neutral", "happy") for n in range(2)]
    judged = Judged(plan, {}, {}, {a.file: sure("happy") for a in plan})
    speech = figures.by_emotion(judged)
    report = {"models": {"emomix": "0" * 64}, "quick": True, "speech": speech, "real": {}}
    report |= {"missing": {"words": "<script>alert(1)</script>"}}
    report["goals"] = goals(report)
    page = render(report)
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page
    assert "noise floor over neutral takes" in page
    assert page.count("plotly-graph-div") >= 3
    assert "src=" not in page.split("</style>")[0]
