"""Numbers in words, by num2words, and the forms they take before other words."""

from __future__ import annotations

import re
from functools import cache

from num2words import num2words

from emostudio.text.lexicon import LEXICON

_MAX_DIGITS = 15  # longer ones are read digit by digit


@cache
def number_pattern(lang: str) -> str:
    """Regular expression of a number as the language writes it, one group."""
    if lang == "de":
        return r"(\d{1,3}(?:\.\d{3})+(?!\d)(?:,\d+)?|\d+,\d+|\d+\.(?:\d{1,2}|\d{4,})(?![\d.])|\d+)"
    return r"(\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d*\.\d+(?!\.?\d)|\d+)"


def canonical(number: str, lang: str) -> str:
    """Drop the marks of thousands and write the decimal point as a point."""
    if lang == "en":
        return number.replace(",", "")
    if "," in number or re.fullmatch(r"\d{1,3}(\.\d{3})+", number):
        return number.replace(".", "").replace(",", ".")
    return number


def spell_digits(number: str, lang: str) -> str:
    """Spell a number digit by digit."""
    return " ".join(num2words(int(digit), lang=lang) for digit in number)


def spell(number: str, lang: str) -> str:
    """Spell a number in canonical form."""
    whole, _, decimals = number.partition(".")
    if len(whole) > _MAX_DIGITS or (len(whole) > 1 and whole[0] == "0"):
        spoken = spell_digits(whole, lang)
    else:
        spoken = num2words(int(whole or "0"), lang=lang).replace(",", "")
    if decimals:
        spoken += f" {LEXICON[lang].point} {spell_digits(decimals, lang)}"
    return spoken


def count(number: str, forms: tuple[str, ...], lang: str) -> str:
    """Spell so many of a thing, `forms` being its names for one and for many."""
    one, many = forms[0], forms[1]
    feminine = one.startswith("e ")
    if number != "1":
        return f"{spell(number, lang)} {many}"
    if lang == "de":
        return f"eine {one[2:]}" if feminine else f"ein {one}"
    return f"one {one}"


def spell_year(number: str, lang: str) -> str:
    """Spell a year: nineteen oh five."""
    return num2words(int(number), lang=lang, to="year").replace(",", "").replace("oh-", "oh ")


def spell_ordinal(number: str, lang: str, before: str = "") -> str:
    """Spell an ordinal; in German its ending follows from the word `before`."""
    spoken = num2words(int(number), lang=lang, to="ordinal").replace(",", "")
    if lang == "en":
        return spoken
    words, before = LEXICON[lang], before.lower()
    return spoken + ("n" if before in words.takes_en else "" if before in words.takes_e else "r")
