"""What of the texts of a corpus can be spoken, and which phonemes of a language they have."""

from __future__ import annotations

from collections.abc import Sequence

from emostudio.values import LANGUAGES

# Those that make out one in a thousand and more of all phonemes of read texts, as espeak writes.
COMMON = {
    "en": frozenset(
        "n ɪ t d ə s ð ɹ l æ z k m ʌ ɛ w h b aɪ v iː p f ɚ eɪ ŋ oʊ ɐ i uː ɑː ɡ ɔːɹ ɾ ᵻ ɜː ʃ ɔː ɑːɹ "
        "j aʊ ʊ tʃ əl dʒ θ ɔ ɛɹ ɪɹ".split()
    ),
    "de": frozenset(
        "n ə t d ɾ ɪ a ɛ l s iː m f ɡ z b k v eː aɪ ʃ ɑː r ʊ ɜ ts p oː ç ɔ h aʊ uː x ŋ j yː ʏ ɔø "
        "ɛː ʊɐ ɑ œ øː".split()
    ),
}
FASTEST = 25.0  # phonemes a second; nobody speaks so fast
Spoken = frozenset[str] | str


def spoken(texts: Sequence[str], lang: str, seconds: Sequence[float]) -> list[Spoken]:
    """Return the phonemes of each text, or a sentence on why it can't be spoken.

    Args:
        texts: as given.
        lang: of all of them.
        seconds: how long the speech of each is.
    """
    from emostudio.text.normalize import normalize
    from emostudio.text.phonemes import SYMBOLS, is_boundary, phonemize

    if lang not in LANGUAGES:
        why = f"No voice speaks '{lang}' here; {' and '.join(LANGUAGES)} are spoken."
        return [why] * len(texts)
    found: list[Spoken] = [""] * len(texts)
    plain: dict[int, str] = {}
    for place, text in enumerate(texts):
        try:
            plain[place] = normalize(text, lang)
        except ValueError as error:
            found[place] = str(error)
    tokens = phonemize(list(plain.values()), lang) if plain else []
    for place, ids in zip(plain, tokens, strict=True):
        phones = ids[~is_boundary(ids)] // 3
        rate = len(phones) / max(seconds[place], 0.1)
        if not len(phones):
            found[place] = "There is no word in it."
        elif rate > FASTEST:
            found[place] = (
                f"It would be {rate:.0f} sounds a second, more than anybody says. Check that it "
                "is what this clip says."
            )
        else:
            found[place] = frozenset(SYMBOLS[phone] for phone in phones)
    return found
