"""The suite `zest`: the paper's table, of conversions by every system, and of mere copies.

A source that is only copied keeps words and voice and must fail on emotion; a copied reference has
the emotion and must fail on the rest. Both are rows, with sources through mel and vocoder alone.
"""

import csv
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from emostudio.audio.mel import HOP, SAMPLE_RATE, log_mel
from emostudio.audio.pitch import f0_contour
from emostudio.conversion import Conversion, Converted
from emostudio.evaluation import ablations, asked, environment
from emostudio.evaluation.figures import EARS
from emostudio.evaluation.hearing import Heard, Hearing
from emostudio.evaluation.real import Recordings, clip_of, spread
from emostudio.evaluation.speech import read
from emostudio.evaluation.zest_figures import Result, Voices, confusions, likeness, row
from emostudio.evaluation.zest_plan import (
    PER_SETTING,
    PER_SETTING_QUICK,
    SETTINGS,
    Pair,
    emotional,
    plan,
)
from emostudio.models.checkpoint import Store
from emostudio.models.vocoder import Vocoder
from emostudio.text.normalize import normalize
from emostudio.text.phonemes import phonemize
from emostudio.values import Clip

MAIN, OWN_F0 = "ZEST", "own F0 of the reference"
IDENTITY, REFERENCE, VOCODED = "identity copy", "reference copy", "vocoder copy"
ALL = "all"
REAL_CLIPS, REAL_CLIPS_QUICK = 64, 8
CLIPS_OF_A_VOICE_QUICK = 3


class Converter(Protocol):
    """What the suite needs of the studio."""

    def convert(self, request: Conversion, /) -> Converted:
        """Convert a recording."""
        ...


