"""The data of a study as files: a long table of answers, or a folder of clips with their scores."""

from __future__ import annotations

import csv
import json
import zipfile
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from emostudio.listening.consensus import consensus_of
from emostudio.listening.protocol import Protocol
from emostudio.storage.database import Database
from emostudio.storage.sounds import Sounds
from emostudio.studies.finding import found
from emostudio.studies.gathering import answers_of, excluded_of, kept_of
from emostudio.studies.grid import grid
from emostudio.studies.sound import served

KINDS = ("csv", "jsonl", "audiofolder")
COLUMNS = (
    "study protocol listener panel_id headphones excluded block position repeated role "
    "system utterance text speaker language asked_emotion asked_intensity asked_mix stimulus "
    "sha256 other_system other reference swapped value emotion second_emotion second_share "
    "intensity valence arousal note rt_ms first_play_ms plays heard_s other_heard_s "
    "duration_s other_duration_s changes created_at response_uid"
).split()


def write(db: Database, sounds: Sounds, slug: str, kind: str, target: Path) -> Path:
    """Write what a study has gathered; answers of those who have withdrawn are not in it.

    Args:
        db: the database.
        sounds: its sounds.
        slug: the study.
        kind: csv or jsonl, a line an answer; audiofolder, a zip that `datasets` loads.
        target: the file to write.

    Raises:
        ValueError: there is no such study or kind.
    """
    if kind not in KINDS:
        raise ValueError(f"There is no export '{kind}'; choose from {', '.join(KINDS)}.")
    if kind == "audiofolder":
        _write_folder(db, sounds, slug, target)
    else:
        rows = list(_rows(db, slug))
        with target.open("w", encoding="utf-8", newline="") as lines:
            if kind == "csv":
                table = csv.DictWriter(lines, COLUMNS)
                table.writeheader()
                table.writerows({name: _cell(row[name]) for name in COLUMNS} for row in rows)
            else:
                lines.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return target


def _rows(db: Database, slug: str) -> Iterable[dict[str, Any]]:
    with db.read() as session:
        protocol_hash = found(session, slug).protocol_hash
    excluded = excluded_of(db, slug)
    for row in answers_of(db, slug):
        row |= {
            "study": slug,
            "protocol": protocol_hash,
            "panel_id": row["external_id"],
            "excluded": row["listener"] in excluded,
            "created_at": _iso(row["created_at"]),
        }
        yield {name: row[name] for name in COLUMNS}


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")


def _cell(value: Any) -> Any:
    if isinstance(value, dict):
        return json.dumps(value)
    # A spreadsheet runs a cell that begins so as a formula.
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@"):
        return "'" + value
    return value


def _write_folder(db: Database, sounds: Sounds, slug: str, target: Path) -> None:
    with db.read() as session:
        study = found(session, slug)
        protocol = Protocol.from_json(study.protocol)
    judgments = kept_of(db, slug)
    values: dict[str, list[float]] = defaultdict(list)
    for one in judgments:
        if one.value is not None and not one.repeated:
            values[one.stimulus].append(one.value)
            if one.other:
                values[one.other].append(-one.value)
    labels = consensus_of(judgments)
    with zipfile.ZipFile(target, "w") as archive:
        lines = []
        for clip in grid(db, slug).clips:
            if clip.role != "test":
                continue
            sound = served(sounds.path(clip.sha256), clip.gain_db)  # as listeners heard it
            archive.writestr(name := f"{clip.id}.wav", sound)
            scores, label = values.get(clip.id, []), labels.get(clip.id)
            lines.append(
                {
                    "file_name": name,
                    "system": clip.system,
                    "utterance": clip.utterance,
                    "text": clip.text,
                    "speaker": clip.speaker,
                    "asked_emotion": clip.emotion,
                    "asked_intensity": clip.intensity,
                    "asked_mix": clip.mix,
                    "mean": round(sum(scores) / len(scores), 4) if scores else None,
                    "answers": len(scores) or (label.listeners if label else 0),
                    "heard": label.shares if label else None,
                    "heard_intensity": label.intensity if label else None,
                }
            )
        written = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        archive.writestr("metadata.jsonl", written)
        archive.writestr("protocol.json", json.dumps(study.protocol, indent=2))
        archive.writestr("README.md", _card(protocol, slug, len(lines), len(judgments)))


def _card(protocol: Protocol, slug: str, n_clips: int, n_judgments: int) -> str:
    return f"""---
task_categories: [audio-classification]
language: [{protocol.language}]
configs:
- config_name: default
  data_files: "*.wav"
---
# {protocol.title}

{n_clips} clips of the listening test `{slug}` and what listeners said of them: {n_judgments}
judgments. The question was: {protocol.asked}

`metadata.jsonl` has a line a clip: what was asked of it (`asked_…`), the `mean` grade where grades
were given (of pairs: how much better or stronger than the others it was compared with), and the
share of listeners who `heard` each emotion. `protocol.json` is the whole protocol. Clips of models
are synthetic speech. Check whose voices and recordings these are before you share them.
"""
