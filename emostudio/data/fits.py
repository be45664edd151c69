"""What can be tuned on a corpus, and why the rest can not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from emostudio.data.recording import Recording
from emostudio.data.splitting import LEAST
from emostudio.values import EMOTIONS, LANGUAGES

MIN_CLIPS = 4  # to train on, of an emotion
MIN_SPEECH_S = 60.0
UNKNOWN_TO_ZEST = "bored"  # as models.zest.config says


def fits(recordings: Sequence[Recording]) -> dict[str, str]:
    """Return why each base can't be tuned on these, by its name; nothing where it can."""
    worded = [one for one in recordings if one.text and one.emotion in EMOTIONS]
    voice = _voice(worded)
    return {
        "ser": _recognizer(recordings),
        "emomix": voice,
        "diemo": voice,
        "vocoder": _vocoder(recordings),
        "zest": _zest([one for one in worded if one.emotion != UNKNOWN_TO_ZEST]),
    }


def seconds_by_speaker(recordings: Sequence[Recording]) -> dict[str, float]:
    """Add up what each speaks, in the order of their names."""
    found = dict.fromkeys(sorted({one.speaker for one in recordings}), 0.0)
    for one in recordings:
        found[one.speaker] += one.seconds
    return found


def _recognizer(recordings: Sequence[Recording]) -> str:
    taught = [name for name, clips in _trained(recordings).items() if clips >= MIN_CLIPS]
    if len(taught) < 2:
        return (
            f"It needs two emotions and more with {MIN_CLIPS} clips each to train on; "
            f"{_listed(taught)} so many. Add clips."
        )
    return _held_out(recordings)


def _voice(worded: Sequence[Recording]) -> str:
    longest = max(seconds_by_speaker(worded).values(), default=0.0)
    if longest < MIN_SPEECH_S:
        return (
            "It needs a minute of speech of one speaker, with text in "
            f"{' or '.join(LANGUAGES)} and an emotion that the model knows; the most that one "
            f"speaker has is {longest:.0f} s. Add clips, or a column 'text'."
        )
    return _held_out(worded)


def _vocoder(recordings: Sequence[Recording]) -> str:
    seconds = sum(one.seconds for one in recordings if one.split == "train")
    if seconds < MIN_SPEECH_S:
        return f"It needs a minute of speech to train on, and there are {seconds:.0f} s. Add clips."
    return _held_out(recordings)


def _zest(worded: Sequence[Recording]) -> str:
    taught = [name for name, clips in _trained(worded).items() if clips >= MIN_CLIPS]
    if "neutral" not in taught or len(taught) < 2:
        return (
            f"It needs neutral and one more emotion that it knows, {MIN_CLIPS} clips of each to "
            f"train on, with text; {_listed(taught)} so many. Add clips, or a column 'text'."
        )
    return _held_out(worded)


def _held_out(recordings: Sequence[Recording]) -> str:
    dev = sum(one.split == "dev" for one in recordings)
    if dev < LEAST:
        return (
            f"It needs {LEAST} clips and more that are held out, to compare before and after; "
            f"there {'is' if dev == 1 else 'are'} {dev}. Add clips, or mark some as dev in a "
            "column 'split'."
        )
    return ""


def _trained(recordings: Sequence[Recording]) -> Counter[str]:
    return Counter(one.emotion for one in recordings if one.split == "train")


def _listed(names: Sequence[str]) -> str:
    verb = "have" if len(names) > 1 else "has"
    return f"only {' and '.join(names)} {verb}" if names else "none has"
