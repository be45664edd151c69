"""The pass that finds emotions without labels and writes them into a pack: `train clusters`.

K-means of speaker embeddings within each speaker; attributes of every clip, by a net that never
heard its speaker's labels; ids matched over speakers by where their clusters lie in attributes,
after DiEmo-TTS [1]; then k-means there with centers that lean on those of other speakers, and
discriminants over all functionals. Whether a clip has a label makes no difference to its cluster,
but a labeled corpus has as many clusters as it acts emotions, an unlabeled one five.

[1] https://arxiv.org/abs/2505.19687, section 2.2. There clusters are matched by angles about each
    speaker's neutral one (`by_angles` in the report), and that is all: an actor's 36 clips, of
    which 4 are neutral, are too few for it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from emostudio.analysis import cluster_agreement, clustering, matching
from emostudio.data.features import Pack
from emostudio.models.diemo.attributes import ATTRIBUTES, AttributeConfig, standardize
from emostudio.training.attributes import RUN, Told, acting, concordance, target, unheard
from emostudio.training.loop import RunConfig

FIVE = ("neutral", "happy", "sad", "angry", "surprise")  # the emotions of the paper
UNLABELED = 5  # clusters of a speaker whose clips have no labels, as many as the paper's
ENGLISH = "ravdess"
NEUTRAL_ATTRIBUTE = 0.5  # of all three


@dataclass(frozen=True)
class Clusters:
    """Ids (N,) that mean the same for all speakers, 0 neutral, and what they came from.

    `raw` is k-means within each speaker; `matched` the ids that its clusters were given first, by
    their places, and `by_angles` those that they would be given by angles about neutral.
    """

    ids: np.ndarray
    raw: np.ndarray
    matched: np.ndarray
    by_angles: np.ndarray


def find(
    points: np.ndarray,
    attributes: np.ndarray,
    figures: np.ndarray,
    speakers: Sequence[str],
    counts: Mapping[str, int],
    *,
    seed: int = 0,
) -> Clusters:
    """Clusters of clips that are the same emotion, without labels.

    Args:
        points: (N, D_spk) in which k-means looks for clusters.
        attributes: (N, 3) of each clip, told by who never heard the speaker's labels.
        figures: (N, D) functionals, standardized within each speaker.
        speakers: (N,) who speaks each.
        counts: how many clusters each speaker has; 1 for those who never act.
        seed: of the starts of k-means.

    Raises:
        ValueError: a speaker has too few clips for so many clusters.
    """
    groups = clustering.by_speaker(speakers)
    own = np.empty_like(attributes)
    for places in groups.values():
        own[places] = standardize(attributes[places])
    raw = clustering.within(points, speakers, counts, seed=seed)
    centers = [clustering.centers(own[p], raw[p], counts[name]) for name, p in groups.items()]
    matched: dict[matching.Way, np.ndarray] = {by: raw.copy() for by in matching.WAYS}
    for by, ids in matched.items():
        for places, given in zip(groups.values(), matching.match(centers, by=by), strict=True):
            ids[places] = given[raw[places]]
    # Who never acts has one cluster and neither helps nor needs help.
    acted = np.array([counts[speaker] > 1 for speaker in speakers])
    ids = matched["places"].copy()
    if acted.any():
        names = [speaker for speaker, acts in zip(speakers, acted, strict=True) if acts]
        ids[acted] = clustering.shared(own[acted], names, ids[acted])
        ids[acted] = clustering.sharpened(figures[acted], ids[acted])
        ids[acted] = _neutral_first(attributes[acted], ids[acted])
    return Clusters(ids, raw, matched["places"], matched["angles"])


def _neutral_first(attributes: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Give id 0 to the cluster whose clips are told most neutral."""
    centers = clustering.centers(attributes, ids, int(ids.max()) + 1)
    neutral = np.linalg.norm(centers - NEUTRAL_ATTRIBUTE, axis=1).argmin()
    order = np.arange(len(centers))
    order[[neutral, matching.NEUTRAL]] = matching.NEUTRAL, neutral
    return order[ids]


