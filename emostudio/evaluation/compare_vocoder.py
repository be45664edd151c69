"""Two vocoders: the same held-out recordings through mel, F0 and each of them."""

import numpy as np
import torch

from emostudio.audio.mel import HOP, SAMPLE_RATE, log_mel
from emostudio.audio.pitch import f0_contour
from emostudio.data.corpora import Utterance
from emostudio.evaluation.compare_findings import Both, Findings, Measure, refuse_numberless
from emostudio.evaluation.environment import Sound
from emostudio.evaluation.gate import Pair
from emostudio.evaluation.hearing import Hearing
from emostudio.evaluation.readback import recognize, voice_similarity, words_unlike
from emostudio.evaluation.real import clip_of, spread
from emostudio.evaluation.zest import vocoded
from emostudio.models.speaker import SpeakerEncoder
from emostudio.models.vocoder import Vocoder
from emostudio.values import SYNTHETIC, Clip

MOST_CLIPS, MOST_S = 24, 8.0
PAIRS = 8
DB_PER_NAT = 20 / np.log(10)
MEASURES = {
    "mel": Measure(
        "mel distance", "Mean distance of a copy's spectrum from the recording's.", "dB", "lower"
    ),
    "cents": Measure(
        "F0 error", "Median over frames where both are voiced, mean over clips.", "cents", "lower"
    ),
    "voicing": Measure(
        "voicing error",
        "Share of frames that are voiced in the copy or in the recording alone.",
        better="lower",
    ),
    "phonemes": Measure(
        "phoneme error",
        "Share of the recording's phonemes that our aligner hears otherwise in the copy.",
        better="lower",
    ),
    "voice": Measure(
        "voice similarity", "Likeness of copy and recording to our speaker encoder.", "cosine"
    ),
    "p808": Measure("opinion", "P.808 grade of a copy by DNSMOS, 1 to 5.", "grade"),
}


def find(both: Both, found: Findings) -> None:
    """Copy the same recordings by both.

    Raises:
        ValueError: a checkpoint is missing or damaged, or a recording can't be read.
    """
    clips = spread(both.split("dev"), MOST_CLIPS)
    originals = [_beginning(clip) for clip in clips]
    hearing, speaker = Hearing(both.base), both.base.load(SpeakerEncoder)
    values: dict[str, list[dict[str, float]]] = {}
    embeddings: dict[str, np.ndarray] = {}
    sounds: list[Sound] = []
    for place, (name, store) in enumerate(both.stores.items()):
        vocoder = store.load(Vocoder)
        both.say(0.4 * place, f"copying {len(clips)} held-out clips by the {name}")
        copies = [refuse_numberless(vocoded(vocoder, clip), name) for clip in originals]
        values[name] = [
            _measured(*pair, hearing, speaker) for pair in zip(originals, copies, strict=True)
        ]
        heard = [recognize(hearing.recognizer, copy) for copy in copies]
        embeddings[name] = np.stack([each.embedding for each in heard])
        for number, copy in enumerate(copies):
            file = both.out / "takes" / name / f"{number:02d}.wav"
            file.parent.mkdir(parents=True, exist_ok=True)
            sounds.append(Sound(copy.save(file, comment=SYNTHETIC), ("opinion",)))
    both.say(0.8, "asking the judges")
    said = found.ask_outside(sounds, both.judges).sounds
    for number, (one, other) in enumerate(zip(*values.values(), strict=True)):
        for name, row in (("base", one), ("candidate", other)):
            file = both.out / "takes" / name / f"{number:02d}.wav"
            if "p808" in said.get(file, {}):
                row["p808"] = said[file]["p808"]
    for key, measure in MEASURES.items():
        rows = [
            (one[key], other[key])
            for one, other in zip(*values.values(), strict=True)
            if key in one and key in other
        ]
        if rows or key != "p808":
            found.add(measure, *([row[side] for row in rows] for side in (0, 1)))
    found.add_drift("copies", *embeddings.values())
    chosen = spread(clips, PAIRS)
    for number, clip in enumerate(clips):
        if clip in chosen:
            base, candidate = (f"takes/{name}/{number:02d}.wav" for name in both.stores)
            about = (clip.text, base, candidate, clip.speaker, clip.emotion)
            found.pairs.append(Pair(f"{number:02d}", *about))


def _beginning(clip: Utterance) -> Clip:
    """The first seconds of a recording, in whole frames."""
    wav = clip_of(clip).wav[: round(MOST_S * SAMPLE_RATE)]
    return Clip(wav[: len(wav) // HOP * HOP], SAMPLE_RATE)


def _measured(
    original: Clip, copy: Clip, hearing: Hearing, speaker: SpeakerEncoder
) -> dict[str, float]:
    """The values of `MEASURES` for one copy; the F0 error is left out where nothing is voiced."""
    with torch.inference_mode():
        wavs = (torch.from_numpy(clip.wav)[None] for clip in (original, copy))
        was, became = (log_mel(wav)[0].numpy() for wav in wavs)
        own = speaker(torch.from_numpy(was)[None])[0].numpy()
    before, after = (f0_contour(clip.wav, SAMPLE_RATE, HOP) for clip in (original, copy))
    found = {
        "mel": DB_PER_NAT * float(np.abs(became - was).mean()),
        "voicing": float(((before > 0) != (after > 0)).mean()),
        "phonemes": words_unlike(hearing.aligner, was, became),
        "voice": voice_similarity(speaker, copy, own),
    }
    voiced = (before > 0) & (after > 0)
    if voiced.any():
        off = np.abs(1200 * np.log2(after[voiced] / before[voiced]))
        found["cents"] = float(np.median(off))
    return found
