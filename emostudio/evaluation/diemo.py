"""The suite `diemo`: voices without acted speech take the emotion of somebody else's clip.

Both engines speak one list of takes (`diemo_plan`). Beside them stands what recordings get from the
same judges: the voice's own, which has words and voice and must fail on emotion; the reference
itself, which has the emotion and must fail on the voice; and clips by another actor, of the same
emotion and of another one, between which the likeness of emotions lies.
"""

import csv
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from emostudio.data.corpora import Utterance
from emostudio.evaluation import ablations, asked, diemo_plan, diemo_probes, environment
from emostudio.evaluation.diemo_figures import Result, confusions, row
from emostudio.evaluation.diemo_plan import GIVEN, PARTS, PRESET, Engine, Transfer
from emostudio.evaluation.figures import EARS
from emostudio.evaluation.hearing import Heard, Hearing
from emostudio.evaluation.real import Recordings, clip_of
from emostudio.evaluation.speech import Speaker, read
from emostudio.evaluation.zest_figures import Voices
from emostudio.models.checkpoint import Store

MAIN = "DiEmo"
SYSTEMS: dict[str, Engine] = {MAIN: "diemo", "EmoMix": "emomix"}
OWN, REFERENCE = "the voice's own recording", "the reference itself"
KIN, STRANGER = "same emotion, other actor", "other emotion, other actor"
BY_CLIP = "P and UP"
JUDGES = ("words", "opinion", "voice")  # of takes, and of the first two of these recordings
# Who speaks: rows of their own, over takes whose emotion a clip tells.
KINDS = {"kathleen": (PRESET,), "readers": asked.READERS}


