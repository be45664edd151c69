"""The gate's measurement: base and candidate on what a corpus holds out, in a minute or three.

Both do the same: hear the same clips, speak the same sentences with the same seeds, copy the same
recordings. What judges them is the same for both: the base's own nets and, where they are installed
already, judges from outside.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from emostudio.data.corpora import read_corpus
from emostudio.evaluation import (
    compare_conversions,
    compare_recognizer,
    compare_vocoder,
    compare_voices,
    environment,
)
from emostudio.evaluation.compare_findings import Both, Findings, few_behind
from emostudio.evaluation.gate import Gate
from emostudio.models.checkpoint import Store
from emostudio.models.finite import refuse_numberless

KINDS: dict[str, Callable[[Both, Findings], None]] = {
    "ser": compare_recognizer.find,
    "emomix": compare_voices.find,
    "diemo": compare_voices.find,
    "vocoder": compare_vocoder.find,
    "zest": compare_conversions.find,
}


def compare(
    net: str,
    base: Store,
    candidate: Store,
    corpus: Path,
    out: Path,
    *,
    progress: Callable[[float, str], None] | None = None,
    judges: Path | None = None,
    seed: int = 0,
) -> Gate:
    """Compare two checkpoints of a net; takes and report.json are written into `out`.

    Intervals are those of `paired.difference`: Student's over sentences or clips, of paired hits
    with one added on both sides.

    Args:
        net: ser, emomix, diemo, vocoder or zest.
        base: what it was tuned from, and all other nets.
        candidate: the same with the tuned net.
        corpus: a folder with metadata.csv; its dev clips are judged.
        out: the gate's folder, made where it is missing.
        progress: called with the share done and a word on what is being done.
        judges: the environment of the outside judges; nothing is ever installed.
        seed: of all takes.

    Raises:
        ValueError: nothing is held out, or a checkpoint is missing, damaged or no numbers.
    """
    if net not in KINDS:
        raise ValueError(f"There is no gate for '{net}'; choose from {', '.join(KINDS)}.")
    both = Both(
        net,
        base,
        candidate,
        tuple(sorted(read_corpus(corpus), key=lambda clip: (clip.speaker, clip.name))),
        out,
        judges or environment.default_environment(),
        seed,
        progress or (lambda share, word: None),
    )
    if not both.split("dev"):
        raise ValueError(
            f"The corpus in {corpus} holds no clip out (split dev), so that base and candidate "
            "can't be compared. Mark some as dev in its metadata.csv."
        )
    refuse_numberless(candidate.folder(net) / "model.safetensors")
    out.mkdir(parents=True, exist_ok=True)
    found = Findings()
    KINDS[net](both, found)
    gate = Gate(
        net,
        base.sha256(net),
        candidate.sha256(net),
        tuple(found.numbers),
        found.confusions,
        tuple(found.pairs),
        found.missing,
        tuple(dict.fromkeys([*few_behind(found.numbers), *found.notes])),
    )
    gate.write(out)
    both.say(1.0, "done")
    return gate
