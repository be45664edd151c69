"""What a person would read aloud is what is left."""

import re
import unicodedata

import pytest

from emostudio.text.normalize import normalize, split_sentences
from emostudio.text.sentences import MAX_SENTENCE

ENGLISH = {
    "numbers": {
        "I have 3 cats and 1,234 mice.": (
            "I have three cats and one thousand two hundred and thirty-four mice."
        ),
        "Pi is 3.14159.": "Pi is three point one four one five nine.",
        ".5 is half": "zero point five is half",
        "agent 007": "agent zero zero seven",
        "the 21st, 2nd and 100th": "the twenty-first, second and one hundredth",
        "pages 10–20, or 10-20": "pages ten to twenty, or ten to twenty",
        "It was -5 outside": "It was minus five outside",
        "3/4 of it, 2½ cups": "three quarters of it, two and one half cups",
        "version 1.2.3": "version one point two point three",
        "size A4, MP3": "size A-four, MP-three",
        "Is it 100? It's 100.": "Is it one hundred? It's one hundred.",
        "Call 555-1234": "Call five five five, one two three four",
    },
    "years": {
        "born in 1905": "born in nineteen oh five",
        "In 1066 they came": "In ten sixty-six they came",
        "It was 1987.": "It was nineteen eighty-seven.",
        "1500 people": "one thousand five hundred people",
        "1990-1995": "nineteen ninety to nineteen ninety-five",
        "the 1990s and the '80s": "the nineteen nineties and the eighties",
    },
    "money": {
        "$3.50": "three dollars and fifty cents",
        "£1": "one pound",
        "€0.99": "ninety-nine cents",
        "-$5": "minus five dollars",
        "$1.5 million": "one point five million dollars",
        "£20bn": "twenty billion pounds",
        "$1,000,000": "one million dollars",
        "20 € and 5 EUR": "twenty euros and five euros",
    },
    "dates": {
        "on 3 May 2024": "on the third of May, twenty twenty-four",
        "the 4th of July 1776": "the fourth of July, seventeen seventy-six",
        "May 3rd, 2024": "May third, twenty twenty-four",
        "2024-05-03": "May third, twenty twenty-four",
        "03.05.2024": "May third, twenty twenty-four",
        "5/3/2024": "May third, twenty twenty-four",
        "25/12/2023": "December twenty-fifth, twenty twenty-three",
        "Sept. 5": "September fifth",
    },
    "times": {
        "7:30 pm": "seven thirty PM",
        "at 7 p.m. today": "at seven PM today",
        "19:05": "nineteen oh five",
        "7:00": "seven o'clock",
        "a score of 2:1": "a score of two to one",
    },
    "units": {
        "50% and 5–10 %": "fifty percent and five to ten percent",
        "-5 °C": "minus five degrees Celsius",
        "1 km, 2 km, 90 km/h": "one kilometer, two kilometers, ninety kilometers per hour",
        "16GB": "sixteen gigabytes",
        "10 m²": "ten square meters",
    },
    "abbreviations": {
        "Dr. Smith met Mr Jones, e.g. here": "Doctor Smith met Mister Jones, for example here",
        "cats, dogs, etc. The end": "cats, dogs, et cetera. The end",
        "U.S. troops": "U-S troops",
        "J. R. R. Tolkien": "J R R Tolkien",
        "Main St. near St. Paul's": "Main Street near Saint Paul's",
        "No. 5 said no. Then": "number five said no. Then",
    },
    "signs": {
        "you & me": "you and me",
        "1 + 1 = 2": "one plus one equals two",
        "a@b.com": "a at b dot com",
        "#5": "number five",
        "and/or, he/she": "and or, he or she",
    },
    "Roman numbers": {
        "World War II": "World War two",
        "Elizabeth II's": "Elizabeth the second's",
        "Chapter IV.": "Chapter four.",
        "Henry and I": "Henry and I",
        "I MIX IT": "I MIX IT",
    },
    "marks": {
        "“Yes”, he said (twice) — now…": "Yes, he said, twice, now.",
        "Wait... what?!": "Wait, what?",
        "well-known, don’t 'quote' me": "well-known, don't quote me",
        "the dogs' tails": "the dogs' tails",
        "*Hello*   world 😀!!": "Hello world!",
    },
}
GERMAN = {
    "Ich habe 21 Hunde und 1 Hund.": "Ich habe einundzwanzig Hunde und ein Hund.",
    "3,14 und 1.234.567": (
        "drei Komma eins vier und eine Million "
        "zweihundertvierunddreißigtausendfünfhundertsiebenundsechzig"
    ),
    "3,50 €, 0,99 €, 1 €": "drei Euro fünfzig, neunundneunzig Cent, ein Euro",
    "2,5 Mio. € und 1 Mio. Euro": "zwei Komma fünf Millionen Euro und eine Million Euro",
    "Es ist 19:30 Uhr, nein, 1:00 Uhr.": "Es ist neunzehn Uhr dreißig, nein, ein Uhr.",
    "am 3. Mai 2024": "am dritten Mai zweitausendvierundzwanzig",
    "der 03.05.2024": "der dritte Mai zweitausendvierundzwanzig",
    "Der 3. Platz": "Der dritte Platz",
    "Im Jahr 1905": "Im Jahr neunzehnhundertfünf",
    "die 1990er Jahre": "die neunzehnhundertneunziger Jahre",
    "z. B. Dr. Müller usw.": "zum Beispiel Doktor Müller und so weiter.",
    "bzw. d.h. hier": "beziehungsweise das heißt hier",
    "-5 °C, 50 %, 1 Std., 90 km/h": (
        "minus fünf Grad Celsius, fünfzig Prozent, eine Stunde, neunzig Kilometer pro Stunde"
    ),
    "Friedrich II. von Preußen": "Friedrich der Zweite von Preußen",
    "10–20 Leute & mehr": "zehn bis zwanzig Leute und mehr",
    "„Ja“, sagte er – und ging.": "Ja, sagte er, und ging.",
    "Tel. 030 1234567": "Telefon null drei null, eins zwei drei vier fünf sechs sieben",
}


