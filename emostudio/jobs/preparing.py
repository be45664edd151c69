"""From a corpus to the features that a job trains on: read it, add what is rehearsed, whole or not.

A pack is made in the job's folder and renamed when it is complete, so that a job that dies leaves
none; a note tells what it was made of, and another job on the same takes it as it is.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from emostudio.data.corpora import TABLE, read_corpus
from emostudio.jobs import rehearsal
from emostudio.jobs.tuning import Errand

if TYPE_CHECKING:
    from emostudio.data.features import Pack, Row
    from emostudio.models.checkpoint import Store

NOTE = "made_of.json"
AT_WORK = "prepare"  # below the job's folder
OWN = "rehearsed"  # the corpus of our own takes
OTHER = "other"  # what a corpus that is rehearsed is called where its name is taken
REHEARSED_MINUTES = 20.0
Tell = Callable[[str, float], None]


def seconds_of(errand: Errand, store: Store) -> float | None:
    """How long the errand's pack took to make; None where there is none, or one of another kind."""
    try:
        told = json.loads((errand.pack / NOTE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return float(told["seconds"]) if told["made_of"] == _made_of(errand, store) else None


def prepared(errand: Errand, store: Store, folder: Path, tell: Tell) -> float:
    """See that the errand's pack is there, and return the seconds that making it took.

    Args:
        errand: what is asked.
        store: with the base that is tuned.
        folder: of the job.
        tell: called with a phase and its share as they begin and go on.

    Raises:
        ValueError: the corpus or the pack to rehearse can't be used.
    """
    read_corpus(errand.corpus)  # says what is wrong with it before anything is made
    known = seconds_of(errand, store)
    if known is not None:
        return known
    from emostudio.data import features, joining
    from emostudio.training.tune import CORPUS, complete

    started = time.monotonic()
    work = folder / AT_WORK
    tell("prepare", 0.0)
    corpus = work / CORPUS
    if not (corpus / "index.json").is_file():
        _packed(errand.corpus, CORPUS, work)
    pack = features.Pack.open(corpus)
    parts: list[tuple[features.Pack, Sequence[Row]]] = [(pack, pack.rows)]
    tell("rehearse", 0.0)
    parts += _rehearsed(errand, store, lambda share: tell("rehearse", 0.9 * share))
    joining.join(parts, work / "all")
    complete(errand.tuning.base, store, work / "all")
    told = {"made_of": _made_of(errand, store), "seconds": round(time.monotonic() - started, 1)}
    (work / "all" / NOTE).write_text(json.dumps(told, indent=1), encoding="utf-8")
    errand.pack.parent.mkdir(parents=True, exist_ok=True)
    if errand.pack.exists():
        shutil.rmtree(errand.pack)
    (work / "all").rename(errand.pack)
    shutil.rmtree(work)
    return float(told["seconds"])


def _rehearsed(
    errand: Errand, store: Store, tell: Callable[[float], None]
) -> list[tuple[Pack, Sequence[Row]]]:
    from emostudio.data import features, joining

    tuning = errand.tuning
    if not tuning.rehearsal:
        return []
    if tuning.rehearse_with:
        given = features.Pack.open(Path(tuning.rehearse_with))
        rows = joining.some(given.select("train"), REHEARSED_MINUTES)
        return [(given, [_not_named_as_ours(row) for row in rows])]
    takes = rehearsal.spoken(tuning.base, store, progress=tell)
    if not takes:
        return []
    pack = joining.pack_of(takes, OWN)
    return [(pack, pack.rows)]


def _not_named_as_ours(row: Row) -> Row:
    """A row to rehearse; the name of the corpus that is tuned on stands for nothing else."""
    from emostudio.training.tune import CORPUS

    if row.corpus != CORPUS:
        return row
    return replace(row, corpus=OTHER, name=f"{OTHER}/{row.name.partition('/')[2]}")


def _packed(corpus: Path, name: str, work: Path) -> None:
    """Pack one corpus, under another name, into `work / name`."""
    from emostudio.data import features

    root = work / f"{name}-corpora"
    root.mkdir(parents=True, exist_ok=True)
    (root / name).unlink(missing_ok=True)
    (root / name).symlink_to(corpus.absolute(), target_is_directory=True)
    features.pack(root, work / f"{name}.new", processes=2)
    (work / f"{name}.new").rename(work / name)


def _made_of(errand: Errand, store: Store) -> dict[str, object]:
    table = (errand.corpus / TABLE).read_bytes()
    tuning = errand.tuning
    nets = ("ser", "speaker", "aligner", "emomix", "vocoder", "content", tuning.base)
    return {
        "corpus": hashlib.sha256(table).hexdigest(),
        "base": tuning.base,
        "nets": {name: store.sha256(name) for name in sorted(set(nets))},
        "rehearsed": bool(tuning.rehearsal),
        "rehearsed_with": tuning.rehearse_with if tuning.rehearsal else "",
    }
