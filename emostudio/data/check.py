"""What a corpus to tune on holds, what is wrong with it, and what can be tuned on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from emostudio.data.fits import MIN_CLIPS, MIN_SPEECH_S, fits, seconds_by_speaker
from emostudio.data.recording import LONG_S, QUIET_DB, Recording
from emostudio.data.report import Leaks, Report
from emostudio.data.splitting import sentence
from emostudio.data.wording import COMMON
from emostudio.values import EMOTIONS

HOUSE_RATE = 16_000  # Hz, at which all nets work
MAX_SPEECH_S = 3600.0  # from here on more speech of one voice changes little
ENOUGH_PHONEMES = 0.85
MUCH_SILENCE = 0.4
NAMED = 5  # in a sentence; the report has them all


def check(
    recordings: Sequence[Recording],
    *,
    refused: Mapping[str, str] | None = None,
    duplicates: Mapping[str, str] | None = None,
    split_by: str = "table",
    speaker_guessed: bool = False,
) -> Report:
    """Sum up recordings that were taken over.

    Args:
        recordings: all that are left.
        refused: why other files are none, by name.
        duplicates: those of them that have the same sound as another, by name, and that one.
        split_by: what train and dev are apart by.
        speaker_guessed: whether all count as one speaker because nothing tells who speaks.
    """
    seconds = sum(one.seconds for one in recordings)
    worded = [one for one in recordings if one.text]
    heard = {
        lang: frozenset[str]().union(*(one.phonemes for one in worded if one.lang == lang))
        for lang in COMMON
        if any(one.lang == lang for one in worded)
    }
    report = Report(
        clips=len(recordings),
        hours=seconds / 3600,
        splits={split: sum(one.split == split for one in recordings) for split in ("train", "dev")},
        split_by=split_by,
        speakers={name: s / 3600 for name, s in seconds_by_speaker(recordings).items()},
        emotions=_clips_by_emotion(recordings),
        langs=_counts(one.lang for one in recordings),
        rates=_counts(str(one.sample_rate) for one in recordings),
        with_text=len(worded),
        phonemes={lang: len(has & COMMON[lang]) / len(COMMON[lang]) for lang, has in heard.items()},
        unseen={lang: tuple(sorted(COMMON[lang] - has)) for lang, has in heard.items()},
        silence=sum(one.level.silent_s for one in recordings) / max(seconds, 1e-9),
        clipped=tuple(one.source for one in recordings if one.level.clipped),
        quiet=tuple(one.source for one in recordings if one.level.speech_db < QUIET_DB),
        long=tuple(one.source for one in recordings if one.seconds > LONG_S),
        unspoken={one.source: one.unspoken for one in recordings if one.unspoken},
        duplicates=dict(duplicates or {}),
        leaks=leaks_of(recordings),
        refused=dict(refused or {}),
        warnings=(),
        fits=fits(recordings),
    )
    warnings = _warnings(report, recordings, speaker_guessed=speaker_guessed)
    return replace(report, warnings=tuple(warnings))


def leaks_of(recordings: Sequence[Recording]) -> Leaks:
    """Find speakers and sentences that are on both sides."""
    train = [one for one in recordings if one.split == "train"]
    dev = [one for one in recordings if one.split == "dev"]
    speakers = {one.speaker for one in train} & {one.speaker for one in dev}
    sentences = {sentence(one) for one in train} & {sentence(one) for one in dev} - {""}
    return Leaks(
        speakers=tuple(sorted(speakers)),
        clips_of_speakers=sum(one.speaker in speakers for one in dev),
        sentences=tuple(sorted(sentences)),
        clips_of_sentences=sum(sentence(one) in sentences for one in dev),
    )


def _clips_by_emotion(recordings: Sequence[Recording]) -> dict[str, dict[str, int]]:
    names = sorted({one.emotion for one in recordings})
    return {n: _counts(one.speaker for one in recordings if one.emotion == n) for n in names}


def _counts(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))


def _warnings(
    report: Report, recordings: Sequence[Recording], *, speaker_guessed: bool
) -> Iterable[str]:
    """Say what makes training worse, and what to do."""
    few = [
        f"{name} ({clips})"
        for name, clips in _counts(o.emotion for o in recordings if o.split == "train").items()
        if clips < MIN_CLIPS
    ]
    new = [name for name in report.emotions if name not in EMOTIONS]
    low = sum(clips for rate, clips in report.rates.items() if int(rate) < HOUSE_RATE)
    worded = seconds_by_speaker([one for one in recordings if one.text])
    short = [name for name, seconds in worded.items() if seconds < MIN_SPEECH_S]
    much = [name for name, seconds in worded.items() if seconds > MAX_SPEECH_S]
    leaks = report.leaks
    if report.refused:
        yield f"{_n(len(report.refused), 'file')} left out; why is said below."
    if new:
        yield (
            f"New to the recognizer: {_few(new)}. If one means what {', '.join(EMOTIONS[:3])} or "
            "another name here means, call it so."
        )
    if few and len(report.emotions) > 1:
        yield f"Too few clips to learn from: {_few(few)}. An emotion needs {MIN_CLIPS} and more."
    if speaker_guessed and len(report.emotions) > 1:
        yield (
            "Nothing tells who speaks: all are taken for one speaker. Give folders SPEAKER/EMOTION "
            "or a column 'speaker'."
        )
    elif leaks.speakers and len(report.emotions) > 1:
        yield (
            f"{_n(len(leaks.speakers), 'speaker')} in train and dev, with "
            f"{leaks.clips_of_speakers} of the {report.splits['dev']} clips of dev: the recognizer "
            "will look better than it is with strangers."
        )
    if leaks.sentences:
        yield (
            f"{_n(len(leaks.sentences), 'sentence')} in train and dev, with "
            f"{leaks.clips_of_sentences} of the {report.splits['dev']} clips of dev: a voice will "
            "look better than it is with other texts."
        )
    if report.clipped:
        yield (
            f"{_n(len(report.clipped), 'clip')} clipped, such as {_few(report.clipped)}: what is "
            "learned will crackle. Record them softer, or leave them out."
        )
    if report.quiet:
        yield (
            f"{_n(len(report.quiet), 'clip')} very quiet, such as {_few(report.quiet)}: their "
            "noise is raised with them."
        )
    if report.long:
        yield (
            f"{_n(len(report.long), 'clip')} longer than {LONG_S:.0f} s, such as "
            f"{_few(report.long)}. Cut them at pauses: words are found better in short ones."
        )
    if report.silence > MUCH_SILENCE:
        yield f"{report.silence:.0%} of the time is silence. Cut the ends of clips and long pauses."
    if low:
        yield f"{_n(low, 'clip')} below {HOUSE_RATE} Hz: they will sound dull, and so will a voice."
    if 0 < report.with_text < report.clips:
        yield (
            f"{_n(report.clips - report.with_text, 'clip')} without text that can be spoken: a "
            "voice does not learn from these."
        )
    for lang, share in report.phonemes.items():
        if share < ENOUGH_PHONEMES:
            yield (
                f"The texts have {share:.0%} of the common sounds of '{lang}'; never said: "
                f"{' '.join(report.unseen[lang])}. Add sentences with these for a voice."
            )
    if short and len(short) < len(worded):
        yield f"Less than a minute with text, too little for a voice: {_few(short)}."
    if much:
        yield f"More than an hour with text: {_few(much)}. A voice needs no more than that."


def _n(count: int, noun: str) -> str:
    return f"{count} {noun} is" if count == 1 else f"{count} {noun}s are"


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (" and others" if len(names) > NAMED else "")
