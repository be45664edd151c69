"""Who speaks, and how: a table says it, or folders do, or what holds for all."""

from pathlib import Path

import pytest

from emostudio.data.labels import ForAll, Labels, labelled, read_table

ALL = ForAll("mine")


def of(names: list[str], for_all: ForAll = ALL, **told: dict[str, str]) -> dict[str, Labels]:
    found, refused = labelled(names, {f"{name}.wav": row for name, row in told.items()}, for_all)
    assert not refused
    return found


def who_and_how(names: list[str], for_all: ForAll = ALL) -> list[tuple[str, str]]:
    return [(one.speaker, one.emotion) for one in of(names, for_all).values()]


def why_not(row: dict[str, str]) -> str:
    _, refused = labelled(["a.wav"], {"a.wav": {"emotion": "sad"} | row}, ALL)
    return refused["a.wav"]


def test_folders_tell_emotion_and_speaker_in_either_order() -> None:
    assert who_and_how(["anna/happy/a.wav", "ben/sad/a.wav"]) == [("anna", "happy"), ("ben", "sad")]
    assert who_and_how(["happy/anna/a.wav", "sad/ben/a.wav"]) == [("anna", "happy"), ("ben", "sad")]
    assert who_and_how(["happy/a.wav", "sad/a.wav"]) == [("mine", "happy"), ("mine", "sad")]


def test_a_new_name_of_an_emotion_lies_where_known_ones_do() -> None:
    names = ["happy/anna/a.wav", "Very Smug/anna/b.wav"]
    assert who_and_how(names) == [("anna", "happy"), ("anna", "very-smug")]
    assert who_and_how(["smug/a.wav", "shy/b.wav"]) == [("mine", "smug"), ("mine", "shy")]


def test_folders_that_all_share_tell_nothing_but_a_known_emotion() -> None:
    assert who_and_how(["corpus/wavs/happy/a.wav", "corpus/wavs/sad/b.wav"]) == [
        ("mine", "happy"),
        ("mine", "sad"),
    ]
    assert who_and_how(["corpus/Angry/a.wav", "corpus/Angry/b.wav"])[0] == ("mine", "angry")


def test_of_read_speech_folders_tell_who_reads() -> None:
    read = ForAll("mine", emotion="neutral")
    assert who_and_how(["wavs/a.wav", "wavs/b.wav"], read) == [("mine", "neutral")] * 2
    assert who_and_how(["anna/1/a.wav", "ben/1/b.wav"], read) == [
        ("anna", "neutral"),
        ("ben", "neutral"),
    ]
    assert who_and_how(["anna/a.wav", "happy/b.wav"], read)[1] == ("mine", "happy")


def test_folders_of_a_dataset_tell_its_split() -> None:
    found = of(["data/train/happy/a.wav", "data/validation/happy/b.wav", "data/test/sad/c.wav"])
    assert [one.split for one in found.values()] == ["train", "dev", "dev"]
    assert [one.emotion for one in found.values()] == ["happy", "happy", "sad"]


def test_a_table_comes_before_what_holds_for_all_and_that_before_folders() -> None:
    for_all = ForAll("mine", lang="de", speaker="Ben", emotion="neutral")
    found = of(
        ["anna/a.wav", "anna/b.wav", "carl/c.wav"],
        for_all,
        **{"anna/a": {"speaker": "Dora", "emotion": "Sad", "lang": "en-US", "text": "Oh  no."}},
    )
    first, second, _ = found.values()
    assert first == Labels("dora", "sad", "en", text="Oh no.")
    assert second == Labels("ben", "neutral", "de")


def test_names_are_written_alike() -> None:
    row = {
        "speaker": "Anna-Lena Müller",
        "emotion": "Überrascht!",
        "sex": "female",
        "split": "TEST",
    }
    (found,) = of(["a.wav"], a=row).values()
    assert found == Labels("anna-lena-muller", "uberrascht", "en", sex="F", split="dev")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"emotion": "3"}, "Its emotion is '3'. Name it by letters"),
        ({"emotion": "开心"}, "Its emotion is '开心'"),
        ({"emotion": "x" * 33}, "32 at most"),
        ({"speaker": "***"}, "Its speaker is '***'"),
        ({"lang": "English"}, "Its language is 'english'. Write two letters"),
        ({"split": "later"}, "Its split is 'later'. Write train or dev"),
        ({"text": "word " * 1000}, "Its text has 4999 characters"),
        ({"emotion": ""}, "Nothing tells its emotion"),
    ],
)
def test_labels_that_can_not_be_used_are_refused_in_words(row: dict[str, str], words: str) -> None:
    assert words in why_not(row)


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_a_table_may_part_and_call_its_columns_in_many_ways(tmp_path: Path, mark: str) -> None:
    table = tmp_path / "metadata.csv"
    table.write_text(
        mark.join(["\ufeffFile_Name", "Speaker_ID", "Label", "transcription", "more"])
        + "\n"
        + mark.join(["a.wav", "anna", "sad", '"Oh, no; no."', "x"]),
        encoding="utf-8",
    )
    assert read_table(table) == [
        {"file": "a.wav", "emotion": "sad", "speaker": "anna", "text": "Oh, no; no."}
    ]


def test_what_is_no_table_is_refused_in_words(tmp_path: Path) -> None:
    table = tmp_path / "metadata.csv"
    table.write_text("name,emotion\na.wav,sad\n")
    with pytest.raises(ValueError, match="no column 'file'"):
        read_table(table)
    table.write_text("")
    with pytest.raises(ValueError, match="no column 'file'"):
        read_table(table)
    table.write_bytes(b"file,emotion\n\xff\xfe,sad\n")
    with pytest.raises(ValueError, match="UTF-8"):
        read_table(table)
