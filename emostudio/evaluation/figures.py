"""From what the judges heard to figures: sums over takes, intervals over sentences."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from emostudio.evaluation import asked, manners
from emostudio.evaluation.asked import Asked
from emostudio.evaluation.hearing import Heard, Hearing, label
from emostudio.evaluation.real import Recordings, clip_of, spread
from emostudio.evaluation.speech import Judged, read
from emostudio.evaluation.statistics import estimate, rank_correlation
from emostudio.text.normalize import normalize
from emostudio.text.phonemes import phonemize

# Our two nets that hear emotion; every figure of emotion is given by both.
EARS: dict[str, Callable[[Heard], dict[str, float]]] = {
    "judge": lambda heard: heard.judge,
    "recognizer": lambda heard: heard.recognizer,
}
CALM = ("neutral", "calm")


def by_emotion(judged: Judged) -> dict[str, dict[str, Any]]:
    """By voice and emotion: words, opinion, voice, emotion, manners and noise floor."""
    report: dict[str, dict[str, Any]] = {}
    cells: dict[tuple[str, str], list[Asked]] = {}
    for ask in _part(judged, "emotions"):
        cells.setdefault((ask.about["voice"], ask.about["emotion"]), []).append(ask)
    for (voice, emotion), takes in cells.items():
        heard = [judged.own[ask.file] for ask in takes]
        row = outside(judged, [ask.file for ask in takes], [ask.sentence for ask in takes])
        row |= similarity(judged, {ask.file: ask.speaker for ask in takes})
        row |= {f"{ear}_hit": _hits(heard, emotion, listen) for ear, listen in EARS.items()}
        row["heard"] = {ear: _counts(heard, listen) for ear, listen in EARS.items()}
        if any(h.manners for h in heard):
            row["manners"] = vars(manners.mean([h.manners for h in heard]))
        row["floor_db"] = round(float(np.mean([h.floor_db for h in heard])), 2)
        report.setdefault(voice, {})[emotion] = row
    for rows in report.values():
        for emotion, row in rows.items():
            plain = rows.get("neutral", row)
            row["floor_over_neutral_db"] = round(row["floor_db"] - plain["floor_db"], 2)
            if "manners" not in row or "manners" not in plain:
                continue
            moved = manners.moves(
                manners.Manners(**row["manners"]), manners.Manners(**plain["manners"])
            )
            row["moves"] = moved
            if emotion in manners.DIRECTIONS:
                row["as_acted"] = manners.as_acted(emotion, moved)
    return report


def real(judged: Judged) -> dict[str, Any]:
    """Real dev recordings by what they are, from the same judges."""
    report = {}
    for name, utterances in judged.anchors.items():
        heard = [judged.own[u.name] for u in utterances]
        row: dict[str, Any] = {"clips": len(utterances)}
        row |= outside(judged, [u.name for u in utterances], [u.text for u in utterances])
        row |= similarity(judged, {u.name: u.speaker for u in utterances})
        if utterances[0].corpus in asked.NOT_ACTED:
            emotion = utterances[0].emotion
            row |= {f"{ear}_hit": _hits(heard, emotion, listen) for ear, listen in EARS.items()}
        else:
            for ear, listen in EARS.items():
                calm = [label(listen(h)) in CALM for h in heard]
                row[f"{ear}_neutral_or_calm"] = estimate(calm).json()
        row["heard"] = {ear: _counts(heard, listen) for ear, listen in EARS.items()}
        report[name] = row
    return report


def presets(judged: Judged) -> dict[str, dict[str, Any]]:
    """Likeness of every preset's neutral takes to its speaker, beside real clips of that voice."""
    cells: dict[str, list[Asked]] = {}
    for ask in judged.asked:
        if ask.part in ("presets", "german") or ask.about.get("emotion") == "neutral":
            cells.setdefault(ask.about.get("voice", ""), []).append(ask)
    found = {}
    for voice, takes in cells.items():
        row = similarity(judged, {ask.file: ask.speaker for ask in takes})
        recordings = judged.anchors.get(takes[0].speaker, [])
        beside = similarity(judged, {u.name: u.speaker for u in recordings})
        if "similarity" in beside:
            row["of_recordings"] = beside["similarity"]
        if voice and row:
            found[voice] = row
    return found


