"""The suites `ser`, `speaker` and `vocoder`: nets on dev recordings of a folder of corpora.

Dev recordings are of speakers or sentences that no net was trained on (`data.corpora`).
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from emostudio.audio.mel import HOP, SAMPLE_RATE, log_mel
from emostudio.audio.pitch import f0_contour
from emostudio.data.corpora import DEV_SPEAKERS
from emostudio.evaluation import asked, environment
from emostudio.evaluation.figures import CALM, EARS
from emostudio.evaluation.hearing import Hearing, label
from emostudio.evaluation.real import Recordings, clip_of, spread
from emostudio.evaluation.statistics import estimate
from emostudio.models.speaker import SpeakerEncoder
from emostudio.models.vocoder import Vocoder
from emostudio.values import Clip

CORPORA = ("ravdess", "emodb", "kathleen", "kerstin", "librispeech", "ljspeech")


def emotion(hearing: Hearing, real: Recordings, *, clips: int = 0) -> dict[str, Any]:
    """Accuracy, confusions and recall of recognizer and judge by corpus; what they hear in readers.

    What a corpus does not act is not offered: bored on ravdess, calm and surprise on emodb.

    Args:
        hearing: the nets.
        real: recordings.
        clips: at most so many of a corpus; all where 0.
    """
    report: dict[str, Any] = {}
    for corpus in CORPORA:
        utterances = spread(real.select(corpus), clips)
        if not utterances:
            continue
        offered = asked.offered(corpus)
        heard = [hearing.hear(clip_of(u).wav, offered=offered) for u in utterances]
        truth = [u.emotion for u in utterances]
        report[corpus] = {"clips": len(utterances)}
        for ear, listen in EARS.items():
            labels = [label(listen(h)) for h in heard]
            found = confusion(truth, labels)
            if offered:
                right = [a == b for a, b in zip(truth, labels, strict=True)]
                report[corpus][ear] = {
                    "accuracy": estimate(right).json(),
                    "chance": round(1 / len(offered), 4),
                    "recall": {
                        e: round(of.get(e, 0) / sum(of.values()), 4) for e, of in found.items()
                    },
                    "confusion": found,
                }
            else:
                calm = estimate([name in CALM for name in labels])
                report[corpus][ear] = {"neutral_or_calm": calm.json(), "confusion": found}
    return report


def confusion(truth: Sequence[str], heard: Sequence[str]) -> dict[str, dict[str, int]]:
    """How often each emotion was heard as which."""
    found: dict[str, dict[str, int]] = {}
    for meant, got in zip(truth, heard, strict=True):
        row = found.setdefault(meant, {})
        row[got] = row.get(got, 0) + 1
    return found


@torch.inference_mode()
def speaker(net: SpeakerEncoder, real: Recordings, *, clips: int = 0) -> dict[str, Any]:
    """Equal error rate over all pairs of clips of the dev speakers, and of the readers alone.

    Args:
        net: the encoder.
        real: recordings.
        clips: at most so many of a speaker; all where 0.

    Raises:
        ValueError: no dev speaker is among the recordings.
    """
    utterances = [
        u
        for name in sorted(DEV_SPEAKERS)
        for u in spread(real.select(name.split("-")[0], speaker=name), clips)
    ]
    if not utterances:
        raise ValueError("These recordings have no dev speaker; see data/corpora.py for the names.")
    mels = (log_mel(torch.from_numpy(clip_of(u).wav)[None]) for u in utterances)
    embeddings = np.stack([net(mel)[0].numpy() for mel in mels])
    names = np.array([u.speaker for u in utterances])
    readers = np.array([u.corpus == "librispeech" for u in utterances])
    report: dict[str, Any] = {"clips": len(utterances)}
    for name, chosen in (("", readers | True), ("_readers", readers)):
        if len(set(names[chosen])) > 1:  # one speaker alone can't be mistaken
            found = equal_error_rate(embeddings[chosen], names[chosen])
            report[f"equal_error_rate{name}"] = found
    return report


def equal_error_rate(embeddings: np.ndarray, speakers: np.ndarray) -> float:
    """Where as many pairs of one speaker are refused as pairs of two are accepted.

    Args:
        embeddings: (n, D), each of length one.
        speakers: (n,) names.
    """
    cosine = embeddings @ embeddings.T
    one, two = np.triu_indices(len(speakers), k=1)
    scores, same = cosine[one, two], speakers[one] == speakers[two]
    order = np.argsort(scores)
    refused = np.cumsum(same[order]) / same.sum()
    accepted = 1 - np.cumsum(~same[order]) / (~same).sum()
    place = int(np.abs(refused - accepted).argmin())
    return round(float(refused[place] + accepted[place]) / 2, 4)


@torch.inference_mode()
def vocoder(
    net: Vocoder, real: Recordings, out: Path, *, clips: int = 16, judges: Path
) -> dict[str, Any]:
    """Copy synthesis against the recordings: log mels, F0, voicing, P.808 of both.

    The copies are written to `out`/copies. `f0_error_cents` is the median where both are voiced,
    `voicing_error` the share of frames where one is and the other not; `missing` names judges.
    """
    report: dict[str, Any] = {}
    generator = torch.Generator().manual_seed(0)
    files: dict[Path, tuple[str, str]] = {}
    copies = out / "copies"
    copies.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:  # recordings stay out of the report
        for corpus in CORPORA:
            distances, cents, voicing = [], [], []
            for number, u in enumerate(spread(real.select(corpus), clips)):
                wav = clip_of(u).wav
                wav = wav[: len(wav) // HOP * HOP]
                mel, f0 = log_mel(torch.from_numpy(wav)[None]), f0_contour(wav, SAMPLE_RATE, HOP)
                noise = torch.randn(1, len(wav), generator=generator)
                copy = net(mel, torch.from_numpy(f0)[None], noise)
                distances.append(float((log_mel(copy) - mel).abs().mean()))
                heard = f0_contour(copy[0].numpy(), SAMPLE_RATE, HOP)
                both = (heard > 0) & (f0 > 0)
                cents.append(np.abs(1200 * np.log2(heard[both] / f0[both])))
                voicing.append(float(((heard > 0) != (f0 > 0)).mean()))
                name = f"{u.corpus}-{u.path.stem}.wav"
                copied = Clip(copy[0].numpy(), SAMPLE_RATE).save(copies / name)
                original = Clip(wav, SAMPLE_RATE).save(Path(folder) / f"{corpus}-{number}.wav")
                files |= {copied: (corpus, "copies"), original: (corpus, "recordings")}
            if distances:
                report[corpus] = {
                    "clips": len(distances),
                    "mel_distance": estimate(distances).json(),
                    "voicing_error": estimate(voicing).json(),
                }
                voiced = np.concatenate(cents)
                if len(voiced):
                    report[corpus]["f0_error_cents"] = round(float(np.median(voiced)), 1)
        verdict = environment.judge(
            [environment.Sound(file, ("opinion",)) for file in files], [], judges
        )
    for corpus, found in report.items():
        for kind in ("copies", "recordings"):
            opinions = [
                said["p808"]
                for file, said in verdict.sounds.items()
                if files[file] == (corpus, kind) and "p808" in said
            ]
            if opinions:
                found[f"p808_of_{kind}"] = estimate(opinions).json()
    return report | {"missing": verdict.missing}
