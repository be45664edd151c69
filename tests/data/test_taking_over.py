"""Recordings from anywhere become a corpus that `pack` reads, and what can't be used is named."""

import csv
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from emostudio.data import given as given_module
from emostudio.data.corpora import Utterance, read_corpus
from emostudio.data.features import pack
from emostudio.data.labels import ForAll
from emostudio.data.report import Report
from emostudio.data.taking_over import COLUMNS, take_over
from emostudio.values import Clip
from tests.speech import SAMPLE_RATE, vowels

READ = ForAll("mine", emotion="neutral")


def sound(path: Path, seed: int = 0, *, seconds: float = 1.5, rate: int = SAMPLE_RATE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, vowels(seconds=seconds, seed=seed), rate)
    return path


def zipped(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder.parent))
    return target


def taken(source: Path, target: Path, for_all: ForAll = READ) -> tuple[Report, list[Utterance]]:
    target.mkdir(exist_ok=True)
    report = take_over(source, target, for_all)
    return report, read_corpus(target)


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Six clips of two speakers and two emotions, with a table."""
    folder = tmp_path / "recordings"
    lines = ["file,speaker,emotion,text"]
    for number in range(6):
        sound(folder / f"wavs/{number}.wav", number)
        who, how = ("anna", "ben")[number % 2], ("happy", "sad")[number % 2]
        lines.append(f"wavs/{number}.wav,{who},{how},We are all away number {number}.")
    (folder / "metadata.csv").write_text("\n".join(lines) + "\n")
    return folder


def test_a_corpus_is_what_went_in(recordings: Path, tmp_path: Path) -> None:
    report, utterances = taken(recordings, tmp_path / "corpus")
    assert report.clips == len(utterances) == 6 and not report.refused
    assert {(u.speaker, u.emotion) for u in utterances} == {("anna", "happy"), ("ben", "sad")}
    assert {u.split for u in utterances} == {"train", "dev"}
    for number, utterance in enumerate(utterances):
        clip = Clip.load(utterance.path)
        assert clip.sample_rate == SAMPLE_RATE
        np.testing.assert_allclose(clip.wav, vowels(seed=number), atol=2e-4)
    with (tmp_path / "corpus/metadata.csv").open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    assert list(rows[0]) == COLUMNS
    assert rows[0]["source"] == "wavs/0.wav" and rows[0]["seconds"] == "1.5"
    files = {path.name for path in (tmp_path / "corpus").iterdir()}
    assert files == {"metadata.csv", *(row["file"] for row in rows)}


def test_pack_reads_it(recordings: Path, tmp_path: Path) -> None:
    taken(recordings, tmp_path / "corpora-mine")
    (tmp_path / "corpora").mkdir()
    shutil.move(tmp_path / "corpora-mine", tmp_path / "corpora" / "mine")
    packed = pack(tmp_path / "corpora", tmp_path / "pack", processes=1)
    assert len(packed.rows) == 6 and all(row.worded for row in packed.rows)


def test_a_folder_its_zip_and_its_table_give_the_same(recordings: Path, tmp_path: Path) -> None:
    sources = [recordings, zipped(recordings, tmp_path / "a.zip"), recordings / "metadata.csv"]
    found = [taken(source, tmp_path / str(n)) for n, source in enumerate(sources)]
    told = [[(u.speaker, u.emotion, u.text) for u in utterances] for _, utterances in found]
    assert told[0] == told[1] == told[2]
    sounds = [[u.path.read_bytes() for u in utterances] for _, utterances in found]
    assert sounds[0] == sounds[1] == sounds[2]


def test_a_manifest_may_name_files_elsewhere(recordings: Path, tmp_path: Path) -> None:
    table = tmp_path / "lists" / "mine.csv"
    table.parent.mkdir()
    elsewhere = sound(tmp_path / "elsewhere.wav", 9)
    table.write_text(
        f"file;emotion\n../recordings/wavs/0.wav;sad\n{elsewhere};sad\nnowhere.wav;sad\n;sad\n"
    )
    report, utterances = taken(table, tmp_path / "corpus")
    assert len(utterances) == 2
    assert report.refused == {
        "nowhere.wav": "Line 4 of mine.csv names it, and there is no such sound file.",
        "Line 5 of mine.csv": "Line 5 of mine.csv names it, and there is no such sound file.",
    }


def test_any_format_becomes_16_bit_wav_at_its_own_rate(tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    folder.mkdir()
    for number, (suffix, rate) in enumerate([("flac", 44_100), ("ogg", 22_050), ("mp3", 48_000)]):
        sound(folder / f"{number}.{suffix}", number, seconds=4, rate=rate)
    stereo = np.stack([vowels(seed=7), np.zeros_like(vowels())], axis=1)
    soundfile.write(folder / "3.wav", stereo, 8_000, subtype="FLOAT")
    report, utterances = taken(folder, tmp_path / "corpus")
    infos = [soundfile.info(u.path) for u in utterances]
    assert [info.samplerate for info in infos] == [44_100, 22_050, 48_000, 8_000]
    assert {(info.format, info.subtype, info.channels) for info in infos} == {("WAV", "PCM_16", 1)}
    assert report.rates == {"22050": 1, "44100": 1, "48000": 1, "8000": 1}


def test_each_bad_file_is_refused_in_words_and_the_others_stay(tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    for number in range(3):
        sound(folder / f"good-{number}.wav", number)
    (folder / "broken.wav").write_bytes(b"no sound")
    (folder / "empty.wav").write_bytes(b"")
    sound(folder / "short.wav", seconds=0.2)
    soundfile.write(folder / "silent.wav", np.zeros(SAMPLE_RATE), SAMPLE_RATE)
    soundfile.write(folder / "nan.wav", np.full(SAMPLE_RATE, np.nan), SAMPLE_RATE, subtype="FLOAT")
    shutil.copy(folder / "good-1.wav", folder / "good-1-again.wav")
    (folder / "notes.txt").write_text("no sound")
    for source in (folder, zipped(folder, tmp_path / "clips.zip")):
        report, utterances = taken(source, tmp_path / f"corpus{source.suffix}")
        assert len(utterances) == report.clips == 3
        refused = {Path(name).name: why for name, why in report.refused.items()}
        assert refused["broken.wav"].startswith("broken.wav is not a sound file")
        assert refused["empty.wav"].startswith("empty.wav is not a sound file")
        assert "lasts 0.20 s" in refused["short.wav"]
        assert "silent" in refused["silent.wav"] and "no numbers" in refused["nan.wav"]
        assert "same sound as" in refused["good-1.wav"]
        (pair,) = report.duplicates.items()
        assert [Path(name).name for name in pair] == ["good-1.wav", "good-1-again.wav"]
        assert len(refused) == 6


def test_one_sound_under_two_emotions_is_told(tmp_path: Path) -> None:
    for emotion in ("happy", "sad"):
        sound(tmp_path / "clips" / emotion / "a.wav", 1)
        sound(tmp_path / "clips" / emotion / "b.wav", len(emotion))
    report, _ = taken(tmp_path / "clips", tmp_path / "corpus")
    assert "is called happy, this one sad: check" in report.refused["sad/a.wav"]


def test_files_and_lines_that_do_not_meet_are_named(recordings: Path, tmp_path: Path) -> None:
    with (recordings / "metadata.csv").open("a") as table:
        table.write("wavs/9.wav,anna,sad,Not there.\nwavs/1.wav,anna,sad,Again.\n")
    sound(recordings / "wavs/untold.wav", 20)
    report, utterances = taken(recordings, tmp_path / "corpus")
    assert len(utterances) == 5
    assert report.refused == {
        "wavs/9.wav": "Line 8 of metadata.csv names it, and there is no such sound file.",
        "wavs/1.wav": "Line 9 of metadata.csv names it a second time. Take one of the two lines "
        "out.",
        "wavs/untold.wav": "No line of metadata.csv names it. Add one.",
    }


def test_a_table_that_tells_both_sides_is_kept(recordings: Path, tmp_path: Path) -> None:
    lines = (recordings / "metadata.csv").read_text().splitlines()
    split = ["split", "test", *["train"] * 5]
    told = "\n".join(f"{a},{b}" for a, b in zip(lines, split, strict=True))
    (recordings / "metadata.csv").write_text(told)
    report, utterances = taken(recordings, tmp_path / "corpus")
    assert report.split_by == "table"
    assert [u.split for u in utterances] == ["dev", *["train"] * 5]


def test_a_speaker_of_the_shipped_corpora_may_be_trained_on_here(tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    rows = ["file,speaker,split"]
    for number in range(4):
        sound(folder / f"{number}.wav", number)
        rows.append(f"{number}.wav,librispeech-260,{'dev' if number > 1 else 'train'}")
    (folder / "list.csv").write_text("\n".join(rows))
    _, utterances = taken(folder, tmp_path / "corpus")
    assert [u.split for u in utterances] == ["train", "train", "dev", "dev"]


@pytest.mark.parametrize(
    ("lang", "text", "why"),
    [
        ("fr", "Nous sommes tous là.", "No voice speaks 'fr' here"),
        ("en", "Мы все здесь.", "script|Latin|letters"),
        ("en", "!!!", "nothing to speak"),
        ("en", "We are all away, " * 20, "sounds a second"),
    ],
)
def test_a_text_that_can_not_be_spoken_is_none_to_train_on(
    recordings: Path, tmp_path: Path, lang: str, text: str, why: str
) -> None:
    lines = (recordings / "metadata.csv").read_text().splitlines()
    lines = [f"{line},{'lang' if not n else 'en'}" for n, line in enumerate(lines)]
    lines[1] = f'wavs/0.wav,anna,happy,"{text}",{lang}'
    (recordings / "metadata.csv").write_text("\n".join(lines), encoding="utf-8")
    report, utterances = taken(recordings, tmp_path / "corpus")
    assert (report.clips, report.with_text) == (6, 5)
    assert utterances[0].text == "" and utterances[1].text
    (name,) = report.unspoken
    assert name == "wavs/0.wav"
    assert any(words in report.unspoken[name] for words in why.split("|")), report.unspoken
    with (tmp_path / "corpus/metadata.csv").open(encoding="utf-8") as table:
        assert next(csv.DictReader(table))["said"] == " ".join(text.split())


def test_capitals_are_read_as_words(tmp_path: Path) -> None:
    sound(tmp_path / "clips/a.wav")
    (tmp_path / "clips/metadata.csv").write_text("file,text\na.wav,WE ARE ALL AWAY\n")
    _, (utterance,) = taken(tmp_path / "clips", tmp_path / "corpus")
    assert utterance.text == "We are all away"


def test_where_nothing_can_be_used_the_first_reason_is_said(tmp_path: Path) -> None:
    sound(tmp_path / "clips/a.wav")
    with pytest.raises(ValueError, match=r"None of the recordings .* a\.wav: Nothing tells its em"):
        taken(tmp_path / "clips", tmp_path / "corpus", ForAll("mine"))
    assert not list((tmp_path / "corpus").iterdir())


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("nowhere", None, "There is no folder, zip or table"),
        ("a.zip", b"no zip", "is no zip that can be read"),
        ("a.csv", b"name\na.wav\n", "no column 'file'"),
        ("a.csv", b"file\n", "a.csv has no sound files"),
        ("a.csv", b"file\nb.wav\n", "b.wav: Line 2 of a.csv names it"),
    ],
)
def test_a_source_that_is_none_is_refused_in_words(
    tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=words):
        taken(tmp_path / name, tmp_path / "corpus")


def test_two_tables_of_which_none_is_called_so_are_refused(tmp_path: Path) -> None:
    sound(tmp_path / "clips/a.wav")
    for name in ("one.csv", "two.csv"):
        (tmp_path / "clips" / name).write_text("file\na.wav\n")
    with pytest.raises(ValueError, match=r"2 tables, such as one\.csv and two\.csv"):
        taken(tmp_path / "clips", tmp_path / "corpus")


def test_folders_of_speakers_are_not_taken_for_emotions(tmp_path: Path) -> None:
    for number in range(33):
        sound(tmp_path / f"clips/p{number}/a.wav", number, seconds=0.6)
    with pytest.raises(ValueError, match="There would be 33 emotions, such as p0, p1, p10"):
        taken(tmp_path / "clips", tmp_path / "corpus", ForAll("mine"))
    report, _ = taken(tmp_path / "clips", tmp_path / "corpus")
    assert len(report.speakers) == 33 and report.split_by == "speaker"


def test_folders_of_emotions_alone_do_not_tell_who_speaks(tmp_path: Path) -> None:
    for number in range(12):
        sound(tmp_path / f"all/{('happy', 'sad')[number % 2]}/{number}.wav", number)
    warnings = "\n".join(taken(tmp_path / "all", tmp_path / "one", ForAll("mine"))[0].warnings)
    assert "Nothing tells who speaks" in warnings and "in train and dev" not in warnings
    told = ForAll("mine", speaker="anna")
    warnings = "\n".join(taken(tmp_path / "all", tmp_path / "two", told)[0].warnings)
    assert "Nothing tells who speaks" not in warnings and "1 speaker is in train" in warnings


def test_too_many_clips_are_refused(
    recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(given_module, "MAX_CLIPS", 5)
    with pytest.raises(ValueError, match="are 6 clips; 5 is the limit"):
        taken(recordings, tmp_path / "corpus")


def test_a_zip_that_would_fill_the_disk_is_not_unpacked(
    recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = zipped(recordings, tmp_path / "clips.zip")
    free = shutil.disk_usage(tmp_path).free
    monkeypatch.setattr(given_module, "MIN_FREE_BYTES", free - 50_000)
    with pytest.raises(ValueError, match=r"The disk has \d+ MB left"):
        taken(archive, tmp_path / "corpus")
    assert not list((tmp_path / "corpus").iterdir())


def test_progress_goes_up(recordings: Path, tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    target = tmp_path / "corpus"
    target.mkdir()
    take_over(recordings, target, READ, progress=lambda share, said: told.append((share, said)))
    shares = [share for share, _ in told]
    assert shares == sorted(shares) and 0 <= shares[0] <= shares[-1] <= 1
    assert told[0][1] == "Reading 0.wav"