def mixing(judged: Judged) -> list[dict[str, Any]]:
    """Probability of the emotion that is mixed in, and of the base, by weight (figure 2)."""
    curves: dict[tuple[str, str], list[Asked]] = {}
    for ask in _part(judged, "mixing"):
        curves.setdefault((ask.about["base"], ask.about["added"]), []).append(ask)
    return [
        {"base": base, "added": added, "weights": sorted({t.about["weight"] for t in takes})}
        | _curve(judged, takes, "weight", added)
        | {"of_base": _curve(judged, takes, "weight", base)}
        for (base, added), takes in curves.items()
    ]


def intensity(judged: Judged) -> list[dict[str, Any]]:
    """Probability of an emotion by its intensity; weak, medium and strong are among them."""
    curves: dict[str, list[Asked]] = {}
    for ask in _part(judged, "intensity"):
        curves.setdefault(ask.about["emotion"], []).append(ask)
    report = []
    for emotion, takes in curves.items():
        levels = sorted({t.about["intensity"] for t in takes})
        found = {"emotion": emotion, "intensities": levels}
        found |= _curve(judged, takes, "intensity", emotion)
        for ear in EARS:
            at = dict(zip(levels, found[ear], strict=True))
            found[f"{ear}_presets"] = {n: at[x]["value"] for n, x in asked.PRESETS.items()}
        report.append(found)
    return report


def same_sentence(judged: Judged) -> dict[str, Any]:
    """Mel cepstral distortion (dB) and log-F0 error against real recordings (EmoMix, table 1)."""
    found: dict[str, dict[str, Any]] = {}
    cells: dict[tuple[str, str], list[Asked]] = {}
    for ask in _part(judged, "same"):
        if ask.file in judged.pairs:
            cells.setdefault((ask.speaker, ask.about["emotion"]), []).append(ask)
    for (speaker, emotion), takes in cells.items():
        row = {"takes": len(takes)}
        for measure in ("mcd", "log_f0_error"):
            values = [judged.pairs[t.file].get(measure) for t in takes]
            known = [value for value in values if value is not None]
            row |= {measure: estimate(known).json()} if known else {}
        found.setdefault(speaker, {})[emotion] = row
    return found


def readers(judged: Judged) -> dict[str, Any]:
    """Of how many takes after ten seconds of a reader that reader ranks first of the eight."""
    takes = _part(judged, "readers")
    speakers = [s for s in asked.READERS if s in judged.voices]
    means = {s: _voice(judged, s) for s in speakers}
    if not takes or any(mean is None for mean in means.values()):
        return {}
    first, confusions = [], {s: {} for s in speakers}
    for ask in takes:
        nearest = _nearest(judged, ask.file, means)
        first.append(nearest == ask.speaker)
        confusions[ask.speaker][nearest] = confusions[ask.speaker].get(nearest, 0) + 1
    names = [ask.speaker for ask in takes]
    found = {"first": estimate(first, groups=names).json(), "confusions": confusions}
    return found | {"readers": len(speakers), "recordings_first": real_readers(judged)}


def real_readers(judged: Judged) -> float | None:
    """Share of the readers' other recordings whose reader ranks first: what a copy would get."""
    means = {s: _voice(judged, s) for s in asked.READERS if s in judged.voices}
    of_ten = {u.name for us in judged.voices.values() for u in us}
    clips = [
        u
        for u in judged.anchors.get("librispeech", [])
        if u.speaker in means
        and u.name not in of_ten
        and judged.outside.get(u.name, {}).get("voice")
    ]
    if not clips or any(mean is None for mean in means.values()):
        return None
    right = [_nearest(judged, u.name, means) == u.speaker for u in clips]
    return round(float(np.mean(right)), 4)


