"""A folder of corpora, each a sub-folder with a metadata.csv, read as one manifest."""

import csv
from dataclasses import dataclass
from pathlib import Path

TABLE = "metadata.csv"
# Speakers of the shipped corpora on which nothing is ever trained, whatever a manifest says. A
# corpus under another name, such as one to tune on, keeps the split of its table.
DEV_SPEAKERS = frozenset(
    ["ravdess-19", "ravdess-20", "emodb-12", "emodb-13"]
    + [f"librispeech-{n}" for n in (121, 260, 1320, 3570, 4077, 4507, 7176, 8463)]
)


@dataclass(frozen=True)
class Utterance:
    """One recording of a corpus.

    `split` is train or dev, `intensity` normal, strong or empty, `sex` F, M or empty.
    """

    path: Path
    corpus: str
    speaker: str
    lang: str
    emotion: str
    intensity: str
    split: str
    text: str
    sex: str = ""

    @property
    def name(self) -> str:
        """Corpus, speaker and file name: the key of this recording everywhere."""
        return f"{self.corpus}/{self.path.stem}"


def read_corpora(root: Path) -> list[Utterance]:
    """Read every ROOT/CORPUS/metadata.csv.

    Raises:
        ValueError: no metadata.csv below `root`, or a column is missing.
    """
    tables = sorted(root.glob("*/metadata.csv"))
    if not tables:
        raise ValueError(
            f"There is no CORPUS/metadata.csv below {root}; see checkpoints/README.md."
        )
    return [utterance for table in tables for utterance in read_corpus(table.parent)]


def read_corpus(folder: Path) -> list[Utterance]:
    """Read the metadata.csv of one corpus; a row is a recording.

    Raises:
        ValueError: there is none, or a column is missing.
    """
    table, corpus = folder / TABLE, folder.name
    if not table.is_file():
        raise ValueError(f"There is no {TABLE} in {folder}. Check the path.")
    found = []
    with table.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            try:
                found.append(
                    Utterance(
                        path=folder / row["file"],
                        corpus=corpus,
                        speaker=row["speaker"],
                        lang=row["lang"],
                        emotion=row["emotion"],
                        intensity=row["intensity"],
                        split="dev" if _never_trained(corpus, row["speaker"]) else row["split"],
                        text=sentence_case(row["text"]),
                        sex=row.get("sex") or "",
                    )
                )
            except KeyError as error:
                raise ValueError(f"{table} has no column {error}.") from None
    return found


def _never_trained(corpus: str, speaker: str) -> bool:
    return speaker in DEV_SPEAKERS and speaker.startswith(f"{corpus}-")


def sentence_case(text: str) -> str:
    """Return a text that is all capitals, as in librispeech, as a sentence: espeak spells those."""
    return text.capitalize() if text.isupper() else text