def cluster(folder: Path, *, run: RunConfig = RUN, seed: int = 0) -> dict[str, Any]:
    """Write clusters.npy (rows,) int16 and clusters.json, the report, into a pack; return that.

    `run` is how a fold's regressor is trained.

    Raises:
        ValueError: no pack or no speaker embeddings, nobody acts, or too few clips.
    """
    pack = Pack.open(folder)
    file = folder / "speaker_emb.npy"
    if not file.is_file():
        raise ValueError(f"{folder} holds no speaker embeddings yet; 'train clusters' makes them.")
    told = Told.of(pack)
    place = {row.name: n for n, row in enumerate(pack.rows)}
    embeddings = np.load(file)[[place[clip.name] for clip in told.clips]]
    attributes = unheard(told, AttributeConfig(), run=replace(run, seed=seed))
    counts = counts_of(told)
    figures = told.standardized()
    found = find(embeddings, attributes, figures, told.speakers, counts, seed=seed)
    id_of = {clip.name: found.ids[n] for n, clip in enumerate(told.clips)}
    # Of a reader not all clips are told: all are neutral.
    ids = [id_of.get(row.name, matching.NEUTRAL) for row in pack.rows]
    report = agreements(told, attributes, embeddings=embeddings, seed=seed)
    report |= {"clusters_of": counts, "seed": seed}
    np.save(folder / "clusters.npy", np.array(ids, np.int16))
    (folder / "clusters.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
    return report


def counts_of(told: Told) -> dict[str, int]:
    """How many clusters each speaker has: as many as the corpus has emotions, 1 for readers.

    Raises:
        ValueError: nobody acts.
    """
    emotions = acting(told.clips)
    if not emotions:
        raise ValueError(
            "Nobody here acts more than one emotion; pack ravdess or emodb along with the readers."
        )
    return {
        clip.speaker: (emotions[clip.corpus] or UNLABELED) if clip.corpus in emotions else 1
        for clip in told.clips
    }


def agreements(
    told: Told, attributes: np.ndarray, *, embeddings: np.ndarray, seed: int = 0
) -> dict[str, Any]:
    """Scores of clusters: `five` and `eight` emotions of ravdess, and how well attributes are told.

    Args:
        told: clips, of which those of ravdess are clustered anew, five emotions and all.
        attributes: (N, 3) by nets that never heard the speaker.
        embeddings: (N, D_spk) of speakers.
        seed: of the starts of k-means and of what is drawn at random.
    """
    report: dict[str, Any] = {"attributes": {}}
    clips = told.clips
    for corpus in acting(clips):
        its = [n for n, clip in enumerate(clips) if clip.corpus == corpus and clip.emotion]
        if not its:
            continue
        wanted = torch.tensor([target(clips[n]) for n in its])
        score = concordance(torch.from_numpy(attributes[its]), wanted).tolist()
        report["attributes"][corpus] = dict(zip(ATTRIBUTES, score, strict=True))
    actors = np.array([clip.corpus == ENGLISH for clip in clips])
    five = actors & np.array([clip.emotion in FIVE for clip in clips])
    for name, keep in (("five", five), ("eight", actors)):
        if keep.any():
            report[name] = _scores(told.where(keep), attributes[keep], embeddings[keep], seed)
    return report


def _scores(
    told: Told, attributes: np.ndarray, embeddings: np.ndarray, seed: int
) -> dict[str, Any]:
    """Agreement of ids, of each step before them, of k-means elsewhere, and of chance."""
    who, emotions = told.speakers, [clip.emotion for clip in told.clips]
    counts = dict.fromkeys(who, len(set(emotions)))
    figures = told.standardized()
    found = find(embeddings, attributes, figures, who, counts, seed=seed)
    final = asdict(cluster_agreement.agreement(found.ids, emotions))
    elsewhere = {"attributes": attributes, "functionals": figures}
    return {
        "matched": final.pop("share"),
        **final,
        "by_places": cluster_agreement.agreement(found.matched, emotions).share,
        "by_angles": cluster_agreement.agreement(found.by_angles, emotions).share,
        "unmatched": cluster_agreement.unmatched(found.raw, emotions, who, seed=seed),
        "named_apart": cluster_agreement.named_apart(found.raw, emotions, who),
        "chance": cluster_agreement.by_chance(found.raw, emotions, who, seed=seed),
        "k_means_of": {
            name: cluster_agreement.agreement(
                find(points, attributes, figures, who, counts, seed=seed).ids, emotions
            ).share
            for name, points in elsewhere.items()
        },
    }