def german(
    judged: Judged, hearing: Hearing, real: Recordings | None, takes: Path
) -> dict[str, Any]:
    """Phoneme error of German takes and recordings, by our own aligner: no other judge is here."""
    spoken = [(ask.request.text, read(takes / ask.file)) for ask in _part(judged, "german")]
    recordings = spread(real.select("kerstin"), max(10, len(spoken))) if real and spoken else []
    found: dict[str, Any] = {"by": "our own aligner"} if spoken else {}
    for name, sounds in (
        ("takes", spoken),
        ("recordings", [(u.text, clip_of(u).wav) for u in recordings]),
    ):
        if sounds:
            tokens = phonemize([normalize(text, "de") for text, _ in sounds], "de")
            counted = [
                hearing.phoneme_errors(wav, t) for (_, wav), t in zip(sounds, tokens, strict=True)
            ]
            errors, phonemes = zip(*counted, strict=True)
            found[name] = estimate(errors, phonemes).json()
    return found


def _part(judged: Judged, part: str) -> list[Asked]:
    return [ask for ask in judged.asked if ask.part == part]


def outside(judged: Judged, names: Sequence[str], sentences: Sequence[Any]) -> dict[str, Any]:
    """Word error over all words and mean P.808 of sounds, with intervals over their sentences."""
    said = [judged.outside.get(name, {}) for name in names]
    found: dict[str, Any] = {}
    counted = [(s, g) for s, g in zip(said, sentences, strict=True) if "errors" in s]
    if counted:
        errors, words = [s["errors"] for s, _ in counted], [len(s["said"]) for s, _ in counted]
        found["word_error"] = estimate(errors, words, [g for _, g in counted]).json()
    opinions = [(s["p808"], g) for s, g in zip(said, sentences, strict=True) if "p808" in s]
    if opinions:
        found["p808"] = estimate([o for o, _ in opinions], None, [g for _, g in opinions]).json()
    return found


def similarity(judged: Judged, speaker_of: dict[str, str]) -> dict[str, Any]:
    """Cosine of resemblyzer embeddings between each sound and the mean of its speaker's ten."""
    cosines = []
    for name, speaker in speaker_of.items():
        clips = judged.voices.get(speaker, [])
        mean = _voice(judged, speaker, without=name) if clips else None
        voice = judged.outside.get(name, {}).get("voice")
        if mean is not None and voice is not None:
            cosines.append(float(np.array(voice) @ mean))
    return {"similarity": estimate(cosines).json()} if cosines else {}


def _voice(judged: Judged, speaker: str, without: str = "") -> np.ndarray | None:
    embeddings = [
        judged.outside[u.name]["voice"]
        for u in judged.voices[speaker]
        if u.name != without and "voice" in judged.outside.get(u.name, {})
    ]
    if not embeddings:
        return None
    mean = np.mean(embeddings, axis=0)
    return mean / np.linalg.norm(mean)


def _nearest(judged: Judged, name: str, means: dict[str, Any]) -> str:
    """The speaker whose mean embedding is most like a sound's."""
    voice = np.array(judged.outside[name]["voice"])
    return max(means, key=lambda speaker: float(voice @ means[speaker]))


def _hits(heard: Sequence[Heard], emotion: str, listen: Callable) -> dict[str, Any]:
    return estimate([label(listen(h)) == emotion for h in heard]).json()


def _counts(heard: Sequence[Heard], listen: Callable) -> dict[str, int]:
    labels = [label(listen(h)) for h in heard]
    return {name: labels.count(name) for name in dict.fromkeys(labels)}


def _curve(judged: Judged, takes: Sequence[Asked], axis: str, emotion: str) -> dict[str, Any]:
    places = sorted({t.about[axis] for t in takes})
    found: dict[str, Any] = {}
    for ear, listen in EARS.items():
        points = [
            estimate([listen(judged.own[t.file])[emotion] for t in takes if t.about[axis] == place])
            for place in places
        ]
        found[ear] = [point.json() for point in points]
        found[f"{ear}_spearman"] = rank_correlation(places, [point.value for point in points])
    return found
