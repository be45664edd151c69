"""What programs call: `/map_place` and `/map_speak`, through gradio_client or plain HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gradio as gr

from emostudio.maps.placing import SPEAKS, emotion_at, place
from emostudio.values import Clip, Request
from emostudio.web.components.map_own import TICK
from emostudio.web.device import QUEUE, on_device, seconds_for
from emostudio.web.endpoints import whole
from emostudio.web.errors import in_words
from emostudio.web.folder import new_folder
from emostudio.web.map_shelf import Shelf

if TYPE_CHECKING:
    from emostudio.studio import Studio


def build(studio: Studio, shelf: Shelf) -> None:
    """Add both endpoints; their components are not on the page."""
    with gr.Column(visible=False):
        clip = gr.Audio(type="filepath", label="clip")
        key = gr.Textbox("takes", label="map")
        feature = gr.Textbox("diemo", label="feature")
        method = gr.Textbox("umap", label="method")
        consent = gr.Checkbox(False, label="consent")
        found = gr.JSON(label="found")
        gr.Button().click(
            place_endpoint(studio, shelf),
            [clip, key, feature, method, consent],
            found,
            api_name="map_place",
            **QUEUE,
        )
        text = gr.Textbox(label="text")
        places = gr.Textbox(label="places")
        voice = gr.Textbox("kathleen", label="voice")
        lang = gr.Textbox("", label="lang")
        seed = gr.Number(0, label="seed")
        wav = gr.Audio(type="filepath", label="wav")
        passport = gr.JSON(label="passport")
        gr.Button().click(
            speak_endpoint(studio, shelf, wav),
            [text, places, voice, key, feature, method, lang, seed],
            [wav, passport],
            api_name="map_speak",
            **QUEUE,
        )


def place_endpoint(studio: Studio, shelf: Shelf) -> Callable[..., Any]:
    """Return the function behind `/map_place`."""
    embed = on_device(studio.embed, lambda clip: 10)

    def map_place(
        clip: str | None,
        map: str = "takes",
        feature: str = "diemo",
        method: str = "umap",
        consent: bool = False,
    ) -> dict[str, Any]:
        """Place a recording on a map, among the clips that it is most alike.

        Args:
            clip: A sound file; needs consent. It is deleted within a day.
            map: takes or corpus.
            feature: diemo, ser, speaker or raw: what alike means.
            method: umap, pca or plane: the picture that x and y belong to.
            consent: True says: I may use this voice.

        Returns:
            x, y, and the nearest clips: their number, name, labels and similarity.
        """
        with in_words():
            if not clip:
                raise ValueError("There is no recording; send a sound file.")
            if not consent:
                raise ValueError(TICK)
            space = shelf.open(map)
            studio.check_map(space, feature)
            found = place(space, embed(Clip.load(clip)), feature, method)
            pairs = zip(found.neighbors, found.similarities, strict=True)
            neighbors = [
                {"id": at, "name": space.names[at], "similarity": round(alike, 4)}
                | {name: text for name, text in space.label_of(at).items() if text}
                for at, alike in pairs
            ]
        return {"x": found.x, "y": found.y, "neighbors": neighbors}

    return map_place


def speak_endpoint(studio: Studio, shelf: Shelf, wav: gr.Audio) -> Callable[..., Any]:
    """Return the function behind `/map_speak`; `wav` is told which files to delete after a day."""
    on_loan = on_device(studio.speak, seconds_for)

    # A program's arguments are this endpoint's documentation, so they are spelled out.
    def map_speak(
        text: str,
        places: str,
        voice: str = "kathleen",
        map: str = "takes",
        feature: str = "diemo",
        method: str = "umap",
        lang: str = "",
        seed: int = 0,
    ) -> tuple[str, dict[str, Any]]:
        """Speak a text with the emotion of a place on a map, or along several places.

        Args:
            text: What is said, up to 5000 characters.
            places: x and y of each place as JSON, such as [[0.5, -1.2]]; several make a path.
            voice: A preset voice by name.
            map: takes or corpus.
            feature: diemo, ser, speaker or raw, as the picture has it.
            method: umap, pca or plane: the picture that the places belong to.
            lang: The language, en or de; empty is the voice's own.
            seed: The same seed and settings give the same take.

        Returns:
            The sound as a WAV file and its passport.
        """
        with in_words():
            space = shelf.open(map)
            path = emotion_at(space, points_of(places), feature, method)
            studio.check_map(space, SPEAKS)
            request = Request(
                text or "",
                voice=voice or "",
                lang=lang or "",
                seed=whole(seed),
                engine="diemo",
                emotion_path=path,
            )
            take = on_loan(request)
            saved = take.save(new_folder() / f"emostudio-map-{request.seed}.wav")
        wav.temp_files.add(str(saved.with_suffix(".json")))
        return str(saved), take.passport

    return map_speak


def points_of(places: str | None) -> list[tuple[float, float]]:
    """Read places written as JSON.

    Raises:
        ValueError: it is no list of pairs of numbers.

    >>> points_of("[[0.5, -1]]")
    [(0.5, -1.0)]
    """
    try:
        loaded = json.loads(places or "")
        return [(float(x), float(y)) for x, y in loaded]
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise ValueError(
            "places is no list of places; write x and y of each, such as [[0.5, -1.2]]."
        ) from None
