"""What programs call: `/speak` and `/recognize`, through gradio_client or plain HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gradio as gr

from emostudio.values import Clip, EmotionMix, Request
from emostudio.web.device import QUEUE, on_device, seconds_for
from emostudio.web.errors import in_words
from emostudio.web.folder import new_folder

if TYPE_CHECKING:
    from emostudio.studio import Studio


def build(studio: Studio) -> None:
    """Add both endpoints; their components are not on the page."""
    with gr.Column(visible=False):
        text = gr.Textbox(label="text")
        emotion = gr.Textbox("neutral", label="emotion")
        voice = gr.Textbox("kathleen", label="voice")
        lang = gr.Textbox("", label="lang")
        intensity = gr.Number(1.0, label="intensity")
        base = gr.Textbox("", label="base")
        speed = gr.Number(1.0, label="speed")
        n_timesteps = gr.Number(0, label="n_timesteps")
        temperature = gr.Number(0.0, label="temperature")
        k_max = gr.Number(0.6, label="k_max")
        k_min = gr.Number(0.2, label="k_min")
        tail = gr.Textbox("mix", label="tail")
        seed = gr.Number(0, label="seed")
        reference = gr.Audio(type="filepath", label="reference")
        emotion_reference = gr.Audio(type="filepath", label="emotion_reference")
        consent = gr.Checkbox(False, label="consent")
        engine = gr.Textbox("emomix", label="engine")
        wav = gr.Audio(type="filepath", label="wav")
        passport = gr.JSON(label="passport")
        inputs = [text, emotion, voice, lang, intensity, base, speed, n_timesteps, temperature]
        inputs += [k_max, k_min, tail, seed, reference, emotion_reference, consent, engine]
        clip = gr.Audio(type="filepath", label="clip")
        heard = gr.JSON(label="heard")
        gr.Button().click(
            speak_endpoint(studio, wav), inputs, [wav, passport], api_name="speak", **QUEUE
        )
        gr.Button().click(recognize_endpoint(studio), clip, heard, api_name="recognize", **QUEUE)


def weights_of(emotion: str) -> EmotionMix:
    """Read a mixture written as a name, as `happy=0.7,surprise=0.3`, or as JSON of weights.

    Raises:
        ValueError: it is none of these.
    """
    if not emotion.strip().startswith("{"):
        return EmotionMix.parse(emotion.strip())
    try:
        weights = {name: float(weight) for name, weight in json.loads(emotion).items()}
    except (json.JSONDecodeError, TypeError, ValueError):
        raise ValueError(
            f"'{emotion}' is no mixture; write it as "
            'happy=0.7,surprise=0.3 or as JSON: {"happy": 0.7, "surprise": 0.3}.'
        ) from None
    return EmotionMix.from_weights(weights)


def whole(number: float | None) -> Any:
    """Return a whole number as int, as JSON may write it 7.0; anything else as it is, to be told.

    Gradio could do this, but on text it fails without a sentence.
    """
    return int(number) if isinstance(number, float) and number.is_integer() else number


def speak_endpoint(studio: Studio, wav: gr.Audio) -> Callable[..., Any]:
    """Return the function behind `/speak`; `wav` is told which files to delete after a day."""
    on_loan = on_device(studio.speak, seconds_for)

    # A program's arguments are this endpoint's documentation, so they are spelled out.
    def speak(  # noqa: PLR0913
        text: str,
        emotion: str = "neutral",
        voice: str = "kathleen",
        lang: str = "",
        intensity: float = 1.0,
        base: str = "",
        speed: float = 1.0,
        n_timesteps: int = 0,
        temperature: float = 0.0,
        k_max: float = 0.6,
        k_min: float = 0.2,
        tail: str = "mix",
        seed: int = 0,
        reference: str | None = None,
        emotion_reference: str | None = None,
        consent: bool = False,
        engine: str = "emomix",
    ) -> tuple[str, dict[str, Any]]:
        """Speak a text in a voice and a mixture of emotions.

        Args:
            text: What is said, up to 5000 characters.
            emotion: A name, a mixture (happy=0.7,surprise=0.3), or JSON of weights.
            voice: A preset voice by name.
            lang: The language, en or de; empty is the voice's own.
            intensity: 1 is the mixture as it is, 0 is neutral.
            base: The emotion of the first, coarse steps; empty is the largest share.
            speed: 0.5 to 2, where 1 is the speed of the voice.
            n_timesteps: Steps of the sampler; 0 is what the model was tuned for.
            temperature: Of the sampler; 0 is what the model was tuned for.
            k_max: The time above which the base shapes the take.
            k_min: The time down to which the mixture is blended in.
            tail: mix or published: the condition of the last steps.
            seed: The same seed and settings give the same take.
            reference: A recording whose voice speaks instead of the preset; needs consent.
            emotion_reference: A recording whose emotion is used instead; needs consent.
            consent: True says: I may use this voice.
            engine: emomix, or diemo, which is fast and has no sampler to steer; or one of these
                with a tuned model of this installation, as in emomix:NAME.

        Returns:
            The sound as a WAV file and its passport.
        """
        with in_words():
            request = Request(
                text=text or "",
                voice=voice or "",
                reference=Clip.load(reference) if reference else None,
                consent=bool(consent),
                emotion=weights_of(emotion or ""),
                base=base or "",
                intensity=intensity,
                emotion_reference=Clip.load(emotion_reference) if emotion_reference else None,
                lang=lang or "",
                speed=speed,
                n_timesteps=whole(n_timesteps),
                temperature=temperature,
                k_max=k_max,
                k_min=k_min,
                tail=tail,  # pyright: ignore[reportArgumentType]  (Request checks it)
                seed=whole(seed),
                engine=engine or "",
            )
            take = on_loan(request)
            path = take.save(new_folder() / f"emostudio-{request.seed}.wav")
        wav.temp_files.add(str(path.with_suffix(".json")))
        return str(path), take.passport

    return speak


def recognize_endpoint(studio: Studio) -> Callable[..., Any]:
    """Return the function behind `/recognize`."""

    def recognized(clip: Clip) -> dict[str, Any]:
        heard = studio.recognize(clip)
        return {
            "label": heard.label,
            "probs": {name: float(share) for name, share in heard.probs.items()},
            "arousal": float(heard.affect.arousal),
            "dominance": float(heard.affect.dominance),
            "valence": float(heard.affect.valence),
            "by": "EmoStudio's own recognizer",
        }

    on_loan = on_device(recognized, lambda clip: 10)

    def recognize(clip: str | None) -> dict[str, Any]:
        """Say which emotion EmoStudio's own recognizer hears in a recording.

        Args:
            clip: A sound file, up to 100 MB.

        Returns:
            The label, the probability of each emotion, and arousal, dominance, valence.
        """
        with in_words():
            if not clip:
                raise ValueError("There is no recording; send a sound file.")
            return on_loan(Clip.load(clip))

    return recognize