def compare(
    studio: Callable[[str], Speaker],
    store: Store,
    real: Recordings,
    out: Path,
    *,
    judges: Path,
    quick: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> tuple[dict[str, Any], dict[str, str]]:
    """Let both engines speak all transfers and judge them; and name missing judges.

    Takes are written to `out`/transfers, one line each to `out`/transfers.csv.

    Raises:
        ValueError: the recordings allow no transfer, or a checkpoint is missing.
    """
    speaker = studio("")
    plan = diemo_plan.plan(real, tuple(speaker.voices()), quick=quick)
    takes: dict[str, dict[Transfer, Path]] = {}
    for name, engine in SYSTEMS.items():
        say(f"{name}: speaking {len(plan)} takes")
        takes[name] = _speak(speaker, engine, plan, real, out / "transfers" / name)
    say("judging them")
    beside = _beside(real, [t for t in plan if t.part in GIVEN])
    results, voices, missing = _judge(takes, beside, Hearing(store), real, judges)
    _write_table(results, out / "transfers.csv")
    main = [r for r in results[MAIN] if r.transfer.part in GIVEN]
    report = {
        "systems": {name: _rows(results[name], voices) for name in SYSTEMS},
        "real": {name: row(results[name], voices) for name in beside},
        "heard": {ear: confusions(main, listen) for ear, listen in EARS.items()},
    }
    return report, missing


def ablate(
    studio: Callable[[str], Speaker],
    store: Store,
    real: Recordings,
    out: Path,
    *,
    runs: Path,
    judges: Path,
    quick: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> tuple[dict[str, Any], dict[str, str]]:
    """Figures of each run RUNS/NAME/diemo over transfers by clips, its length, and its probes.

    Takes are written to `out`/ablations, one line each to `out`/ablations.csv.

    Raises:
        ValueError: there is no finished run, or the recordings allow no transfer.
    """
    found = sorted(runs.glob("*/diemo/model.safetensors"))
    folders = [f.parent.parent for f in found if (f.parent / "voices.json").is_file()]
    if not folders:
        raise ValueError(f"There is no finished RUN/diemo below {runs}.")
    presets = tuple(studio("").voices())
    plan = [t for t in diemo_plan.plan(real, presets, quick=quick) if t.part in GIVEN]
    takes: dict[str, dict[Transfer, Path]] = {}
    for folder in folders:
        say(f"{folder.name}: speaking {len(plan)} takes")
        to, speaker = out / "ablations" / folder.name, studio(str(folder))
        takes[folder.name] = _speak(speaker, "diemo", plan, real, to)
    say("judging them")
    results, voices, missing = _judge(takes, {}, Hearing(store), real, judges)
    _write_table(results, out / "ablations.csv")
    heard = diemo_probes.of_runs(store, folders, real, quick=quick)
    return {
        folder.name: ablations.length(folder / "diemo")
        | row(results[folder.name], voices)
        | heard[folder.name]
        for folder in folders
    }, missing


def _speak(
    speaker: Speaker, engine: Engine, plan: Sequence[Transfer], real: Recordings, folder: Path
) -> dict[Transfer, Path]:
    """Speak and write all takes."""
    files: dict[Transfer, Path] = {}
    own = diemo_plan.recordings_of(real, plan)
    for transfer in plan:
        take = speaker.speak(diemo_plan.request(transfer, engine, own[transfer.voice]))
        files[transfer] = folder / transfer.file
        files[transfer].parent.mkdir(parents=True, exist_ok=True)
        take.save(files[transfer])
    return files


def _beside(real: Recordings, plan: Sequence[Transfer]) -> dict[str, dict[Transfer, Utterance]]:
    """Recordings that stand for takes, by what they are."""
    own = {voice: asked.of_voice(real, voice) for voice in {t.voice for t in plan}}
    found: dict[str, dict[Transfer, Utterance]] = {OWN: {}, REFERENCE: {}, KIN: {}, STRANGER: {}}
    for transfer in plan:
        if clips := own[transfer.voice]:
            found[OWN][transfer] = clips[transfer.number % len(clips)]
        found[REFERENCE][transfer] = transfer.reference
        for name, same_emotion in ((KIN, True), (STRANGER, False)):
            clip = diemo_plan.beside(real, transfer.reference, same_emotion=same_emotion)
            if clip is not None:
                found[name][transfer] = clip
    return found


def _judge(
    takes: dict[str, dict[Transfer, Path]],
    beside: dict[str, dict[Transfer, Utterance]],
    hearing: Hearing,
    real: Recordings,
    judges: Path,
) -> tuple[dict[str, list[Result]], Voices, dict[str, str]]:
    """Let every judge hear every sound once: results by system and by kind of recording."""
    transfers = {t for of in takes.values() for t in of}
    of_voices = {v: asked.of_voice(real, v) for v in sorted({t.voice for t in transfers})}
    recordings = {u.name: u for us in of_voices.values() for u in us}
    recordings |= {u.name: u for of in beside.values() for u in of.values()}
    recordings |= {t.reference.name: t.reference for t in transfers}
    with tempfile.TemporaryDirectory() as folder:  # recordings stay out of the report
        files = {
            name: clip_of(u).save(Path(folder) / f"{place}.wav")
            for place, (name, u) in enumerate(recordings.items())
        }
        played = {u.name: ("voice",) for us in of_voices.values() for u in us}
        whole = [u for kind in (OWN, REFERENCE) for u in beside.get(kind, {}).values()]
        played |= dict.fromkeys((u.name for u in whole), JUDGES)
        sounds = [
            environment.Sound(files[name], to, recordings[name].text) for name, to in played.items()
        ]
        spoken = [(file, t.text) for of in takes.values() for t, file in of.items()]
        sounds += [environment.Sound(file, JUDGES, text) for file, text in spoken]
        verdict = environment.judge(sounds, [], judges)
        every = [*files.values(), *(file for file, _ in spoken)]
        heard: dict[Path, Heard] = {file: hearing.hear(read(file)) for file in every}
    said = verdict.sounds
    embeddings = {
        voice: {
            u.name: np.array(said[files[u.name]]["voice"])
            for u in clips
            if "voice" in said.get(files[u.name], {})
        }
        for voice, clips in of_voices.items()
    }

    def result(transfer: Transfer, file: Path, name: str = "") -> Result:
        shown = heard[files[transfer.reference.name]]
        return Result(transfer, heard[file], shown, said.get(file, {}), name)

    results = {name: [result(t, f) for t, f in of.items()] for name, of in takes.items()}
    results |= {
        name: [result(t, files[u.name], u.name) for t, u in of.items()]
        for name, of in beside.items()
    }
    return results, Voices(embeddings, {}), verdict.missing


def _rows(results: Sequence[Result], voices: Voices) -> dict[str, dict[str, Any]]:
    """Figures by part, over both parts with clips, and of those by who speaks."""
    by_clip = [r for r in results if r.transfer.part in GIVEN]
    of = {part: [r for r in results if r.transfer.part == part] for part in PARTS}
    of[BY_CLIP] = by_clip
    of |= {kind: [r for r in by_clip if r.transfer.voice in who] for kind, who in KINDS.items()}
    return {name: row(chosen, voices) for name, chosen in of.items() if chosen}


def _write_table(results: dict[str, list[Result]], file: Path) -> None:
    """One line a sound: what was asked and what each judge heard."""
    columns = ["system", "part", "file", "voice", "reference", "emotion", "text", *EARS]
    columns += ["word_errors", "words", "p808", "recording"]
    with file.open("w", encoding="utf-8", newline="") as lines:
        table = csv.DictWriter(lines, columns)
        table.writeheader()
        for name, of in results.items():
            for r in of:
                line: dict[str, Any] = {
                    "system": name,
                    "part": r.transfer.part,
                    "file": "" if r.name else r.transfer.file,
                    "voice": r.transfer.voice,
                    "reference": r.transfer.reference.name,
                    "emotion": r.transfer.emotion,
                    "text": r.transfer.text,
                    "recording": r.name,
                }
                line |= {
                    ear: json.dumps({k: round(p, 4) for k, p in listen(r.heard).items()})
                    for ear, listen in EARS.items()
                }
                if "errors" in r.said:
                    line |= {"word_errors": r.said["errors"], "words": len(r.said["said"])}
                if "p808" in r.said:
                    line["p808"] = round(r.said["p808"], 3)
                table.writerow(line)
