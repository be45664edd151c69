"""The results of one visit: files in a folder that nobody can guess, and small entries about them.

The folder lies in the app's (`folder.py`). `gr.State` holds the entries, never a take.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from emostudio.conversion import Converted
from emostudio.studies.collecting import called
from emostudio.values import Take
from emostudio.web.folder import new_folder

LIMIT = 50


@dataclass(frozen=True)
class Entry:
    """One take or conversion of this visit: where its files lie and what it was made from."""

    id: str
    system: str
    title: str
    mixture: str
    voice: str
    seed: int
    duration_s: float
    wav: str
    passport: str
    view: str
    recording: str | None
    emotion_recording: str | None

    def row(self) -> dict[str, Any]:
        """Return what the browser needs to list it."""
        shown = "id system title mixture voice seed duration_s wav passport".split()
        return {name: value for name, value in asdict(self).items() if name in shown}

    def read_passport(self) -> dict[str, Any]:
        """Read the passport back.

        Raises:
            ValueError: its files were deleted, as all files are after a day.
        """
        return _read(self.passport)

    def read_view(self) -> dict[str, Any]:
        """Read what was shown beside the player; raises as `read_passport` does."""
        return _read(self.view)


def _read(path: str) -> dict[str, Any]:
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(
            "This take was deleted, as all files here are within a day. "
            "If you kept its passport, load that and make it again."
        ) from None


def keep(
    take: Take,
    view: dict[str, Any],
    recordings: tuple[str | None, str | None] = (None, None),
) -> Entry:
    """Write a take with its tag and passport, and what was shown with it; return its entry."""
    request = take.request
    mood = request.emotion.top
    mixture = _shares(dict(request.emotion.at_intensity(request.intensity).shares))
    if request.emotion_reference is not None:
        mood, mixture = "recording", "from a recording"
    elif request.emotion_path:
        mood, mixture = "map", "from the map"
    return _kept(
        take,
        view,
        system=called(request.engine),
        mood=mood,
        title=request.text.strip(),
        mixture=mixture,
        voice="your recording" if request.reference else request.voice,
        recordings=recordings,
    )


def keep_converted(
    converted: Converted,
    view: dict[str, Any],
    title: str,
    recordings: tuple[str | None, str | None] = (None, None),
) -> Entry:
    """Write a conversion as `keep` does; `recordings` are source and reference."""
    asked = converted.read_back.requested
    return _kept(
        converted,
        view,
        system=called(converted.request.engine),
        mood=max(asked, key=lambda name: asked[name]),
        title=title,
        mixture=_shares(asked),
        voice=f"intensity {converted.read_back.intensity:.0%}",
        recordings=recordings,
    )


def entry_of(entries: list[Entry], wanted: str) -> Entry:
    """Return the entry of an id.

    Raises:
        ValueError: it is not among them.
    """
    for entry in entries:
        if entry.id == wanted:
            return entry
    raise ValueError("This take is no longer in the list; make it again.")


def still_there(file: str | None) -> str | None:
    """Return a file's name if it was not deleted meanwhile."""
    return file if file and Path(file).exists() else None


def _kept(
    result: Take | Converted,
    view: dict[str, Any],
    *,
    system: str,
    mood: str,
    title: str,
    mixture: str,
    voice: str,
    recordings: tuple[str | None, str | None],
) -> Entry:
    folder = new_folder()
    seed = result.request.seed
    wav = result.save(folder / f"emostudio-{mood}-{seed}-{folder.name[:4].strip('-_')}.wav")
    shown = folder / "view.json"
    shown.write_text(json.dumps(view), encoding="utf-8")
    recording, emotion_recording = recordings
    return Entry(
        id=folder.name,
        system=system,
        title=title,
        mixture=mixture,
        voice=voice,
        seed=seed,
        duration_s=round(result.clip.duration_s, 2),
        wav=str(wav),
        passport=str(wav.with_suffix(".json")),
        view=str(shown),
        recording=recording,
        emotion_recording=emotion_recording,
    )


def _shares(mix: dict[str, float]) -> str:
    return ", ".join(f"{name} {share:.0%}" for name, share in mix.items())
