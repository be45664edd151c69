"""What can be spoken, and which sounds it has."""

import pytest

from emostudio.data.wording import COMMON, spoken
from emostudio.text.phonemes import PHONEMES

PANGRAMS = {
    "en": [
        "The beige hue on the waters of the loch impressed all, including the French queen, before "
        "she heard that symphony again, just as young Arthur wanted.",
        "Boys are near their thick yellow coats; you could father a measure of joy with care, "
        "nothing short of a little cheer, more or less, and the purest bird.",
    ],
    "de": [
        "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich, und wir hören Mädchen.",
        "Heute Nacht rauchen neun kluge Bären; ich möchte euch tausend schöne Uhren zeigen.",
    ],
}


def test_common_phonemes_are_phonemes() -> None:
    for lang, common in COMMON.items():
        assert common <= set(PHONEMES), lang


@pytest.mark.parametrize("lang", COMMON)
def test_pangrams_have_nearly_all_sounds_of_their_language_and_a_word_has_few(lang: str) -> None:
    def share(texts: list[str]) -> float:
        found = spoken(texts, lang, [30.0] * len(texts))
        heard = frozenset[str]().union(*(one for one in found if not isinstance(one, str)))
        return len(heard & COMMON[lang]) / len(COMMON[lang])

    assert share(PANGRAMS[lang]) > 0.85
    assert share(["so"]) < 0.1


def test_each_text_has_its_own_answer_in_its_own_place() -> None:
    told = spoken(["Hello.", "…", "Hello.", "Привет"], "en", [1.0, 1.0, 0.1, 1.0])
    assert isinstance(told[0], frozenset) and {"h", "l", "oʊ"} <= told[0]
    assert "nothing to speak" in str(told[1])
    assert "40 sounds a second" in str(told[2])
    assert isinstance(told[3], str)


def test_a_language_that_nobody_speaks_here_is_said_so() -> None:
    assert spoken(["Bonjour."], "fr", [1.0]) == ["No voice speaks 'fr' here; en and de are spoken."]
    assert spoken([], "en", []) == []
