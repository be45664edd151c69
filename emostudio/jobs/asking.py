"""From what an administrator asks for to an errand for a worker, or why it can't be done."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from emostudio.jobs import disk
from emostudio.jobs.corpora import Corpora
from emostudio.jobs.incoming import SPOKEN_BY, WEIGHTS
from emostudio.jobs.registry import Models
from emostudio.jobs.tuning import BASES, VOICES, Errand, Tuning
from emostudio.models.where import folder_of, sha256_of
from emostudio.settings import Settings
from emostudio.storage.tuned_tables import Corpus


def errand_of(
    tuning: Tuning, corpora: Corpora, models: Models, settings: Settings, *, probe: bool = False
) -> Errand:
    """Return the errand of a tuning; nothing is written.

    Raises:
        ValueError: the corpus does not fit or is gone, there is no base, a voice of it has the name
            of the new one, or there is no room on the disk.
    """
    corpus = corpora.get(tuning.corpus)
    refuse_unfit(tuning.base, corpus)
    if tuning.rehearse_with and not (Path(tuning.rehearse_with) / "index.json").is_file():
        raise ValueError(
            f"{tuning.rehearse_with} is no folder that `emostudio pack` wrote; correct the path, "
            "or leave it empty to rehearse takes of our own models."
        )
    base = _base(tuning, models, settings)
    _refuse_namesake(tuning, base)
    root = models.root
    errand = Errand(
        tuning=tuning,
        corpus=corpora.folder(corpus.id).absolute(),
        base=base,
        pack=root / "packs" / _key(tuning, base),
        probe=probe,
    )
    if why := disk.refusal(errand, root):
        raise ValueError(why)
    return errand


def refuse_unfit(base: str, corpus: Corpus) -> None:
    """Refuse a corpus that a base can't be tuned on.

    Raises:
        ValueError: it does not fit; the sentence says why.
    """
    if base not in BASES:
        raise ValueError(f"There is nothing to tune called '{base}'; choose {', '.join(BASES)}.")
    if why := corpus.report.get("fits", {}).get(base):
        raise ValueError(f"The corpus '{corpus.name}' does not fit: {why}")


def _base(tuning: Tuning, models: Models, settings: Settings) -> Path:
    if tuning.start:
        model = models.get(tuning.start)
        if model.net != tuning.base:
            raise ValueError(
                f"The model '{model.name}' is a net of {model.net}; choose one of {tuning.base} to "
                "start from, or none."
            )
        return models.folder(model.id).absolute()
    base = folder_of(tuning.base, settings.checkpoints, settings.models).absolute()
    if not (base / WEIGHTS).is_file():
        raise ValueError(
            f"The checkpoint '{tuning.base}' is missing: put config.json and model.safetensors "
            f"into {base}, or set EMOSTUDIO_MODELS to a folder that has it."
        )
    return base


def _refuse_namesake(tuning: Tuning, base: Path) -> None:
    """Refuse to put a new voice in the place of one that the base has."""
    file = base / SPOKEN_BY
    if tuning.base not in VOICES or not file.is_file():
        return
    voices = json.loads(file.read_text(encoding="utf-8"))
    if tuning.name in voices:
        raise ValueError(
            f"What it starts from has a voice '{tuning.name}' already, which would be lost. Choose "
            f"another name; taken are {', '.join(voices)}."
        )


def _key(tuning: Tuning, base: Path) -> str:
    """Name the pack of all tunings that need the same features."""
    rehearsed = tuning.rehearse_with or "takes" if tuning.rehearsal else ""
    weights = sha256_of(base / WEIGHTS)
    told = json.dumps([tuning.base, weights, tuning.corpus, rehearsed])
    return hashlib.sha256(told.encode()).hexdigest()[:24]
