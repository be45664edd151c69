"""The suites `ser`, `speaker` and `vocoder`: shipped nets on the dev clips of a pack.

Dev clips are of speakers or sentences that no net was trained on (`data.corpora`).
"""

from typing import Any

import numpy as np
import torch

from emostudio.audio.mel import HOP, SAMPLE_RATE, log_mel
from emostudio.audio.pitch import f0_contour
from emostudio.data.corpora import DEV_SPEAKERS
from emostudio.data.features import Pack
from emostudio.models.ser import EmotionRecognizer
from emostudio.models.speaker import SpeakerEncoder
from emostudio.models.vocoder import Vocoder


@torch.inference_mode()
def recognizer(net: EmotionRecognizer, data: Pack) -> dict[str, Any]:
    """Accuracy and confusions by corpus; on read speech, how often it hears neutral or calm.

    What a corpus does not act is not offered: bored on ravdess, calm and surprise on emodb.
    """
    names = net.config.emotions
    report: dict[str, Any] = {}
    for corpus in sorted({row.corpus for row in data.rows}):
        rows = data.select("dev", corpus)
        acted = {row.emotion for row in data.rows if row.corpus == corpus}
        offered = acted if len(acted) > 1 else set(names)
        barred = torch.tensor([name not in offered for name in names])
        confusions: dict[str, dict[str, int]] = {}
        for row in rows:
            logits, _ = net(torch.from_numpy(data.mel_of(row))[None])
            heard = names[int(logits[0].masked_fill(barred, -torch.inf).argmax())]
            of_it = confusions.setdefault(row.emotion, {})
            of_it[heard] = of_it.get(heard, 0) + 1
        if not rows:
            continue
        right = sum(of_it.get(emotion, 0) for emotion, of_it in confusions.items())
        calm = sum(of_it.get("calm", 0) for of_it in confusions.values())
        found: dict[str, Any] = {"clips": len(rows), "confusions": confusions}
        if len(acted) > 1:
            found |= {"accuracy": round(right / len(rows), 4), "chance": round(1 / len(acted), 4)}
        else:
            found["neutral_or_calm"] = round((right + calm) / len(rows), 4)
        report[corpus] = found
    return report


@torch.inference_mode()
def speaker(net: SpeakerEncoder, data: Pack) -> dict[str, Any]:
    """Equal error rate over all pairs of clips of the dev speakers, and of the readers alone."""
    rows = [row for row in data.select("dev") if row.speaker in DEV_SPEAKERS]
    embeddings = np.stack([net(torch.from_numpy(data.mel_of(r))[None])[0].numpy() for r in rows])
    names = np.array([row.speaker for row in rows])
    readers = np.array([row.corpus == "librispeech" for row in rows])
    return {
        "clips": len(rows),
        "equal_error_rate": equal_error_rate(embeddings, names),
        "equal_error_rate_readers": equal_error_rate(embeddings[readers], names[readers]),
    }


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
def vocoder(net: Vocoder, data: Pack, *, clips: int = 16) -> dict[str, Any]:
    """Copy synthesis of dev clips: mean distance of log mels, and of F0 where both are voiced."""
    report: dict[str, Any] = {}
    generator = torch.Generator().manual_seed(0)
    for corpus in sorted({row.corpus for row in data.rows}):
        distances, cents = [], []
        for row in data.select("dev", corpus)[:clips]:
            mel, f0 = data.mel_of(row), data.f0_of(row)
            noise = torch.randn(1, len(f0) * HOP, generator=generator)
            wav = net(torch.from_numpy(mel)[None], torch.from_numpy(f0)[None], noise)
            distances.append(float((log_mel(wav)[0] - torch.from_numpy(mel)).abs().mean()))
            heard = f0_contour(wav[0].numpy(), SAMPLE_RATE, HOP)
            both = (heard > 0) & (f0 > 0)
            cents.append(np.abs(1200 * np.log2(heard[both] / f0[both])))
        if distances:
            report[corpus] = {
                "clips": len(distances),
                "mel_distance": round(float(np.mean(distances)), 4),
                "f0_error_cents": round(float(np.median(np.concatenate(cents))), 1),
            }
    return report
