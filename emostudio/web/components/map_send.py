"""Send to test: an administrator sets the selected takes of a map aside for tests and labels.

Nobody else sees it, and whoever calls its event by hand is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr

from emostudio.maps.space import EmotionMap
from emostudio.studies.clips import MAX_NAME, NewClip
from emostudio.studies.collecting import SYSTEMS, collect, emotion_asked
from emostudio.values import EMOTIONS
from emostudio.web.admin.desk import Desk
from emostudio.web.admin.guard import NOBODY, Authority
from emostudio.web.errors import in_words
from emostudio.web.map_shelf import Shelf

if TYPE_CHECKING:
    from emostudio.studio import Studio

MOST = 200  # clips at once


@dataclass(frozen=True)
class MapSend:
    """The components: all in one box, which only administrators see."""

    box: gr.Column
    send: gr.Button


def map_send() -> MapSend:
    """Build it, unseen."""
    with gr.Column(visible=False, elem_id="for-test") as box:
        send = gr.Button("Send the selected clips to test", size="sm", elem_id="send-selected")
        gr.HTML(
            "<p class='note'>They wait under Clips of any draft, listening tests and labels alike. "
            "Select them with Lasso or Box.</p>"
        )
    return MapSend(box, send)


def connect_map_sending(
    part: MapSend, studio: Studio, shelf: Shelf, which: gr.Dropdown, selected: gr.State
) -> None:
    """Show it to administrators, and send what is selected."""
    desk, authority = Desk.of(studio), Authority.of(studio.settings)

    def may_send(request: gr.Request) -> gr.Column:
        return gr.Column(visible=authority.actor_of(dict(request.cookies)) is not None)

    def send_selected(key: str | None, chosen: list[int], request: gr.Request) -> None:
        actor = authority.actor_of(dict(request.cookies))
        with in_words():
            if actor is None:
                raise ValueError(NOBODY)
            space = shelf.open(key)
            clips = clips_of(space, chosen)
            added = [collect(desk.db, desk.sounds, one, actor=actor) for one in clips]
        new = sum(map(bool, added))
        there = f"; {len(added) - new} waited there already" if new < len(added) else ""
        gr.Info(f"{new} of them went under Clips of any draft, at /admin{there}.")

    gr.on(None, may_send, None, part.box, api_visibility="private", show_progress="hidden")
    part.send.click(
        send_selected, [which, selected], None, api_visibility="private", concurrency_limit=None
    )


def clips_of(space: EmotionMap, chosen: list[int]) -> list[NewClip]:
    """Return the selected dots that have sound, as clips of a study.

    Raises:
        ValueError: none is selected, they are too many, or none of them has sound.
    """
    if not chosen:
        raise ValueError("Nothing is selected; draw around some dots with Lasso or Box.")
    if len(chosen) > MOST:
        raise ValueError(f"These are {len(chosen)} clips; {MOST} at once is the limit.")
    clips = [
        _clip(space, at, sound)
        for at in chosen
        if 0 <= at < len(space) and (sound := space.sound_of(at)) is not None
    ]
    if not clips:
        raise ValueError("Clips of a corpus are not kept here, only where they lie. Select takes.")
    return clips


def _clip(space: EmotionMap, at: int, sound: Path) -> NewClip:
    label = space.label_of(at)
    emotion = label["emotion"]
    asked = emotion_asked({emotion: 1.0}) if emotion in EMOTIONS else {}
    return NewClip(
        sound,
        name=space.names[at],
        system=SYSTEMS.get(label["corpus"], label["corpus"] or label["source"])[:MAX_NAME],
        text=label["text"],
        speaker=label["speaker"],
        intensity=_share(label["intensity"]),
        # The tray keeps a passport and reads the recognizer's guess from there.
        provenance={"map": space.names[at], "read_back": {"probs": space.probs_of(at)}},
        **asked,
    )


def _share(intensity: str) -> float | None:
    """Read an intensity that is a number from 0 to 1; corpora have words for theirs."""
    try:
        share = float(intensity)
    except ValueError:
        return None
    return share if 0 <= share <= 1 else None
