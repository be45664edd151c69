"""The card of a model: its licence is never told clearer than those of what it was made from."""

from collections.abc import Mapping
from datetime import datetime, timezone

from emostudio.jobs.card import Facts, licence_line, licence_of, written
from emostudio.jobs.tuning import Tuning

STRICT = "CC BY-NC-SA 4.0, because it was trained on RAVDESS."
FREE = "CC BY 4.0 (librispeech asks for attribution)."


MADE_AT = datetime(2026, 1, 2, tzinfo=timezone.utc)


def card(licences: Mapping[str, str]) -> str:
    return written(Facts("anna", "emomix", "00ff", "the owner", MADE_AT, licences=licences))


def test_who_speaks_is_warned_of_voices_and_who_hears_of_judging() -> None:
    speaks, hears = (
        written(Facts("anna", net, "00ff", "the owner", MADE_AT)) for net in ("emomix", "ser")
    )
    assert "speak only in voices whose owners agreed" in speaks
    assert "speak" not in hears and "judge what people feel" in hears


def test_one_minute_is_no_minutes() -> None:
    tuning = Tuning("ser", "c", "anna")
    told = [
        written(Facts("anna", "ser", "00ff", "anna", MADE_AT, tuning=tuning, minutes=minutes))
        for minutes in (0.2, 1.2, 12.0)
    ]
    spent = ("less than a minute on", " 1 minute on", " 12 minutes on")
    assert [words in each for words, each in zip(spent, told, strict=True)] == [True] * 3


def test_the_strictest_licence_of_the_parents_is_told() -> None:
    told = card({"vocoder": FREE, "ser": STRICT})
    assert licence_line(told) == "CC BY-NC-SA 4.0, that of what it was made from."
    assert licence_of(told) == "cc-by-nc-sa-4.0"


def test_a_child_of_a_free_net_asks_for_the_same_attribution() -> None:
    told = licence_line(card({"vocoder": FREE}))
    assert told == f"{FREE.rstrip('.')}, that of what it was made from."
    assert licence_line(card({"vocoder": told})) == told  # and so do all that come after


def test_what_comes_of_a_net_of_unknown_licence_has_none() -> None:
    stranger = licence_line(card({}))
    assert stranger.startswith("unknown")
    for licence in ("", stranger):
        assert licence_line(card({"vocoder": licence})) == stranger


def test_a_doubt_about_one_parent_is_passed_on() -> None:
    stranger = licence_line(card({}))
    child = card({"emomix": stranger, "ser": STRICT})
    assert "(of emomix it is unknown)" in licence_line(child)
    assert licence_of(child) == "other"
    grandchild = card({"emomix": licence_line(child), "ser": STRICT})
    assert licence_line(grandchild) == licence_line(child)
