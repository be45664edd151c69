"""A text of any length into sentences that one take can hold."""

from __future__ import annotations

import re
import unicodedata

from emostudio.text.lexicon import Language, language

MAX_SENTENCE = 200  # characters


def split_sentences(text: str, lang: str) -> list[str]:
    """Cut text at its sentences' ends, and one over `MAX_SENTENCE` characters at its commas.

    >>> split_sentences("Dr. Smith paid 3.50. Did he? Yes!", "en")
    ['Dr. Smith paid 3.50.', 'Did he?', 'Yes!']
    """
    words = language(lang)
    sentences: list[str] = []
    for paragraph in re.split(r"\n\s*\n", unicodedata.normalize("NFC", text)):
        paragraph = " ".join(paragraph.split())
        start = 0
        for end in re.finditer(r"[.!?…]+[\"'”’“»«)\]]*(?=\s)", paragraph):
            if _ends_sentence(paragraph, end, words, lang):
                sentences.append(paragraph[start : end.end()].strip())
                start = end.end()
        sentences.append(paragraph[start:].strip())
    joined: list[str] = []
    for sentence in sentences:
        if any(char.isalnum() for char in sentence):
            joined.append(sentence)
        elif joined and sentence:  # a lone emoji or asterisk stays with what it follows
            joined[-1] += " " + sentence
    return [piece for sentence in joined for piece in _cut(sentence)]


def _ends_sentence(text: str, end: re.Match[str], words: Language, lang: str) -> bool:
    following = text[end.end() :].lstrip(" \"'“”„»«([-–—")
    if following[:1].islower():
        return False
    if end[0][0] != "." or end[0].startswith(".."):
        return True
    spoken = text[: end.start() + 1]
    last = re.search(r"\S+$", spoken)
    token = last[0].lstrip("(\"'“„»") if last else ""
    if any(token == short or spoken.endswith(f" {short}") for short in words.titles):
        return False
    if token in ("No.", "no.", "St.", "p.") and lang == "en":
        return False
    if re.fullmatch(r"[A-HJ-ZÄÖÜ]\.", token):  # an initial
        return False
    if re.fullmatch(r"[a-z]\.", token) and re.match(r"\w\.|Chr\.", following):  # z. B., v. Chr.
        return False
    if token in words.abbreviations and following[:1].isdigit():
        return False
    if lang == "de" and re.fullmatch(r"\d{1,2}\.|[IVX]+\.", token):
        before = spoken[: -len(token)].split()
        month = re.match(r"\w+", following)
        is_month = bool(month and month[0] in words.months)
        return not is_month and (
            not before or before[-1].lower() not in words.takes_en | words.takes_e
        )
    return True


def _cut(sentence: str) -> list[str]:
    """Cut at commas, else at blanks, else anywhere, into pieces of at most `MAX_SENTENCE`."""
    pieces = []
    while len(sentence) > MAX_SENTENCE:
        head = sentence[:MAX_SENTENCE]
        marks = [found.end() for found in re.finditer(r"[,;:–—](?= )", head)]
        blanks = [found.start() for found in re.finditer(r" ", head)]
        late = [place for place in marks if place >= MAX_SENTENCE // 3]
        place = (late or [place for place in blanks if place] or [MAX_SENTENCE])[-1]
        pieces.append(sentence[:place].strip())
        sentence = sentence[place:].strip()
    return [piece for piece in (*pieces, sentence) if any(char.isalnum() for char in piece)]
