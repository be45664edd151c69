"""Two recognizers on the held-out clips of a corpus, and on takes in the emotions known before."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from emostudio.data.corpora import Utterance
from emostudio.engines.emomix import EmoMixEngine
from emostudio.engines.takes import joined, spoken
from emostudio.evaluation import asked
from emostudio.evaluation.compare_findings import Both, Findings, Measure
from emostudio.evaluation.held_out import confusion
from emostudio.evaluation.readback import recognize
from emostudio.evaluation.real import clip_of, spread
from emostudio.models.ser import EmotionRecognizer
from emostudio.values import EMOTIONS, Clip, EmotionMix, Prediction, Request

MOST_CLIPS = 240
OWN_SENTENCES, OWN_VOICES = 6, 2
ACCURACY = Measure("accuracy", "Share of the held-out clips whose emotion is heard.")
RECALL = Measure("mean recall", "The same, every emotion counting alike.")
KNOWN = Measure(
    "accuracy on emotions known before",
    "Share of the held-out clips in emotions that the base has a name for.",
)
REMEMBERED = Measure(
    "old emotions heard in takes of EmoMix",
    "Takes in all emotions known before; the asked one is heard among all that a net can say.",
)


def find(both: Both, found: Findings) -> None:
    """Let both hear the same clips.

    Raises:
        ValueError: a checkpoint is missing or damaged, or a recording can't be read.
    """
    nets = {name: store.load(EmotionRecognizer) for name, store in both.stores.items()}
    emotions = tuple(dict.fromkeys(clip.emotion for clip in both.clips))
    clips = spread(sorted(both.split("dev"), key=lambda u: (u.emotion, u.name)), MOST_CLIPS)
    both.say(0.0, f"hearing {len(clips)} held-out clips")
    sounds = [clip_of(clip) for clip in clips]
    heard = {name: [recognize(net, sound) for sound in sounds] for name, net in nets.items()}
    labels = {name: [label_of(each, emotions) for each in of] for name, of in heard.items()}
    _compare_hits(clips, labels, set(nets["base"].config.emotions), found)
    for name, said in labels.items():
        found.confusions[name] = confusion([clip.emotion for clip in clips], said)
    places = (np.stack([each.embedding for each in of]) for of in heard.values())
    found.add_drift("clips", *places)
    if new := [name for name in emotions if name not in nets["base"].config.emotions]:
        _compare_new(new, clips, labels, found)
    found.notes.append(
        "Of the held-out clips a net is asked for the emotions of this corpus alone."
    )
    _compare_memory(both, found, nets)


def label_of(heard: Prediction, offered: tuple[str, ...]) -> str:
    """The likeliest emotion among those offered; of all, where a net knows none of them."""
    known = [name for name in offered if name in heard.probs] or list(heard.probs)
    return max(known, key=lambda name: heard.probs[name])


def _compare_hits(
    clips: list[Utterance], labels: dict[str, list[str]], known: set[str], found: Findings
) -> None:
    truth = [clip.emotion for clip in clips]
    base, candidate = (
        [float(got == meant) for got, meant in zip(said, truth, strict=True)]
        for said in labels.values()
    )
    found.add(ACCURACY, base, candidate, hits=True)
    counts = Counter(truth)
    if len(counts) > 1:
        weights = [1 / counts[emotion] for emotion in truth]
        found.add(RECALL, base, candidate, sizes=weights, hits=True)
    old = [place for place, emotion in enumerate(truth) if emotion in known]
    if old and len(old) < len(truth):
        found.add(KNOWN, [base[i] for i in old], [candidate[i] for i in old], hits=True)


def _compare_new(
    new: Sequence[str], clips: list[Utterance], labels: dict[str, list[str]], found: Findings
) -> None:
    """Tell how well the candidate hears the emotions that the base has no name for."""
    found.notes.append(
        f"The base has no name for {', '.join(new)}: it can't hear them, and counts as wrong."
    )
    heard = [
        (clip.emotion, *(float(said[place] == clip.emotion) for said in labels.values()))
        for place, clip in enumerate(clips)
        if clip.emotion in new
    ]
    counts = Counter(name for name, _, _ in heard)
    if heard:
        emotions, base, candidate = (list(column) for column in zip(*heard, strict=True))
        measure = Measure(
            f"recall of {new[0]}" if len(new) == 1 else "mean recall of new names",
            "Share of the held-out clips in emotions new to the base that are heard.",
            guarded=False,
        )
        found.add(measure, base, candidate, sizes=[1 / counts[n] for n in emotions], hits=True)
    for name in new:
        hits = round(sum(hit for emotion, _, hit in heard if emotion == name))
        of = f"{counts[name]} clip{'s' * (counts[name] != 1)}"
        if not counts[name]:
            found.notes.append(f"No clip of {name} was held out: nobody knows if it is heard.")
        elif 2 * hits < counts[name]:
            found.notes.append(
                f"It hears {name} in {hits} of {of} yet: train longer or give more clips."
            )


def _compare_memory(both: Both, found: Findings, nets: dict[str, EmotionRecognizer]) -> None:
    """Let both hear what EmoMix speaks in the emotions known before."""
    try:
        engine = EmoMixEngine(both.base)
    except ValueError as error:
        found.notes.append(f"What was known before was not tried on takes of EmoMix: {error}")
        return
    known = set(nets["base"].config.emotions) & set(engine.model.config.emotions)
    emotions = [name for name in EMOTIONS if name in known]
    english = [name for name, preset in engine.presets.items() if preset["lang"] == "en"]
    voices = [name for name in asked.VOICES if name in english] or english
    sentences = asked.SENTENCES.read_text(encoding="utf-8").splitlines()[:OWN_SENTENCES]
    takes: list[tuple[str, tuple[str, int], Clip]] = []
    for place, voice in enumerate(voices[:OWN_VOICES]):
        for number, text in enumerate(sentences):
            spoken_of = (place + number / len(sentences)) / OWN_VOICES
            both.say(0.3 + 0.6 * spoken_of, "speaking in the emotions known before")
            for emotion in emotions:
                request = Request(
                    text,
                    voice=voice,
                    lang="en",
                    emotion=EmotionMix.parse(emotion),
                    seed=both.seed + number,
                )
                take = joined(engine, request, list(spoken(engine, request, {})), {})
                takes.append((emotion, (voice, number), take.clip))
    hits = {
        name: [float(recognize(net, clip).label == emotion) for emotion, _, clip in takes]
        for name, net in nets.items()
    }
    groups = [group for _, group, _ in takes]
    found.add(REMEMBERED, *hits.values(), groups=groups, hits=True)
