"""Text to phoneme tokens, through espeak-ng (GPL-3: this module is its only door).

A token is one integer: the phoneme's place in `SYMBOLS` times three, plus its stress (0 none,
1 secondary, 2 primary), so that a net can learn one embedding of the phoneme and one of the
stress. Between two words stands one boundary token, a blank or the punctuation mark, and each
text opens with `^` and ends with `$`; boundaries alone may last zero frames.
"""

import functools
import logging
import re
import threading
from typing import Any

import numpy as np

log = logging.getLogger(__name__)

BOUNDARIES = ("^", "$", " ", ",", ".", "?", "!", ";", ":")
# What espeak-ng's American English and German use, as found in the texts of the corpora.
PHONEMES = (
    "a aɪ aɪə aɪɚ aʊ aː b d dʒ e eə eɪ eː f h i iə iː j k l l̩ m n n̩ oʊ oː p pf r s t ts tʃ u uː v "
    "w x y yː z æ ç ð ø øː ŋ œ œ̃ ɐ ɑ ɑː ɑːɹ ɑ̃ ɒ ɔ ɔø ɔɪ ɔː ɔːɹ ɔ̃ ə əl əʊ ɚ ɛ ɛɪ ɛɹ ɛː ɜ ɜː ɡ "
    "ɪ ɪɹ ɹ ɾ ʁ ʃ ʊ ʊɐ ʊɹ ʊə ʌ ʏ ʒ ʔ θ ᵻ"
).split()
SYMBOLS = BOUNDARIES + tuple(PHONEMES)
N_STRESSES = 3
_INDEX = {symbol: place for place, symbol in enumerate(SYMBOLS)}
_ESPEAK_NAME = {"en": "en-us", "de": "de"}
_STRESS = {"ˌ": 1, "ˈ": 2}
# Leaves espeak's marks for a switch of language out, e.g. "(en)".
_SWITCH = re.compile(r"\([a-z-]+\)")
_MARKS = ",.?!;:"
_TURN = threading.Lock()  # espeak-ng has one state a process: two threads mix up their texts


def is_boundary(tokens: np.ndarray) -> np.ndarray:
    """Tell which tokens are word boundaries or pauses, which may last zero frames."""
    return tokens // N_STRESSES < len(BOUNDARIES)


@functools.cache
def _backend(lang: str) -> Any:
    import espeakng_loader
    from phonemizer.backend import EspeakBackend
    from phonemizer.backend.espeak.wrapper import EspeakWrapper

    EspeakWrapper.set_library(espeakng_loader.get_library_path())
    EspeakWrapper.set_data_path(espeakng_loader.get_data_path())
    quiet = logging.getLogger("phonemizer")
    quiet.setLevel(logging.ERROR)
    return EspeakBackend(_ESPEAK_NAME[lang], with_stress=True, logger=quiet)


def _tokens_of_phone(phone: str) -> list[int]:
    stress = 0
    while phone and phone[0] in _STRESS:
        stress, phone = _STRESS[phone[0]], phone[1:]
    if phone in _INDEX:
        return [_INDEX[phone] * N_STRESSES + stress]
    # A phoneme of a loan word that the corpora don't have is spoken by its parts.
    found = [_INDEX[char] for char in phone if char in _INDEX]
    if not found and phone:
        log.warning("no symbol for the phoneme %r", phone)
    return [place * N_STRESSES + stress for place in found]


def phonemize(texts: list[str], lang: str) -> list[np.ndarray]:
    """Turn normalized texts into tokens, one (L,) int32 array a text."""
    from phonemizer.separator import Separator

    pieces = [re.split(rf"([{_MARKS}]+)", text) for text in texts]
    # Words only: espeak reads punctuation as pauses of its own, which the boundary tokens say.
    flat = [part.strip() for parts in pieces for part in parts[::2]]
    with _TURN:
        separator = Separator(phone="|", word="_")
        spoken = _backend(lang).phonemize(flat, separator=separator, strip=True)
    chunks = iter(spoken)
    return [_tokens(parts, [next(chunks) for _ in parts[::2]]) for parts in pieces]


def _tokens(parts: list[str], spoken: list[str]) -> np.ndarray:
    ids = [_INDEX["^"] * N_STRESSES]
    for chunk, mark in zip(spoken, [*parts[1::2], ""], strict=True):
        words = [word for word in _SWITCH.sub("", chunk).split("_") if word]
        for place, word in enumerate(words):
            if place:
                ids.append(_INDEX[" "] * N_STRESSES)
            for phone in word.split("|"):
                ids += _tokens_of_phone(phone)
        if mark and len(ids) > 1 and ids[-1] // N_STRESSES >= len(BOUNDARIES):
            ids.append(_INDEX[mark[0]] * N_STRESSES)
    ids.append(_INDEX["$"] * N_STRESSES)
    return np.array(ids, dtype=np.int32)


def to_symbols(tokens: np.ndarray) -> str:
    """Write tokens as text that a person can read."""
    return "".join(SYMBOLS[token // N_STRESSES] for token in tokens)
