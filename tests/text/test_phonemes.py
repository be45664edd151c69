"""Truths of tokens: words, stress, pauses."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from emostudio.text.phonemes import (
    BOUNDARIES,
    N_STRESSES,
    SYMBOLS,
    is_boundary,
    phonemize,
    to_symbols,
)


def symbols(text: str, lang: str = "en") -> str:
    return to_symbols(phonemize([text], lang)[0])


def test_a_text_opens_closes_and_keeps_its_pauses() -> None:
    assert symbols("Well, we are away!") == "^wɛl,wiː ɑːɹ ɐweɪ!$"


def test_stress_is_in_the_token_and_changes_the_meaning() -> None:
    noun, verb = phonemize(["the record", "they record"], "en")
    assert {t % N_STRESSES for t in noun} <= {0, 1, 2}
    assert 2 in {t % N_STRESSES for t in noun}
    assert not np.array_equal(noun[-7:], verb[-7:])


def test_german_has_its_own_sounds() -> None:
    spoken = symbols("Schöne Bücher.", "de")
    assert "øː" in spoken
    assert "ç" in spoken


@pytest.mark.parametrize("text", ["Hello.", "a", "Yes, no; well: so? Oh!", "don't x-ray it"])
def test_no_two_boundaries_stand_side_by_side(text: str) -> None:
    boundary = is_boundary(phonemize([text], "en")[0])
    assert boundary[0]
    assert boundary[-1]
    inner = boundary[1:-1]
    assert not (inner[1:] & inner[:-1]).any()


def test_many_texts_are_what_each_is_alone() -> None:
    texts = ["We are all away.", "Is it late?", "Go"]
    for text, tokens in zip(texts, phonemize(texts, "en"), strict=True):
        assert np.array_equal(tokens, phonemize([text], "en")[0])


def test_every_symbol_is_listed_once() -> None:
    assert len(set(SYMBOLS)) == len(SYMBOLS)
    assert SYMBOLS[: len(BOUNDARIES)] == BOUNDARIES


def test_threads_do_not_mix_up_their_texts() -> None:
    texts = {"en": ["We were away a year ago."] * 8, "de": ["Wir waren ein Jahr lang fort."] * 8}
    alone = {lang: phonemize(lines, lang) for lang, lines in texts.items()}
    with ThreadPoolExecutor(4) as pool:
        langs = ["en", "de"] * 10
        for lang, found in zip(
            langs, pool.map(lambda n: phonemize(texts[n], n), langs), strict=True
        ):
            assert all((a == b).all() for a, b in zip(found, alone[lang], strict=True))
