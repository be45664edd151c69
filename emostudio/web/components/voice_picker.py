"""Whose voice speaks: a preset of the studio, or a recording with its owner's consent."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from emostudio.values import LANGUAGES

LANGUAGE_NAMES = {"en": "English", "de": "Deutsch"}
PRESET, RECORDING = "Studio", "Recording"


@dataclass(frozen=True)
class VoicePicker:
    """The components of this part."""

    lang: gr.Radio
    source: gr.Radio
    voice: gr.Dropdown
    recording: gr.Audio


def voices_of(voices: dict[str, str], lang: str, also: str = "") -> list[str]:
    """Return the presets that speak a language, and `also` one that a passport asks for.

    >>> voices_of({"kathleen": "en", "kerstin": "de"}, "de")
    ['kerstin']
    """
    return [name for name, spoken in voices.items() if spoken == lang or name == also]


def sound_input(label: str, elem_id: str, *, visible: bool = True) -> gr.Audio:
    """Make an input for a sound file or the microphone; the file arrives as it was uploaded."""
    return gr.Audio(
        sources=["upload", "microphone"],
        type="filepath",
        label=label,
        editable=False,
        buttons=[],
        visible=visible,
        elem_id=elem_id,
    )


def voice_picker(voices: dict[str, str]) -> VoicePicker:
    """Build it; languages that no preset speaks are left out."""
    spoken = [lang for lang in LANGUAGES if lang in voices.values()] or [LANGUAGES[0]]
    names = voices_of(voices, spoken[0])
    with gr.Row(equal_height=True, elem_classes="voice-row"):
        lang = gr.Radio(
            [(LANGUAGE_NAMES[lang], lang) for lang in spoken],
            value=spoken[0],
            label="Language",
            elem_id="lang",
            min_width=150,
        )
        source = gr.Radio(
            [PRESET, RECORDING], value=PRESET, label="Voice from", elem_id="source", min_width=210
        )
        voice = gr.Dropdown(
            names,
            value=names[0] if names else None,
            label="Voice",
            elem_id="voice",
            min_width=140,
        )
    recording = sound_input(
        "Recording of a voice, 3 to 30 seconds of clear speech", "recording", visible=False
    )

    def of_source(source: str) -> list[object]:
        recorded = source == RECORDING
        return [gr.Dropdown(visible=not recorded), gr.Audio(visible=recorded)]

    source.change(
        of_source, source, [voice, recording], api_visibility="private", show_progress="hidden"
    )
    return VoicePicker(lang, source, voice, recording)
