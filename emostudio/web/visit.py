"""The takes of one visit: files in a folder that nobody can guess, and small entries about them.

The folder lies in the app's (`folder.py`). `gr.State` holds the entries, never a take.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from emostudio.values import Take
from emostudio.web.folder import new_folder

LIMIT = 50


@dataclass(frozen=True)
class Entry:
    """One take of this visit: where its files lie and what it was made from."""

    id: str
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
        shown = ("id", "title", "mixture", "voice", "seed", "duration_s", "wav", "passport")
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
            "If you kept its passport, load that and speak again."
        ) from None


def keep(
    take: Take,
    view: dict[str, Any],
    recordings: tuple[str | None, str | None] = (None, None),
) -> Entry:
    """Write a take with its tag and passport, and what was shown with it; return its entry."""
    folder = new_folder()
    request = take.request
    mood = "recording" if request.emotion_reference else request.emotion.top
    name = f"emostudio-{mood}-{request.seed}-{folder.name[:4].strip('-_')}"
    wav = take.save(folder / f"{name}.wav")
    shown = folder / "view.json"
    shown.write_text(json.dumps(view), encoding="utf-8")
    voice, emotion = recordings
    return Entry(
        id=folder.name,
        title=request.text.strip(),
        mixture="from a recording" if request.emotion_reference else _mixture(take),
        voice="your recording" if request.reference else request.voice,
        seed=request.seed,
        duration_s=round(take.clip.duration_s, 2),
        wav=str(wav),
        passport=str(wav.with_suffix(".json")),
        view=str(shown),
        recording=voice,
        emotion_recording=emotion,
    )


def _mixture(take: Take) -> str:
    mix = take.request.emotion.at_intensity(take.request.intensity)
    return ", ".join(f"{name} {share:.0%}" for name, share in mix.shares)
