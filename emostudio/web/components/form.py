"""Between what a person filled in and a Request, both ways."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any

import gradio as gr

from emostudio.values import LANGUAGES, UNREAD, Clip, EmotionMix, Request
from emostudio.web.components.mixer import LARGEST, Mixer
from emostudio.web.components.more import More
from emostudio.web.components.voice_picker import PRESET, RECORDING, VoicePicker, voices_of

Values = Mapping[Any, Any]
NEUTRAL = EmotionMix((("neutral", 1.0),))


@dataclass(frozen=True)
class Form:
    """All inputs of the page."""

    text: gr.Textbox
    voice: VoicePicker
    engine: gr.Radio
    mixer: Mixer
    more: More
    consent: gr.Checkbox

    def inputs(self) -> list[gr.components.Component]:
        """Return every component that a Request is read from."""
        return [
            self.text,
            self.voice.lang,
            self.voice.source,
            self.voice.voice,
            self.voice.recording,
            self.engine,
            *self.mixer.sliders.values(),
            self.mixer.base,
            self.mixer.intensity,
            self.mixer.recording,
            *(getattr(self.more, field.name) for field in fields(self.more)),
            self.consent,
        ]

    def recordings(self, values: Values) -> tuple[str | None, str | None]:
        """Return the files of the recorded voice and the recorded emotion that are in use."""
        recorded = values[self.voice.source] == RECORDING
        return (values[self.voice.recording] if recorded else None), values[self.mixer.recording]

    def check(self, values: Values) -> None:
        """Refuse at once what needs no turn in the queue to be refused; read no recording.

        Raises:
            ValueError: as `request`.
        """
        self._request(values, lambda file: UNREAD)

    def request(self, values: Values) -> Request:
        """Read the form.

        Raises:
            ValueError: something is missing or out of range; the sentence says what.
        """
        return self._request(values, Clip.load)

    def _request(self, values: Values, load: Callable[[str], Clip]) -> Request:
        voice_file, emotion_file = self.recordings(values)
        if values[self.voice.source] == RECORDING and voice_file is None:
            raise ValueError(
                f"There is no recording of a voice yet; upload or record one, or choose '{PRESET}'."
            )
        if voice_file is None and not values[self.voice.voice]:
            raise ValueError("Choose a voice.")
        more = {field.name: values[getattr(self.more, field.name)] for field in fields(self.more)}
        for name, value in more.items():
            if value is None:
                raise ValueError(f"The field {name} is empty; type a number.")
        return Request(
            text=values[self.text] or "",
            voice=values[self.voice.voice] or "",
            reference=load(voice_file) if voice_file else None,
            consent=bool(values[self.consent]),
            emotion=self._emotion(values),
            base=values[self.mixer.base] or "",
            intensity=values[self.mixer.intensity],
            emotion_reference=load(emotion_file) if emotion_file else None,
            lang=values[self.voice.lang],
            engine=values[self.engine],
            **more,
        )

    def _emotion(self, values: Values) -> EmotionMix:
        weights = {name: values[slider] or 0.0 for name, slider in self.mixer.sliders.items()}
        if values[self.mixer.recording] and math.fsum(weights.values()) == 0:
            return NEUTRAL  # the recording takes its place
        return EmotionMix.from_weights(weights)

    def filled(
        self,
        request: Request,
        voices: dict[str, str],
        engines: Collection[str],
        recordings: tuple[str | None, str | None] = (None, None),
    ) -> dict[Any, Any]:
        """Return the updates that put a Request into the form, which has these voices and engines.

        `recordings` are the files its recordings came from; with None the person adds them.
        """
        voice_file, emotion_file = recordings
        recorded = request.reference is not None or voice_file is not None
        lang = request.lang or voices.get(request.voice, LANGUAGES[0])
        names = voices_of(voices, lang, also=request.voice)
        known = request.voice if request.voice in names else None
        updates: dict[Any, Any] = {
            self.text: request.text,
            self.voice.lang: lang,
            self.voice.source: RECORDING if recorded else PRESET,
            self.voice.voice: gr.Dropdown(
                choices=names, value=known or (names[0] if names else None)
            ),
            self.voice.recording: voice_file,
            self.engine: request.engine if request.engine in engines else next(iter(engines)),
            self.mixer.base: request.base if request.base in self.mixer.sliders else LARGEST,
            self.mixer.intensity: request.intensity,
            self.mixer.recording: emotion_file,
            self.consent: request.consent and any(recordings),
        }
        for name, slider in self.mixer.sliders.items():
            updates[slider] = request.emotion[name]
        for field in fields(self.more):
            updates[getattr(self.more, field.name)] = getattr(request, field.name)
        return updates
