"""What programs call: `/convert`, through gradio_client or plain HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gradio as gr

from emostudio.conversion import FLOOR, Conversion
from emostudio.values import Clip
from emostudio.web.device import QUEUE, on_device, seconds_to_convert
from emostudio.web.endpoints import weights_of, whole
from emostudio.web.errors import in_words
from emostudio.web.folder import new_folder

if TYPE_CHECKING:
    from emostudio.studio import Studio


def build(studio: Studio) -> None:
    """Add the endpoint; its components are not on the page."""
    with gr.Column(visible=False):
        source = gr.Audio(type="filepath", label="source")
        emotion = gr.Textbox("", label="emotion")
        emotion_reference = gr.Audio(type="filepath", label="emotion_reference")
        reference_share = gr.Number(0.5, label="reference_share")
        intensity = gr.Number(1.0, label="intensity")
        floor = gr.Number(FLOOR, label="floor")
        rhythm = gr.Textbox("source", label="rhythm")
        seed = gr.Number(0, label="seed")
        consent = gr.Checkbox(False, label="consent")
        engine = gr.Textbox("zest", label="engine")
        wav = gr.Audio(type="filepath", label="wav")
        passport = gr.JSON(label="passport")
        inputs = [source, emotion, emotion_reference, reference_share, intensity, floor, rhythm]
        inputs += [seed, consent, engine]
        gr.Button().click(
            convert_endpoint(studio, wav), inputs, [wav, passport], api_name="convert", **QUEUE
        )


def convert_endpoint(studio: Studio, wav: gr.Audio) -> Callable[..., Any]:
    """Return the function behind `/convert`; `wav` is told which files to delete after a day."""
    on_loan = on_device(studio.convert, seconds_to_convert)

    # A program's arguments are this endpoint's documentation, so they are spelled out.
    def convert(  # noqa: PLR0913
        source: str | None,
        emotion: str = "",
        emotion_reference: str | None = None,
        reference_share: float = 0.5,
        intensity: float = 1.0,
        floor: float = FLOOR,
        rhythm: str = "source",
        seed: int = 0,
        consent: bool = False,
        engine: str = "zest",
    ) -> tuple[str, dict[str, Any]]:
        """Change the emotion of a recording, keep the voice and the words.

        Args:
            source: A sound file of one person speaking, up to 5 minutes; needs consent.
            emotion: A name, a mixture (happy=0.7,surprise=0.3), or JSON of weights; may be empty
                where emotion_reference is given.
            emotion_reference: A recording whose emotion is taken.
            reference_share: How much that recording counts where emotion is given, too; 0 to 1.
            intensity: 1 is the emotion as it is, 0 is neutral.
            floor: How much of the voice's likeness must stay, 0 to 1; 0 is off.
            rhythm: source, or emotion to speak faster or slower as the emotion asks.
            seed: The same seed and settings give the same result.
            consent: True says: I may use this voice.
            engine: zest, or zest with a tuned model of this installation, as in zest:NAME.

        Returns:
            The sound as a WAV file and its passport.
        """
        with in_words():
            if not source:
                raise ValueError("There is no recording; send a sound file as source.")
            request = Conversion(
                Clip.load(source),
                consent=bool(consent),
                emotion=weights_of(emotion) if emotion else None,
                emotion_reference=Clip.load(emotion_reference) if emotion_reference else None,
                reference_share=reference_share,
                intensity=intensity,
                floor=floor,
                rhythm=rhythm,  # pyright: ignore[reportArgumentType]  (Conversion checks it)
                seed=whole(seed),
                engine=engine or "",
            )
            converted = on_loan(request)
            path = converted.save(new_folder() / f"emostudio-converted-{request.seed}.wav")
        wav.temp_files.add(str(path.with_suffix(".json")))
        return str(path), converted.passport

    return convert
