"""Dates, decades, years and times of day, as a person would say them."""

from __future__ import annotations

import re

from emostudio.text.lexicon import Language
from emostudio.text.spelling import spell, spell_ordinal, spell_year


def speak_dates(text: str, words: Language, lang: str) -> str:
    """Say dates in digits and with a month's name; 5/3/2024 is American in English."""

    def say(day: str, month: int, year: str | None, before: str = "") -> str | None:
        if not (1 <= int(day) <= 31 and 1 <= month <= 12):
            return None
        name = words.months[month - 1]
        if lang == "de":
            spoken = f"{spell_ordinal(day, lang, before)} {name}"
            return spoken + (f" {spell_year(year, lang)}" if year else "")
        spoken = f"{name} {spell_ordinal(day, lang)}"
        return spoken + (f", {spell_year(year, lang)}" if year else "")

    def numeric(match: re.Match[str]) -> str:
        part = match.groupdict()
        day, month = part["day"], part["month"]
        if part.get("slash") and lang == "en" and int(month) <= 31 and int(day) <= 12:
            day, month = month, day  # 5/3/2024 is American
        before = re.search(r"(\w+)\s+$", text[: match.start()])
        year = part["year"]
        if year and len(year) == 2:
            year = ("20" if int(year) < 50 else "19") + year
        return say(day, int(month), year, before[1] if before else "") or match[0]

    day, month, year = r"(?P<day>\d{1,2})", r"(?P<month>\d{1,2})", r"(?P<year>\d{4})"
    text = re.sub(rf"\b{year}-(?P<month>\d\d)-(?P<day>\d\d)\b", numeric, text)
    text = re.sub(rf"\b{day}\.\s?{month}\.\s?(?P<year>\d{{4}}|\d\d)\b", numeric, text)
    text = re.sub(rf"\b{day}(?P<slash>/){month}/(?P<year>\d{{4}}|\d\d)\b", numeric, text)
    if lang == "de":
        text = re.sub(rf"\b{day}\.\s?{month}\.(?!\d)(?P<year>)", numeric, text)

    names = {name: place for place, name in enumerate(words.months, 1)}
    names |= {name: place for place, name in enumerate(words.short_months, 1)}
    name = rf"(?P<name>{'|'.join(sorted(names, key=len, reverse=True))})\b\.?"

    def named(match: re.Match[str]) -> str:
        part = match.groupdict()
        if not 1 <= int(part["day"]) <= 31:
            return match[0]
        year = spell_year(part["year"], lang) if part["year"] else ""
        place, before = names[part["name"]], part.get("before") or ""
        if lang == "de":
            spoken = say(part["day"], place, None, before) or ""
            return f"{before} {spoken} {year}".strip()
        if "before" not in part:
            return say(part["day"], place, part["year"]) or match[0]
        the = before if before.lower() == "the" else f"{before} the".strip()
        spoken = f"{the} {spell_ordinal(part['day'], lang)} of {words.months[place - 1]}"
        return spoken + (f", {year}" if year else "")

    before = r"(?:\b(?P<before>[^\W\d_]+) )?"
    if lang == "de":
        return re.sub(rf"{before}\b{day}\.\s?{name}(?: {year}\b)?", named, text)
    after = rf"{before}\b{day}(?:st|nd|rd|th)?(?: of)? {name}(?:,? {year}\b)?"
    text = re.sub(after, named, text)
    return re.sub(rf"\b{name} {day}(?:st|nd|rd|th)?\b(?![.:]\d|\d)(?:,? {year}\b)?", named, text)


def speak_decades(text: str, words: Language, lang: str) -> str:
    """Say the 1990s, the '80s; die 1990er."""
    if lang == "de":
        return re.sub(r"\b(\d0|\d{3}0)er\b", lambda match: spell_year(match[1], lang) + "er", text)

    def spoken(match: re.Match[str]) -> str:
        year = spell_year(match[1], lang)
        return year[:-1] + "ies" if year.endswith("y") else year + "s"

    return re.sub(r"(?<![\w'$€£])'?([2-9]0|[12]\d\d0)'?s\b", spoken, text)


def speak_times(text: str, words: Language, lang: str) -> str:
    """Say times of day, and scores such as 2:1."""

    def clock(match: re.Match[str]) -> str:
        hour, minute = int(match["hour"]), int(match["minute"] or 0)
        half = (match["half"] or "").replace(".", "").replace(" ", "").upper()
        if hour > 24 or minute > 59:
            return match[0]
        if lang == "de":
            said = f"{'ein' if hour == 1 else spell(str(hour), lang)} Uhr"
            return said + (f" {spell(str(minute), lang)}" if minute else "")
        said = spell(str(hour), lang)
        if minute:
            said += f" {'oh ' if minute < 10 else ''}{spell(str(minute), lang)}"
        elif not half:
            said = "midnight" if hour in (0, 24) else said
            said += " o'clock" if 0 < hour <= 12 else " hundred" if hour < 24 and hour else ""
        return f"{said} {half}".strip()

    hour, minute = r"(?<![\d.,:])(?P<hour>\d{1,2})", r"(?P<minute>\d\d)"
    if lang == "de":
        text = re.sub(rf"{hour}[:.]{minute}(?P<half> ?Uhr\b)", clock, text)
        text = re.sub(rf"{hour}(?P<minute>)(?P<half> Uhr\b)", clock, text)
        text = re.sub(rf"{hour}:{minute}(?![\d:])(?P<half>)", clock, text)
    else:
        half = r" ?(?P<half>[AaPp](?:m|M)\b|[AaPp]\. ?[Mm]\b\.?)"
        text = re.sub(rf"{hour}[:.]{minute}{half}", clock, text)
        text = re.sub(rf"{hour}(?P<minute>){half}", clock, text)
        text = re.sub(rf"{hour}:{minute}(?![\d:])(?P<half>)", clock, text)
    score = " to " if lang == "en" else " zu "
    text = re.sub(r"(?<![\d:])(\d+):(\d+)(?![\d:])", rf"\1{score}\2", text)
    return re.sub(r"(?<=\d):(?=\d)", " ", text)


def is_year(match: re.Match[str], words: Language, lang: str) -> bool:
    """Judge by its neighbors whether four digits are a year, 1000 to 2099."""
    if not re.fullmatch(r"1\d\d\d|20\d\d", match[1]):
        return False
    before = re.search(r"([^\W\d_]+),? $", match.string[: match.start()])
    if before and (before[1].lower() in words.year_words or before[1] in words.months):
        return True
    if match[1] < "1100":
        return False
    if lang == "de":  # nouns are written large: 1500 Menschen
        return not re.match(r" [A-ZÄÖÜ]", match.string[match.end() :])
    following = re.match(r" ([a-z]+)", match.string[match.end() :])
    return not following or following[1] in ("was", "and", "to", "is", "or", "were", "by", "he")
