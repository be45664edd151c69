"""A folder of corpora, each a sub-folder with a metadata.csv, read as one manifest."""

import csv
from dataclasses import dataclass
from pathlib import Path

# Speakers on which nothing is ever trained, whatever a manifest says.
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
    found = []
    for table in tables:
        with table.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                try:
                    split = "dev" if row["speaker"] in DEV_SPEAKERS else row["split"]
                    found.append(
                        Utterance(
                            path=table.parent / row["file"],
                            corpus=table.parent.name,
                            speaker=row["speaker"],
                            lang=row["lang"],
                            emotion=row["emotion"],
                            intensity=row["intensity"],
                            split=split,
                            text=_sentence_case(row["text"]),
                            sex=row.get("sex") or "",
                        )
                    )
                except KeyError as error:
                    raise ValueError(f"{table} has no column {error}.") from None
    return found


def _sentence_case(text: str) -> str:
    # librispeech is written in capitals, which espeak would spell out letter by letter.
    return text.capitalize() if text.isupper() else text
