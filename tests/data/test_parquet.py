"""Tables of sounds, as the Hub keeps them, become sound files with what is told of each."""

import json
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet

from emostudio.data.labels import ForAll, read_table
from emostudio.data.parquet import unpack
from emostudio.data.taking_over import take_over
from tests.studies.sounding import burst

NAMES = ["angry", "happy", "neutral"]
MANY = 2**20
FEATURES = {"info": {"features": {"label": {"names": NAMES, "_type": "ClassLabel"}}}}


def table_of(file: Path, rows: list[dict[str, Any]], *, features: Any = FEATURES) -> Path:
    """Write rows as the library `datasets` does."""
    file.parent.mkdir(parents=True, exist_ok=True)
    table = pyarrow.Table.from_pylist(rows)
    told = {b"huggingface": json.dumps(features).encode()} if features else None
    parquet.write_table(table.replace_schema_metadata(told), file)
    return file


def row(number: int, path: str | None = None, **told: Any) -> dict[str, Any]:
    return {"audio": {"bytes": burst(number), "path": path}, **told}


def test_sounds_come_with_their_labels_and_splits(tmp_path: Path) -> None:
    rows = [
        row(1, "a.wav", label=1, sentence='She said: "So,\nit rains."', speaker_id=7),
        row(2, None, label=0, sentence=None, speaker_id=8),
    ]
    tables = [
        table_of(tmp_path / "data" / "train-00000-of-00001.parquet", rows),
        table_of(tmp_path / "data" / "test-00000-of-00001.parquet", [row(3, label=2)]),
    ]
    out = tmp_path / "out"
    out.mkdir()
    assert unpack(tables, out, max_clips=3, max_bytes=MANY) == 3
    told = {one["file"]: one for one in read_table(out / "metadata.csv")}
    assert [one["emotion"] for one in told.values()] == ["happy", "angry", "neutral"]
    assert [one["split"] for one in told.values()] == ["train", "train", "test"]
    assert [one["speaker"] for one in told.values()] == ["7", "8", ""]
    assert [one["text"] for one in told.values()] == ['She said: "So,\nit rains."', "", ""]
    assert [(out / file).read_bytes() for file in told] == [burst(1), burst(2), burst(3)]


def test_what_is_unpacked_is_a_corpus(tmp_path: Path) -> None:
    rows = [row(number, label=number % 3, split="train") for number in range(6)]
    out, corpus = tmp_path / "out", tmp_path / "corpus"
    out.mkdir()
    corpus.mkdir()
    unpack([table_of(tmp_path / "0000.parquet", rows)], out, max_clips=6, max_bytes=MANY)
    report = take_over(out, corpus, ForAll("anna"))
    assert report.emotions == {name: {"anna": 2} for name in NAMES}


def test_a_column_counts_what_the_table_does_not_name(tmp_path: Path) -> None:
    table = table_of(tmp_path / "0000.parquet", [row(1, label="very sad")], features=None)
    out = tmp_path / "out"
    out.mkdir()
    unpack([table], out, max_clips=1, max_bytes=MANY)
    assert [one["emotion"] for one in read_table(out / "metadata.csv")] == ["very sad"]


def test_a_row_without_sound_is_left_out(tmp_path: Path) -> None:
    rows = [row(1, label=0), {"audio": {"bytes": None, "path": "gone.wav"}, "label": 1}]
    out = tmp_path / "out"
    out.mkdir()
    assert (
        unpack([table_of(tmp_path / "0000.parquet", rows)], out, max_clips=2, max_bytes=MANY) == 1
    )
    texts = [{"text": "no sound", "label": 1}]
    assert (
        unpack([table_of(tmp_path / "0001.parquet", texts)], out, max_clips=2, max_bytes=MANY) == 0
    )


def test_only_what_is_told_to_be_a_sound_is_one(tmp_path: Path) -> None:
    picture = {"image": {"bytes": b"no sound", "path": "a.png"}}
    rows = [picture | row(1, "spk.1234", label=0)]
    features = {"info": {"features": {"image": {"_type": "Image"}, "audio": {"_type": "Audio"}}}}
    out = tmp_path / "out"
    out.mkdir()
    table = table_of(tmp_path / "0000.parquet", rows, features=features)
    assert unpack([table], out, max_clips=1, max_bytes=MANY) == 1
    assert (out / "00000.wav").read_bytes() == burst(1)
    for wrong in ({"bytes": b"x", "path": 7}, {"bytes": "text", "path": "a.wav"}):
        table = table_of(tmp_path / "0001.parquet", [{"audio": wrong}])
        assert unpack([table], out, max_clips=1, max_bytes=MANY) == 0


def test_too_much_and_no_table_are_refused_in_words(tmp_path: Path) -> None:
    many = table_of(tmp_path / "0000.parquet", [row(n, label=0) for n in range(3)])
    with pytest.raises(ValueError, match="There are 3 clips; 2 is the limit"):
        unpack([many], tmp_path, max_clips=2, max_bytes=MANY)
    with pytest.raises(ValueError, match="take more than 0 MB"):
        unpack([many], tmp_path, max_clips=3, max_bytes=2 * len(burst(1)))
    (tmp_path / "broken.parquet").write_bytes(b"no table")
    with pytest.raises(ValueError, match="can't be read"):
        unpack([tmp_path / "broken.parquet"], tmp_path, max_clips=2, max_bytes=MANY)
