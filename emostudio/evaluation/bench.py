"""How fast and how large the studio is on this machine, beside the published estimator and espeak.

A real-time factor is seconds of work for a second of sound, from text to wave: the read-back is
timed as a part of its own. Each figure is the median of repeats after one warm-up; what starts from
nothing starts in a fresh process each time. The goals are those of two cores.
"""

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ContextDecorator, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch.utils.benchmark import Timer
from torch.utils.flop_counter import FlopCounterMode

from emostudio.audio.mel import HOP, SAMPLE_RATE
from emostudio.engines import emomix, speaking
from emostudio.evaluation import app_process, bench_convert, readback
from emostudio.evaluation.timing import GOALS, Figure, now, timed
from emostudio.models.emomix.config import EmoMixConfig
from emostudio.models.emomix.net import EmoMix
from emostudio.models.emomix.sampler import MixSchedule, sample
from emostudio.models.vocoder import Vocoder, VocoderConfig
from emostudio.values import Clip, EmotionMix, Request, Take

BUSY = 0.5  # above this 1-minute load average others work here too
N_FRAMES = 250  # 4 s of mel
BATCH = 16
STEPS = (4, 10, 20)
# By the seconds that they take to say, about; the second has twelve words.
SHORT = "The old clock in the hall struck nine as we came in."
LONG = (
    "When the storm had passed over the hills, the children ran down to the beach, gathered shells "
    "and driftwood, and built a house that only the gulls would visit."
)
TEXTS = {1: "Come back!", 4: SHORT, 10: LONG, 30: f"{SHORT} {LONG} {SHORT} {LONG}"}
MIXES = {
    "1 emotion": EmotionMix.of(happy=1),
    "2 emotions": EmotionMix.of(happy=7, surprise=3),
    "5 emotions": EmotionMix.of(happy=1, surprise=1, sad=1, angry=1, fear=1),
}
IMPORT = """
import time
start = time.perf_counter()
from emostudio import Clip, EmotionMix, Settings, Studio
print(time.perf_counter() - start)
"""
# Prints seconds to the first take, and the peak memory (kB) of a process that also built the page.
# The peak is VmHWM, as ru_maxrss of a process starts from that of its parent.
FIRST_TAKE = """
import json, pathlib, sys, time
start = time.perf_counter()
from emostudio import Studio
short, long, mix, page = json.loads(sys.argv[1])
studio = Studio()
studio.speak(short)
first = time.perf_counter() - start
if page:
    import app
studio.speak(long, emotion=mix)
status = pathlib.Path("/proc/self/status")
peak = status.read_text().split("VmHWM:")[1].split()[0] if status.exists() else 0
print(json.dumps([first, int(peak)]))
"""


class Speaker(bench_convert.Converter, Protocol):
    """What a bench needs of the studio."""

    def engines(self) -> dict[str, str]:
        """What can speak here."""
        ...

    def speak(self, text: Request) -> Take:
        """Speak a request."""
        ...

    def speak_sentences(self, request: Request) -> Iterator[Take]:
        """Speak it sentence by sentence."""
        ...


@dataclass(frozen=True)
class Run:
    """One take: seconds of work, of the sound that came of it, and of each part of the work."""

    work_s: float
    sound_s: float
    parts_s: dict[str, float]

    @property
    def real_time_factor(self) -> float:
        """Seconds of work, text to wave, for a second of sound."""
        return (self.work_s - self.parts_s.get("read-back", 0.0)) / self.sound_s


