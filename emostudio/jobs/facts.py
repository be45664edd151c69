"""Where the facts of a model's card come from: rows, files of its job, and the nets in use."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emostudio.evaluation.gate import Gate
from emostudio.jobs.card import Data, Facts, licence_line
from emostudio.jobs.incoming import CARD, CONFIG, SPOKEN_BY, WEIGHTS
from emostudio.jobs.run_folder import ERRAND, events
from emostudio.jobs.tuning import Errand, Tuning
from emostudio.models.where import folder_of, sha256_of
from emostudio.settings import Settings
from emostudio.storage import tuned

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from emostudio.storage.tuned_tables import Job, Model

# Who hears or is heard while a net is tuned, beside itself.
TEACHERS = {
    "emomix": ("aligner", "ser", "speaker", "vocoder"),
    "diemo": ("aligner", "ser", "speaker", "vocoder"),
    "zest": ("aligner", "content", "ser", "speaker", "vocoder"),
}
REHEARSING = ("emomix", "ser", "speaker", "vocoder")  # make and check our own takes


def checkpoints_in_use(settings: Settings) -> dict[str, Path]:
    """Return the folders of the checkpoints that are in use, by net."""
    places = (settings.checkpoints, *([Path(settings.models)] if settings.models else []))
    names = {file.parent.name for place in places for file in place.glob(f"*/{CONFIG}")}
    folders = {name: folder_of(name, settings.checkpoints, settings.models) for name in names}
    return {name: folders[name] for name in sorted(folders) if (folders[name] / WEIGHTS).is_file()}


def sizes_in_use(settings: Settings) -> dict[str, int]:
    """Return the sizes of the embeddings that other nets are conditioned on."""
    folders = checkpoints_in_use(settings)
    try:
        told = {
            name: json.loads((folders[name] / CONFIG).read_text(encoding="utf-8"))
            for name in ("speaker", "ser")
        }
        return {
            "speaker_dim": told["speaker"]["speaker_dim"],
            "emotion_dim": 2 * told["ser"]["lstm"],
        }
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(
            "The checkpoints 'speaker' and 'ser' are missing or damaged; restore them first."
        ) from error


def parents(tuning: Tuning, folder: Path, gate: Gate | None, settings: Settings) -> dict[str, str]:
    """Return the hash of every net that a tuned one was made from or with; the first is its base.

    `folder` is the job's. What it started from is known by its gate, or by its errand.
    """
    if gate is not None:
        base = gate.base_sha256
    else:
        base = sha256_of(Errand.read(folder / ERRAND).base / WEIGHTS)
    in_use = checkpoints_in_use(settings)
    teachers = set(TEACHERS.get(tuning.base, ()))
    if tuning.rehearsal and not tuning.rehearse_with and tuning.base != "vocoder":
        # A speaking net rehearses takes of its own.
        teachers |= {*REHEARSING} - ({"emomix"} if tuning.base == "diemo" else set())
    others = sorted(name for name in teachers - {tuning.base} if name in in_use)
    return {tuning.base: base} | {name: sha256_of(in_use[name] / WEIGHTS) for name in others}


def found_before(
    session: Session, files: Mapping[str, Path], folder_of: Callable[[str], Path]
) -> dict[str, Any] | None:
    """Return the gate of the same weights, where they were compared under any name.

    One that refuses holds whatever else is in `files`; one that passed holds for the very voices
    that were heard in it.
    """
    known = tuned.models_of_weights(session, sha256_of(files[WEIGHTS]))
    compared = [model for model in known if model.gate]
    refused = [model for model in compared if _fell(Gate.from_json(model.gate or {}))]
    alike = [m for m in compared if _same(folder_of(m.id) / SPOKEN_BY, files.get(SPOKEN_BY))]
    return next((model.gate for model in (*refused, *alike)), None)


def _fell(gate: Gate) -> bool:
    return any(number.guarded and number.fell for number in gate.numbers)


def _same(known: Path, given: Path | None) -> bool:
    """Tell whether a file that is here, or none, is the one that is given, or none."""
    if given is None or not known.is_file():
        return given is None and not known.is_file()
    return known.read_bytes() == given.read_bytes()


def gathered(
    session: Session,
    model: Model,
    settings: Settings,
    *,
    job: Job | None = None,
    folder: Path | None = None,
    own_card: str = "",
    consent: str = "",
) -> Facts:
    """Return all that is known of a model that has no row yet; `folder` is its job's."""
    from emostudio.storage.tables import now

    told = events(folder) if folder is not None else []
    steps = [event.values for event in told if event.kind == "step"]
    rows = [tuned.corpus_by_id(session, corpus_id) for corpus_id in model.corpora.values()]
    return Facts(
        name=model.name,
        net=model.net,
        sha256=model.sha256,
        actor=model.actor,
        at=now(),
        parents=model.parents,
        licences=_licences(session, model, settings),
        tuning=None if job is None else Tuning(**job.tuning),
        data=[
            Data(row.name, row.report, row.consent, row.actor, row.created_at)
            for row in rows
            if row is not None
        ],
        minutes=max((float(step.get("minutes", 0.0)) for step in steps), default=0.0),
        device=_device(job, steps),
        gate=Gate.from_json(model.gate) if model.gate else None,
        own_card=own_card,
        consent=consent,
    )


def _device(job: Job | None, steps: list[dict]) -> str:
    if job is None or not steps:
        return ""
    kind = "a GPU" if any(step.get("device_mb") for step in steps) else "CPU"
    return f"{kind} ({job.backend})"


def _licences(session: Session, model: Model, settings: Settings) -> dict[str, str]:
    """What the cards of a model's parents say of their licences, by net."""
    made_here = {known.sha256: known.card for known in tuned.models(session)}
    in_use = checkpoints_in_use(settings)
    found = {}
    for name, sha256 in model.parents.items():
        card = made_here.get(sha256, "")
        folder = in_use.get(name)
        if not card and folder is not None and sha256_of(folder / WEIGHTS) == sha256:
            card = (folder / CARD).read_text("utf-8") if (folder / CARD).is_file() else ""
        found[name] = licence_line(card)
    return found
