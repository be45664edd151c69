"""How fast a recording is converted, all that a person waits for included: guard and read-back."""

from collections.abc import Iterator
from typing import Protocol

from emostudio.conversion import Conversion, Converted
from emostudio.evaluation.timing import Figure, timed
from emostudio.settings import Settings
from emostudio.values import Clip, EmotionMix


class Converter(Protocol):
    """What this part of the bench needs of the studio."""

    settings: Settings

    def convert(self, source: Conversion) -> Converted:
        """Convert a recording."""
        ...

    def convert_parts(self, request: Conversion) -> Iterator[Converted]:
        """Convert it part by part."""
        ...


def conversions(studio: Converter, recording: Clip, repeats: int) -> Iterator[Figure]:
    """Real-time factor of a recording of about 10 s, and the wait for its first part."""
    device = studio.settings.device
    request = Conversion(recording, consent=True, emotion=EmotionMix.of(angry=7, surprise=3))
    seconds = recording.duration_s
    spent = timed(lambda: studio.convert(request), repeats, device)
    note = f"{seconds:.1f} s of sound, guard and read-back included"
    yield Figure("real-time factor, convert 10 s", "", tuple(s / seconds for s in spent), note)
    waits = timed(lambda: next(studio.convert_parts(request)), repeats, device)
    yield Figure("first sound, convert 10 s", "s", waits)
