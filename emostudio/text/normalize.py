"""Written text to spoken words: numbers, money, dates, times, units, abbreviations and signs.

What is left are words of Latin letters, the marks `, . ? ! ; :`, and `-` and `'` inside words.
`num2words` spells the numbers; the words of each language are in `lexicon`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from emostudio.text.dates import is_year, speak_dates, speak_decades, speak_times
from emostudio.text.lexicon import LEXICON, RULERS, Language, language
from emostudio.text.sentences import split_sentences
from emostudio.text.spelling import (
    canonical,
    count,
    number_pattern,
    spell,
    spell_digits,
    spell_ordinal,
    spell_year,
)

__all__ = ["normalize", "split_sentences"]

_SCRIPTS = {"CJK": "Chinese", "HIRAGANA": "Japanese", "KATAKANA": "Japanese", "HANGUL": "Korean"}
_SPOKEN = {"en": "English", "de": "German"}
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50}
_FRACTION_SIGNS = {"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅛": "1/8"}
_PLAIN = str.maketrans(
    {char: "'" for char in "’‘ʼʻ`´′"}
    | {char: '"' for char in "“”„‟«»‹›″"}
    | {char: "-" for char in "‐‑⁃"}
    | {char: " " for char in "\t\r\n\f\v\u2028\u2029"}
    | {char: None for char in "\u00ad\u200b\u200c\u200d\u2060\ufeff"}
    | {"−": "-", "‒": "–", "―": "—", "…": "...", "⁄": "/", "₂": "2", "º": "°", "¿": " ", "¡": " "}
)


def normalize(text: str, lang: str) -> str:
    """Write out all that is not a word, as a person would read it aloud.

    Raises:
        ValueError: an unknown language, a script that is not spoken here, or no word at all.

    >>> normalize("It's 7:30 pm & I owe $3.50…", "en")
    "It's seven thirty PM and I owe three dollars and fifty cents."
    """
    words = language(lang)
    text = _plain(text)
    if not any(char.isalnum() for char in text):
        raise ValueError("There is nothing to speak; type at least one word.")
    for rule in (
        _addresses,
        _abbreviations,
        speak_dates,
        speak_decades,
        speak_times,
        _ranges,
        _money,
        _units,
        _ordinals,
        _roman,
        _numbers,
        _signs,
    ):
        text = rule(text, words, lang)
    return _tidy(text)


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    for sign, fraction in _FRACTION_SIGNS.items():
        text = re.sub(rf"(?<=\d){sign}", f" {fraction}", text).replace(sign, fraction)
    text = re.sub(r"(?<=\d)[\u00a0\u2009\u202f](?=\d{3}\b)", "", text)  # 10 000, thinly spaced
    text = text.translate(_PLAIN).replace("\u00b5", "u")
    plain = []
    for char in text:
        # Ligatures, full-width letters and the like; superscripts are read as powers.
        alike = char if char in "²³ªº°" else unicodedata.normalize("NFKC", char)
        if unicodedata.category(char) == "Lm":  # a tone or breath mark between letters
            continue
        if (char.isalpha() or char.isdigit()) and not all(map(_is_spoken, alike)):
            raise ValueError(
                f"The text has {_script(char)} letters ('{char}'), which no voice here can read; "
                f"the languages spoken are {' and '.join(_SPOKEN.values())}."
            )
        if not unicodedata.combining(char):  # an accent that no letter has joined
            plain.append(alike)
    return " ".join("".join(plain).split())


def _is_spoken(char: str) -> bool:
    return char.isascii() or char in "²³ª°" or "LATIN" in unicodedata.name(char, "")


def _script(char: str) -> str:
    name = unicodedata.name(char, "UNKNOWN").split()[0].split("-")[0]
    return _SCRIPTS.get(name, name.title())


def _addresses(text: str, words: Language, lang: str) -> str:
    def spoken(match: re.Match[str]) -> str:
        address = re.sub(r"^https?://", "", match[0]).rstrip(".,;:!?)/")
        mark = match[0][-1] if match[0][-1] in ".,;:!?" else ""
        for sign in "@./":
            address = address.replace(sign, f" {words.signs[sign]} ")
        return re.sub(r"\bwww\b", "w w w", re.sub(r"[-_?=&#%+~]", " ", address)) + mark

    pattern = (
        r"https?://\S+|\bwww\.\S+|[\w.+-]+@[\w-]+\.[\w.-]+|\b[\w-]+\.(?:com|org|net|de|edu)\b\S*"
    )
    return re.sub(pattern, spoken, text)


@cache
def _abbreviation_pattern(lang: str) -> re.Pattern[str]:
    short = sorted({**LEXICON[lang].titles, **LEXICON[lang].abbreviations}, key=len, reverse=True)
    return re.compile(rf"(?<![\w.])({'|'.join(map(re.escape, short))})(?!\w)(\s*)(?=(\S?))")


def _abbreviations(text: str, words: Language, lang: str) -> str:
    def spoken(match: re.Match[str]) -> str:
        short, space, following = match.groups()
        counted = short in words.units or short in words.scales
        if counted and re.search(r"\d ?$", text[: match.start()]):
            return match[0]  # money and units know how many
        if short in words.titles:
            return f"{words.titles[short]} "
        ends = not following or (space and following.isupper() and not _is_month(short, words))
        return words.abbreviations[short] + ("." if ends else "") + space

    if lang == "en":
        text = re.sub(r"\b(Mr|Mrs|Ms|Dr)\b(?!\.)(?= [A-Z][a-z])", r"\1.", text)
        text = re.sub(r"\b[Nn]o\. ?(?=\d)", "number ", text)
        text = re.sub(r"\bp\. ?(?=\d)", "page ", text)
        text = re.sub(r"(?<=[a-z] )St\.(?! [A-Z])|(?<=[a-z] )St\.$", "Street", text)
        text = re.sub(r"\bSt\. ?(?=[A-Z])", "Saint ", text)
        text = re.sub(r"\b([ap])\. ?m\.", r"\1.m.", text)
    text = _abbreviation_pattern(lang).sub(spoken, text)
    # Letters with dots are one word of letters (U.N.); initials keep apart (J. R. Smith).
    text = re.sub(
        r"\b[A-Za-z]\.(?:[A-Za-z]\.)+", lambda m: m[0][:-1].replace(".", "-").upper(), text
    )
    return re.sub(r"(?<![\w-])([A-HJ-ZÄÖÜ])\.(?= [A-ZÄÖÜ])", r"\1", text)


def _is_month(short: str, words: Language) -> bool:
    return words.abbreviations[short] in words.months


def _ranges(text: str, words: Language, lang: str) -> str:
    text = re.sub(r"(?<=[\d%°])\s?[–—]\s?(?=[$€£]?\d)", f" {words.to} ", text)
    # Telephone numbers are read digit by digit, with a pause between the groups.
    phone = r"(?<![\w.-])(?:\+\d{1,3}[ -])?(?:\(\d{2,4}\) ?|\d{3}[ -])\d{3}-\d{4}(?![\w-])"
    phone += r"|(?<![\w.-])\d{3}-\d{4}(?![\w-])|\+\d{1,3}(?:[ -]\d{2,})+"
    phone += r"|(?<![\w.-])0\d{2,4}[ /-]\d{4,}\b"

    def dial(match: re.Match[str]) -> str:
        return ", ".join(spell_digits(group, lang) for group in re.findall(r"\d+", match[0]))

    def span(match: re.Match[str]) -> str:
        low, high = match[1], match[2]
        joint = f" {words.to} " if int(low) < int(high) else " "
        return f"{low}{joint}{high}"

    text = re.sub(phone, dial, text)
    return re.sub(r"(?<![\w.,-])(\d{1,4})-(\d{1,4})(?![\w-]|[.,]\d)", span, text)


def _money(text: str, words: Language, lang: str) -> str:
    signs = "|".join(re.escape(sign) for sign in words.money)
    scales = "|".join(re.escape(scale) for scale in sorted(words.scales, key=len, reverse=True))
    scale = rf"(?:\s?(?P<scale>{scales})(?![\w]))?"
    number = number_pattern(lang).replace("(", "(?P<number>", 1)

    def paid(match: re.Match[str]) -> str:
        number, sign = canonical(match["number"], lang), match["sign"]
        one, many, cent, cents = words.money[sign]
        minus = f"{words.minus} " if match["minus"] else ""
        if match["scale"]:
            return f"{minus}{count(number, words.scales[match['scale']], lang)} {many}"
        whole, _, decimals = number.partition(".")
        if len(decimals) > 2:
            return f"{minus}{spell(number, lang)} {many}"
        part = str(int(decimals.ljust(2, "0"))) if decimals else "0"
        said = count(whole or "0", (one, many), lang)
        if part != "0":
            joint = " and " if lang == "en" else " "
            small = count(part, (cent, cents), lang)
            # German leaves the word for cents out: drei Euro fünfzig
            said_part = small if lang == "en" else spell(part, lang)
            said = small if not int(whole or "0") else f"{said}{joint}{said_part}"
        return minus + said

    minus = r"(?P<minus>(?<![\w)])-\s?)?"
    text = re.sub(rf"{minus}(?P<sign>{signs})\s?{number}{scale}", paid, text)
    return re.sub(rf"{minus}(?<![\w.,]){number}{scale}\s?(?P<sign>{signs})(?!\w)", paid, text)


def _units(text: str, words: Language, lang: str) -> str:
    signs = "|".join(re.escape(unit) for unit in sorted(words.units, key=len, reverse=True))

    def measured(match: re.Match[str]) -> str:
        minus = f"{words.minus} " if match[1] else ""
        ends = "." if match[3].endswith(".") and match.end() == len(match.string) else ""
        return minus + count(canonical(match[2], lang), words.units[match[3]], lang) + ends

    pattern = rf"((?<![\w)])-)?(?<![\w.,]){number_pattern(lang)} ?({signs})(?![\w/²³'])"
    text = re.sub(pattern, measured, text)
    scales = "|".join(re.escape(scale) for scale in words.scales if len(scale) > 2)
    return re.sub(
        rf"(?<![\w.,]){number_pattern(lang)} ({scales})(?!\w)",
        lambda match: count(canonical(match[1], lang), words.scales[match[2]], lang),
        text,
    )


def _ordinals(text: str, words: Language, lang: str) -> str:
    if lang == "en":
        return re.sub(
            r"\b(\d{1,3}(?:,\d{3})+|\d{1,15})(?:st|nd|rd|th)\b",
            lambda match: spell_ordinal(match[1].replace(",", ""), lang),
            text,
        )

    def ranked(match: re.Match[str]) -> str:
        before, number, following = match[1] or "", match[2], match[3]
        if following.isupper() and before.lower() not in words.takes_en | words.takes_e:
            return match[0]
        return f"{before} {spell_ordinal(number, lang, before)} ".lstrip()

    return re.sub(r"(?:\b([^\W\d_]+) )?\b(\d{1,4})\. ?(?=([^\W\d_]))", ranked, text)


def _roman(text: str, words: Language, lang: str) -> str:
    def value(roman: str) -> int | None:
        numbers = [_ROMAN[char] for char in roman]
        following = [*numbers[1:], 0]
        total = sum(-a if a < b else a for a, b in zip(numbers, following, strict=True))
        return total if total < 90 and _to_roman(total) == roman else None

    def ruler(match: re.Match[str]) -> str:
        number = value(match[2])
        if number is None:
            return match[0]
        if lang == "en":
            return f"{match[1]} the {spell_ordinal(str(number), lang)}"
        return f"{match[1]} der {spell_ordinal(str(number), lang, 'der').capitalize()}"

    def counted(match: re.Match[str]) -> str:
        number = value(match[2])
        return match[0] if number is None else f"{match[1]} {spell(str(number), lang)}"

    names = "|".join(sorted(RULERS))
    dot = r"(?:\.(?= [a-zäöü]|[,;:!?]))?" if lang == "de" else ""
    text = re.sub(rf"\b({names}) ([IVX]{{2,}}|[VX])\b{dot}", ruler, text)
    counted_words = "|".join(sorted(words.counted))
    several = rf"\b({counted_words}) ([IVXL]{{2,}}|[VX]|I(?=$|[.,:;!?)]))(?![\w'])"
    return re.sub(several, counted, text)


def _to_roman(number: int) -> str:
    tens = ("", "X", "XX", "XXX", "XL", "L", "LX", "LXX", "LXXX")[number // 10]
    return tens + ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")[number % 10]


def _numbers(text: str, words: Language, lang: str) -> str:
    def fraction(match: re.Match[str]) -> str:
        joint = "and" if lang == "en" else "und"
        return (f" {joint} " if match[1] else "") + words.fractions[match[2]]

    text = re.sub(rf"((?<=\d) )?(?<![\w/.])({'|'.join(words.fractions)})(?![\w/])", fraction, text)
    text = re.sub(r"(?<=\d)/(?=\d)", " ", text)
    text = re.sub(r"#(?=\d)", "Nummer " if lang == "de" else "number ", text)
    text = re.sub(r"~ ?(?=\d)", "etwa " if lang == "de" else "about ", text)
    text = re.sub(r"(?<=\d) ?[x*×] ?(?=\d)", f" {words.signs['×']} ", text)
    text = re.sub(r"(?<=\d)² ?|(?<=\d)³ ?", lambda m: f" {words.signs[m[0][0]]} ", text)
    text = re.sub(r"(?:^|(?<=[\s(=]))[-–](?=\.?\d)", f"{words.minus} ", text)
    # Letters and digits of one name are one word: MP-three, A-four.
    text = re.sub(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])", "-", text)

    def spoken(match: re.Match[str]) -> str:
        number = match[1]
        if number.isdigit() and is_year(match, words, lang):
            return spell_year(number, lang)
        said = spell(canonical(number, lang), lang)
        # "eins" stands alone; before a noun it is "ein"
        if lang == "de" and number == "1" and re.match(r" [A-ZÄÖÜ]", text[match.end() :]):
            return "ein"
        return said

    # Versions such as 1.2.3 are read with their points.
    dotted = r"(?<![\w.,])\d+(?:\.\d+){2,}(?![\w,])"
    point = "point" if lang == "en" else "Punkt"
    grouped = re.compile(r"\d{1,3}(?:\.\d{3})+")
    text = re.sub(
        dotted,
        lambda m: (
            m[0]
            if lang == "de" and grouped.fullmatch(m[0])
            else f" {point} ".join(spell(part, lang) for part in m[0].split("."))
        ),
        text,
    )
    return re.sub(number_pattern(lang), spoken, text)


def _signs(text: str, words: Language, lang: str) -> str:
    text = re.sub(r"\b(and|und)/(or|oder)\b", r"\1 \2", text)
    text = re.sub(r"(?<=[^\W\d_])/(?=[^\W\d_])", " oder " if lang == "de" else " or ", text)
    for sign, said in words.signs.items():
        if sign not in "./":
            text = text.replace(sign, f" {said} ")
    return text


def _tidy(text: str) -> str:
    """Keep words and the marks that a voice can speak."""
    text = re.sub(r"\.{2,}(?=\s*[a-zäöüß])", ",", text)  # a pause inside the sentence
    text = re.sub(r"\s*[—–]\s*|\s+-+\s+|--+|\s*[()\[\]{}|]\s*|\s*\\\s*", ", ", text)
    text = re.sub(r"[^\w\s,.?!;:'-]|_", " ", text)
    text = re.sub(r"(?<![^\W_])['-]+|['-]+(?![^\W_])(?<!s')", " ", text)  # inside words only
    text = re.sub(r"\s+(?=[,.?!;:])", "", text)
    text = re.sub(r"[,.?!;:]{2,}", _strongest, text)
    text = re.sub(r"(?<=[,.?!;:])(?=[^\W_])", " ", text)
    text = re.sub(r"^[\s,.?!;:]+", "", " ".join(text.split()))
    return text.rstrip(", ")


def _strongest(match: re.Match[str]) -> str:
    return next(mark for mark in "?!.;:," if mark in match[0])