def compare(
    studio: Callable[[str], Converter],
    store: Store,
    real: Recordings,
    out: Path,
    *,
    judges: Path,
    runs: Path | None = None,
    quick: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> tuple[dict[str, Any], dict[str, str]]:
    """Convert all pairs by all systems and judge the results; and name missing judges.

    Results are written to `out`/conversions, one line each to `out`/conversions.csv. Systems are
    the studio's own model, the same with the reference's F0 drawn (not if `quick`), and the runs
    RUNS/NAME/zest.

    Raises:
        ValueError: the recordings allow no pair, or a checkpoint is missing.
    """
    pairs = plan(real, PER_SETTING_QUICK if quick else PER_SETTING)
    hearing, vocoder = Hearing(store), store.load(Vocoder)
    files: dict[str, dict[Pair, Path]] = {}
    lowered: dict[Path, bool] = {}
    lengths: dict[str, dict[str, float]] = {}

    def convert(name: str, system: Converter, *, own_f0: bool = False) -> None:
        say(f"{name}: converting {len(pairs)} recordings")
        folder = out / "conversions" / name.replace(" ", "-")
        files[name] = _convert(system, pairs, folder, lowered, own_f0=own_f0)

    shipped = studio("")
    convert(MAIN, shipped)
    if not quick:
        convert(OWN_F0, shipped, own_f0=True)
    for file in sorted(runs.glob("*/zest/model.safetensors")) if runs is not None else ():
        run = file.parent
        convert(run.parent.name, studio(str(run.parent)))
        lengths[run.parent.name] = ablations.length(run)
    with tempfile.TemporaryDirectory() as folder:  # real recordings stay out of the report
        files |= _copies(pairs, vocoder, Path(folder))
        say("judging them")
        verdict, voices, beside = _ask_outside(files, real, Path(folder), judges, quick=quick)
        results = _hear(files, hearing, verdict.sounds, lowered)
    _write_table(results, out / "conversions.csv")
    report: dict[str, Any] = {"systems": {}, "real": beside}
    for name, of in results.items():
        rows = {s: row([r for r in of if r.pair.setting == s], voices) for s in SETTINGS}
        rows[ALL] = row(of, voices) | lengths.get(name, {})
        report["systems"][name] = {setting: figures for setting, figures in rows.items() if figures}
    report["heard"] = {ear: confusions(results[MAIN], listen) for ear, listen in EARS.items()}
    return report, verdict.missing


def own_contour(source: Clip, reference: Clip) -> tuple[tuple[float, float], ...]:
    """The reference's voiced F0 as points (seconds, Hz), stretched over all of the source.

    Both are 16 kHz sounds. Empty where the reference is nowhere voiced.
    """
    f0 = f0_contour(reference.wav, SAMPLE_RATE, HOP)
    voiced = np.flatnonzero(f0 > 0)
    if not len(voiced):
        return ()
    times = (voiced + 0.5) * source.duration_s / len(f0)
    points = list(zip(times.tolist(), f0[voiced].tolist(), strict=True))
    return ((0.0, points[0][1]), *points, (source.duration_s, points[-1][1]))


def _convert(
    system: Converter,
    pairs: Sequence[Pair],
    folder: Path,
    lowered: dict[Path, bool],
    *,
    own_f0: bool = False,
) -> dict[Pair, Path]:
    """Convert and write all pairs; tell in `lowered` where the identity guard stepped in."""
    files = {}
    for pair in pairs:
        source, reference = clip_of(pair.source), clip_of(pair.reference)
        drawn = own_contour(source, reference) if own_f0 else ()
        request = Conversion(
            source, consent=True, emotion_reference=reference, drawn=drawn, seed=pair.number
        )
        converted = system.convert(request)
        files[pair] = folder / pair.file
        files[pair].parent.mkdir(parents=True, exist_ok=True)
        converted.save(files[pair])
        lowered[files[pair]] = converted.read_back.intensity < request.intensity
    return files


def _copies(pairs: Sequence[Pair], vocoder: Vocoder, folder: Path) -> dict[str, dict[Pair, Path]]:
    """Sources, references, and sources through the vocoder; each is written once."""
    made: dict[tuple[str, ...], Path] = {}

    def once(sound: Callable[[], Clip], *key: str) -> Path:
        if key not in made:
            made[key] = sound().save(folder / f"copy-{len(made)}.wav")
        return made[key]

    copies: dict[str, dict[Pair, Path]] = {IDENTITY: {}, REFERENCE: {}, VOCODED: {}}
    for pair in pairs:
        source, reference = pair.source, pair.reference
        copies[IDENTITY][pair] = once(lambda u=source: clip_of(u), IDENTITY, source.name)
        # A reference is held to the words of its source: one file for each of them.
        key = (REFERENCE, reference.name, source.text)
        copies[REFERENCE][pair] = once(lambda u=reference: clip_of(u), *key)
        again = once(lambda u=source: vocoded(vocoder, clip_of(u)), VOCODED, source.name)
        copies[VOCODED][pair] = again
    return copies


@torch.inference_mode()
def vocoded(net: Vocoder, clip: Clip) -> Clip:
    """A 16 kHz sound through mel, F0 and vocoder: the best that a vocoder leaves of it."""
    wav = clip.wav[: len(clip.wav) // HOP * HOP]
    mel, f0 = log_mel(torch.from_numpy(wav)[None]), f0_contour(wav, SAMPLE_RATE, HOP)
    noise = torch.randn(1, len(wav), generator=torch.Generator().manual_seed(0))
    return Clip(net(mel, torch.from_numpy(f0)[None], noise)[0].numpy(), SAMPLE_RATE)


def _ask_outside(
    files: dict[str, dict[Pair, Path]],
    real: Recordings,
    folder: Path,
    judges: Path,
    *,
    quick: bool,
) -> tuple[environment.Verdict, Voices, dict[str, Any]]:
    """Words and voices of all files; neutral voices; and how like themselves actors are who act."""
    limit = CLIPS_OF_A_VOICE_QUICK if quick else asked.N_OF_A_VOICE
    acted = spread(emotional(real, "ravdess"), REAL_CLIPS_QUICK if quick else REAL_CLIPS)
    actors = {u.speaker for u in acted} | {pair.reference.speaker for pair in files[MAIN]}
    rivals = _rivals(real, actors | {pair.source.speaker for pair in files[MAIN]})
    speakers = dict.fromkeys(name for names in rivals.values() for name in names)
    neutral = [u for speaker in speakers for u in asked.of_voice(real, speaker)[:limit]]
    beside = {
        u.name: clip_of(u).save(folder / f"real-{number}.wav")
        for number, u in enumerate([*neutral, *acted])
    }
    sounds = {file: environment.Sound(file, ("voice",)) for file in beside.values()}
    for of in files.values():
        for pair, file in of.items():
            english = pair.source.lang == "en"
            played = ("words", "voice") if english else ("voice",)
            sounds[file] = environment.Sound(file, played, pair.source.text)
    verdict = environment.judge(list(sounds.values()), [], judges)
    embeddings = {
        name: verdict.sounds[file]["voice"]
        for name, file in beside.items()
        if "voice" in verdict.sounds.get(file, {})
    }
    clips: dict[str, dict[str, np.ndarray]] = {}
    for u in neutral:
        if u.name in embeddings:
            clips.setdefault(u.speaker, {})[u.name] = np.array(embeddings[u.name])
    voices = Voices(clips, rivals)
    heard = [(embeddings[u.name], u, u.speaker) for u in acted if u.name in embeddings]
    return verdict, voices, likeness(heard, voices)


def _rivals(real: Recordings, speakers: set[str]) -> dict[str, tuple[str, ...]]:
    """Everyone of a speaker's sex and corpus; of librispeech dev readers alone."""
    people = {
        u.speaker: (u.corpus, u.sex)
        for u in real.utterances
        if u.corpus != "librispeech" or u.speaker in asked.READERS
    }
    return {
        speaker: tuple(name for name, kind in people.items() if kind == people[speaker])
        for speaker in sorted(speakers)
    }


def _hear(
    files: dict[str, dict[Pair, Path]],
    hearing: Hearing,
    said: dict[Path, dict[str, Any]],
    lowered: dict[Path, bool],
) -> dict[str, list[Result]]:
    """Let our own nets hear every file once."""
    texts = {(p.source.lang, p.source.text) for of in files.values() for p in of}
    tokens = {
        (lang, text): phonemize([normalize(text, lang)], lang)[0] for lang, text in sorted(texts)
    }
    heard: dict[Path, tuple[Heard, tuple[int, int]]] = {}
    for of in files.values():
        for pair, file in of.items():
            if file not in heard:
                wav = read(file)
                spoken = tokens[pair.source.lang, pair.source.text]
                heard[file] = hearing.hear(wav), hearing.phoneme_errors(wav, spoken)
    return {
        name: [
            Result(pair, *heard[file], said.get(file, {}), lowered.get(file))
            for pair, file in of.items()
        ]
        for name, of in files.items()
    }


def _write_table(results: dict[str, list[Result]], file: Path) -> None:
    """One line a result: what was asked and what each judge heard."""
    columns = ["system", "setting", "file", "source", "reference", "emotion", *EARS]
    columns += ["wrong_phonemes", "phonemes", "word_errors", "words", "lowered"]
    with file.open("w", encoding="utf-8", newline="") as lines:
        table = csv.DictWriter(lines, columns)
        table.writeheader()
        for name, of in results.items():
            for r in of:
                line: dict[str, Any] = {
                    "system": name,
                    "setting": r.pair.setting,
                    "file": r.pair.file,
                    "source": r.pair.source.name,
                    "reference": r.pair.reference.name,
                    "emotion": r.pair.emotion,
                    "wrong_phonemes": r.phonemes[0],
                    "phonemes": r.phonemes[1],
                    "lowered": "" if r.lowered is None else int(r.lowered),
                }
                line |= {
                    ear: json.dumps({k: round(p, 4) for k, p in listen(r.heard).items()})
                    for ear, listen in EARS.items()
                }
                if "errors" in r.said:
                    line |= {"word_errors": r.said["errors"], "words": len(r.said["said"])}
                table.writerow(line)