def bench(studio: Speaker, *, repeats: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Measure all, say the table line by line, return the report.

    Raises:
        ValueError: a checkpoint is missing, or a fresh process failed.
    """
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    studio.speak(Request(SHORT))  # where models are missing, refuse before the work
    device = studio.settings.device
    machine = {
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name() if device == "cuda" else device,
        "load": round(load, 2),
    }
    say(", ".join(f"{name} {value}" for name, value in machine.items()))
    if warning(load):
        say(warning(load))
    figures = {}
    for figure in measure(studio, repeats):
        say(figure.row())
        figures[figure.name] = figure.record()
    return {"machine": machine, "warning": warning(load), "goals": GOALS, "figures": figures}


def warning(load: float) -> str:
    """Words on a load average at which the figures mean nothing; empty where all is quiet."""
    if load <= BUSY:
        return ""
    return f"WARNING: load average {load:.2f}: other work runs here, these figures mean nothing."


def measure(studio: Speaker, repeats: int) -> Iterator[Figure]:
    """One figure after another."""
    device = studio.settings.device
    yield from starts(repeats)
    yield from takes(studio, repeats)
    yield from parts(studio, repeats)
    recording = studio.speak(Request(TEXTS[10])).clip
    yield from bench_convert.conversions(studio, recording, repeats)
    yield diffusion(EmoMixConfig(), device, repeats)
    yield diffusion(EmoMixConfig.paper(), device, 1)  # seconds each
    yield espeak(SHORT, repeats)
    if device == "cuda":
        yield throughput(EmoMixConfig(), VocoderConfig(), device, repeats)


def starts(repeats: int) -> Iterator[Figure]:
    """What starts from nothing, each repeat in a fresh process."""
    yield Figure("import", "s", tuple(float(_fresh(IMPORT)) for _ in range(repeats)))
    page = app_process.is_there()
    pages = tuple(_first_page() for _ in range(repeats)) if page else ()
    yield Figure("first page", "s", pages, "" if page else "app.py is not beside the package")
    asked = json.dumps([SHORT, LONG, str(MIXES["5 emotions"]), page])
    first, peak = zip(*(json.loads(_fresh(FIRST_TAKE, asked)) for _ in range(repeats)), strict=True)
    yield Figure("first take", "s", first, "imports and loading included")
    note = "10 s, 5 emotions" + ", page built" * page if all(peak) else "only Linux tells it"
    peaks = tuple(kib * 1024e-6 for kib in peak if kib)
    yield Figure("peak memory", "MB", peaks, note)


def _fresh(code: str, *argv: str) -> str:
    command = [sys.executable, "-c", code, *argv]
    done = subprocess.run(
        command, cwd=app_process.ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ValueError(f"A fresh process failed: {done.stderr.strip()[-300:]}")
    return done.stdout.splitlines()[-1]


def _first_page() -> float:
    start = time.perf_counter()
    with app_process.running():
        return time.perf_counter() - start


def takes(studio: Speaker, repeats: int) -> Iterator[Figure]:
    """Whole takes by length, number of emotions and steps, and the wait for a long text's start."""
    for seconds, text in TEXTS.items():
        for emotions, mix in MIXES.items():
            for n_timesteps in (0, *STEPS) if seconds == 4 else (0,):
                request = Request(text, emotion=mix, n_timesteps=n_timesteps)
                runs = [spoken(studio, request) for _ in range(repeats + 1)][1:]
                name = f"real-time factor, {seconds} s, {emotions}"
                name += f", {n_timesteps} steps" if n_timesteps else ""
                factors = tuple(run.real_time_factor for run in runs)
                yield Figure(name, "", factors, f"{runs[0].sound_s:.1f} s of sound")
    yield fast_take(studio, repeats)
    request = Request(TEXTS[30], emotion=MIXES["1 emotion"])
    waits = timed(lambda: next(studio.speak_sentences(request)), repeats, studio.settings.device)
    yield Figure("first sound of 30 s", "s", waits)


def fast_take(studio: Speaker, repeats: int) -> Figure:
    """A take of 4 s by the engine that has no diffusion."""
    name = "real-time factor, 4 s, DiEmo"
    if "diemo" not in studio.engines():
        return Figure(name, "", (), "the checkpoint 'diemo' is not here")
    request = Request(TEXTS[4], emotion=MIXES["1 emotion"], engine="diemo")
    runs = [spoken(studio, request) for _ in range(repeats + 1)][1:]
    factors = tuple(run.real_time_factor for run in runs)
    return Figure(name, "", factors, f"{runs[0].sound_s:.1f} s of sound")


def parts(studio: Speaker, repeats: int) -> Iterator[Figure]:
    """A warm take of 4 s in its parts, and what its diffusion makes of the machine."""
    request, device = Request(SHORT, emotion=MIXES["1 emotion"]), studio.settings.device
    runs = [spoken(studio, request) for _ in range(repeats + 1)][1:]
    yield Figure("warm take", "s", tuple(run.work_s for run in runs), "4 s, read-back included")
    for part in runs[0].parts_s:
        yield Figure(f"part: {part}", "ms", tuple(1e3 * run.parts_s[part] for run in runs))
    yield matrix_speed(torch.bfloat16, device, repeats)
    fp32 = matrix_speed(torch.float32, device, repeats)
    yield fp32
    gflop = diffusion_flops(studio, request) / 1e9
    speeds = [gflop / run.parts_s["diffusion"] for run in runs]
    shares = tuple(100 * speed / statistics.median(fp32.repeats) for speed in speeds)
    yield Figure("diffusion's share of fp32 matrix speed", "%", shares, f"{gflop:.2f} GFLOP a take")


def matrix_speed(dtype: torch.dtype, device: str, repeats: int) -> Figure:
    """What products of large matrices reach, half a second a repeat."""
    a = torch.rand(1024, 1024, device=device).to(dtype)
    timer = Timer("a @ a", globals={"a": a}, num_threads=torch.get_num_threads())
    spent = (timer.blocked_autorange(min_run_time=0.5).median for _ in range(repeats))
    name = {torch.bfloat16: "bf16", torch.float32: "fp32"}[dtype]
    return Figure(f"matrix speed, {name}", "GFLOP/s", tuple(2e-9 * 1024**3 / s for s in spent))


def spoken(studio: Speaker, request: Request) -> Run:
    """Speak once; time the work and its parts."""
    device, parts_s = studio.settings.device, {}

    @contextmanager
    def clock(part: str) -> Iterator[None]:
        start = now(device)
        yield
        parts_s[part] = parts_s.get(part, 0.0) + now(device) - start

    start = now(device)
    with around_parts(clock):
        take = studio.speak(request)
    work_s = now(device) - start
    parts_s["rest"] = work_s - sum(parts_s.values())
    return Run(work_s, take.clip.duration_s, parts_s)


def diffusion_flops(studio: Speaker, request: Request) -> int:
    """Floating-point operations of a take's diffusion, a multiplication and an addition as two."""
    counter = FlopCounterMode(display=False)

    @contextmanager
    def count(part: str) -> Iterator[None]:
        with counter if part == "diffusion" else nullcontext():
            yield

    with around_parts(count):
        studio.speak(request)
    return counter.get_total_flops()


@contextmanager
def around_parts(around: Callable[[str], ContextDecorator]) -> Iterator[None]:
    """Run each part of the pipeline within `around(its name)`, until this context ends."""
    places: list[tuple[str, Any, tuple[str, ...]]] = [
        ("text to phonemes", speaking, ("normalize", "phonemize")),
        ("encoder, durations, prosody", EmoMix, ("encode", "predict_prosody")),
        ("prior", EmoMix, ("prior",)),
        ("diffusion", emomix, ("sample",)),
        ("vocoder", Vocoder, ("forward",)),
        ("read-back", readback, ("recognize", "voice_similarity")),
    ]
    with ExitStack() as stack:
        for part, owner, names in places:
            for name in names:
                original = getattr(owner, name)
                setattr(owner, name, around(part)(original))
                stack.callback(setattr, owner, name, original)
        yield


def diffusion(config: EmoMixConfig, device: str, repeats: int) -> Figure:
    """The sampler alone as published, 4 s, ten steps, two emotions; weights are random."""
    model = EmoMix(config).eval().to(device)
    weights, times = MixSchedule(10, tail="published").weights(torch.tensor([0.5, 0.5]), 0)
    mu, noise = torch.randn(2, 1, config.n_mels, N_FRAMES, device=device)
    hidden = torch.randn(2, config.prior_dim, N_FRAMES, device=device)
    speaker_emb = torch.randn(1, config.speaker_dim, device=device)
    who = (speaker_emb, torch.randn(2, config.emotion_dim, device=device))
    spent = timed(lambda: sample(model, mu, hidden, *who, weights, times, noise), repeats, device)
    factors = tuple(work_s / (N_FRAMES * HOP / SAMPLE_RATE) for work_s in spent)
    note = f"4 s, 10 steps, 2 emotions: {int(weights.count_nonzero())} evaluations"
    return Figure(f"real-time factor, {config.estimator} diffusion", "", factors, note)


def espeak(text: str, repeats: int) -> Figure:
    """The formant synthesizer that speaks on everything, its process' start included."""
    name, program = "real-time factor, espeak-ng", shutil.which("espeak-ng")
    if program is None:
        return Figure(name, "", (), "espeak-ng is not installed")
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "take.wav"
        command = [program, "-v", "en-us", "-w", str(wav), text]
        spent = timed(lambda: subprocess.run(command, check=False), repeats, "cpu")
        sound_s = Clip.load(wav).duration_s
    factors = tuple(work_s / sound_s for work_s in spent)
    return Figure(name, "", factors, "start of its process included")


def throughput(
    config: EmoMixConfig, vocoder_config: VocoderConfig, device: str, repeats: int
) -> Figure:
    """Seconds of sound a second where sentences go as one batch; weights are random."""
    model, vocoder = EmoMix(config).eval().to(device), Vocoder(vocoder_config).eval().to(device)
    mu = torch.randn(BATCH, config.n_mels, N_FRAMES, device=device)
    mask = torch.ones(BATCH, 1, N_FRAMES, dtype=torch.bool, device=device)
    hidden = torch.randn(BATCH, config.prior_dim, N_FRAMES, device=device)
    speaker_emb = torch.randn(BATCH, config.speaker_dim, device=device)
    who = (speaker_emb, torch.randn(BATCH, config.emotion_dim, device=device))
    f0 = torch.full((BATCH, N_FRAMES), 150.0, device=device)
    noise = torch.randn(BATCH, N_FRAMES * HOP, device=device)

    @torch.inference_mode()
    def speak() -> None:
        x_t = mu
        for t in torch.linspace(1, 0.1, config.n_timesteps, device=device):
            x_t = model.estimator(x_t, mask, mu, hidden, t.expand(BATCH), *who)
        vocoder(x_t, f0, noise)

    sound_s = BATCH * N_FRAMES * HOP / SAMPLE_RATE
    speeds = tuple(sound_s / work_s for work_s in timed(speak, repeats, device))
    return Figure("batch throughput", "s/s", speeds, f"{BATCH} sentences of 4 s, one emotion")