@pytest.mark.parametrize("kind", ENGLISH)
def test_english_is_read_as_a_person_would(kind: str) -> None:
    assert {text: normalize(text, "en") for text in ENGLISH[kind]} == ENGLISH[kind]


def test_german_is_read_as_a_person_would() -> None:
    assert {text: normalize(text, "de") for text in GERMAN} == GERMAN


@pytest.mark.parametrize("lang", ["en", "de"])
def test_what_is_normalized_stays_and_has_only_speakable_marks(lang: str) -> None:
    texts = [*GERMAN, *(text for kind in ENGLISH.values() for text in kind)]
    for text in texts:
        spoken = normalize(text, lang)
        assert normalize(spoken, lang) == spoken
        assert re.fullmatch(r"(?:[^\W\d_]|[ ,.?!;:'-])+", spoken), spoken


def test_a_letter_and_its_accent_are_one() -> None:
    apart = unicodedata.normalize("NFD", "Zoë im Café über Köln")
    assert normalize(apart, "de") == "Zoë im Café über Köln"


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Привет, мир", "Cyrillic"),
        ("Hello 你好", "Chinese"),
        ("مرحبا", "Arabic"),
        ("ひらがな", "Japanese"),
        ("안녕", "Korean"),
        ("٤٢", "Arabic"),
    ],
)
def test_another_script_is_named_with_the_languages_spoken(text: str, script: str) -> None:
    with pytest.raises(ValueError, match=rf"{script} letters.*English and German"):
        normalize(text, "en")


@pytest.mark.parametrize("text", ["", "  ", "?!…", "😀", "***", "$ % &"])
def test_a_text_of_signs_alone_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="nothing to speak"):
        normalize(text, "en")


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="choose from en, de"):
        normalize("Bonjour", "fr")
    with pytest.raises(ValueError, match="choose from en, de"):
        split_sentences("Bonjour", "fr")


def test_a_sentence_does_not_end_at_abbreviations_initials_or_decimals() -> None:
    text = 'Dr. Smith met J. R. Tolkien. He paid $3.50! "Stop!" he said. Wait... what? See No. 5.'
    assert split_sentences(text, "en") == [
        "Dr. Smith met J. R. Tolkien.",
        "He paid $3.50!",
        '"Stop!" he said.',
        "Wait... what?",
        "See No. 5.",
    ]
    text = "Am 3. Mai kam z. B. Dr. Müller. Der 3. Platz. Ich habe 3. Dann ging ich."
    assert split_sentences(text, "de") == [
        "Am 3. Mai kam z. B. Dr. Müller.",
        "Der 3. Platz.",
        "Ich habe 3.",
        "Dann ging ich.",
    ]


def test_a_blank_line_ends_a_sentence_and_a_line_break_does_not() -> None:
    assert split_sentences("A title\n\nThe first\nline.", "en") == ["A title", "The first line."]


@pytest.mark.parametrize("text", ["a word, " * 100, "word " * 100, "x" * 450, "One. " * 50])
def test_pieces_are_short_and_lose_nothing(text: str) -> None:
    pieces = split_sentences(text, "en")
    assert max(map(len, pieces)) <= MAX_SENTENCE
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_a_long_sentence_is_cut_at_a_comma() -> None:
    first, second = split_sentences(f"{'word ' * 20}end, {'more ' * 30}end.", "en")
    assert first.endswith("end,")
    assert second.startswith("more")


def test_signs_between_sentences_make_no_sentence() -> None:
    assert split_sentences("Hello. *** Bye.", "en") == ["Hello.", "*** Bye."]
    assert split_sentences("Hello. ***", "en") == ["Hello. ***"]
    assert split_sentences("***", "en") == []
