"""Every recipe by name, at the shipped size and at the paper's: `train RECIPE` looks here.

Order for a pack made anew: aligner (writes durations into the pack), ser, judge, speaker, vocoder
and content (writes units) in any order, then emomix, zest and diemo, which read the shipped
recognizer and speaker encoder. Instead of content, content-hubert makes units of a HuBERT that the
user has. `attributes` and `clusters` need no other but the latter's embeddings.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from emostudio.data.features import Pack
from emostudio.models import checkpoint
from emostudio.models.alignment import AlignerConfig, PhonemeNet
from emostudio.models.content import ContentConfig, ContentEncoder
from emostudio.models.diemo.attributes import AttributeConfig, AttributeRegressor
from emostudio.models.diemo.config import DiEmoConfig
from emostudio.models.diemo.net import DiEmo
from emostudio.models.emomix.config import EmoMixConfig
from emostudio.models.emomix.net import EmoMix
from emostudio.models.hubert import HubertConfig, HubertContent
from emostudio.models.judge import EmotionJudge, JudgeConfig
from emostudio.models.ser import EmotionRecognizer, SerConfig
from emostudio.models.speaker import SpeakerConfig, SpeakerEncoder
from emostudio.models.vocoder import Vocoder, VocoderConfig
from emostudio.models.zest.config import ZestConfig
from emostudio.models.zest.net import Zest
from emostudio.settings import Settings
from emostudio.training import attributes
from emostudio.training.aligner import AlignerRecipe, align
from emostudio.training.clusters import cluster
from emostudio.training.content import ContentRecipe, PackedUnits, quantize
from emostudio.training.diemo import ABLATIONS as DIEMO_ABLATIONS
from emostudio.training.diemo import DiEmoRecipe, clusters_of, emotion_means
from emostudio.training.embeddings import embed
from emostudio.training.emomix import ABLATIONS, EmoMixRecipe, Voices, calibrate, preset_voices
from emostudio.training.judge import JudgeRecipe
from emostudio.training.loop import Recipe, RunConfig, fit, refuse_taken
from emostudio.training.ser import SerRecipe
from emostudio.training.speaker import SpeakerRecipe
from emostudio.training.transfer import Listeners
from emostudio.training.vocoder import VocoderRecipe
from emostudio.training.zest import ABLATIONS as ZEST_ABLATIONS
from emostudio.training.zest import ZestRecipe
from emostudio.training.zest_finish import finished


@dataclass(frozen=True)
class Plan:
    """What a name stands for: the net, its config, how to train it, what an ablation leaves out."""

    net: type[nn.Module]
    config: Any
    run: RunConfig
    without: str = ""


def plans() -> dict[str, Plan]:
    """How each recipe is trained here: a GPU changes batch and precision."""
    on_gpu = torch.cuda.is_available()
    # On two cores bfloat16 convolutions take half the time where the processor has them.
    half = "bf16" if on_gpu or torch.backends.mkldnn.is_available() else "no"
    grow = 4 if on_gpu else 1
    shipped = {
        "aligner": Plan(PhonemeNet, AlignerConfig(), RunConfig(batch_size=16, average_decay=0.99)),
        "ser": Plan(
            EmotionRecognizer,
            SerConfig(),
            RunConfig(batch_size=32, learning_rate=1.5e-3, weight_decay=0.05, precision=half),
        ),
        "judge": Plan(
            EmotionJudge,
            JudgeConfig(),
            RunConfig(batch_size=32, learning_rate=2e-3, weight_decay=0.05, precision=half),
        ),
        "speaker": Plan(
            SpeakerEncoder,
            SpeakerConfig(),
            RunConfig(batch_size=48, learning_rate=2e-3, weight_decay=0.05, precision=half),
        ),
        "vocoder": Plan(Vocoder, VocoderConfig(), RunConfig(batch_size=12 * grow)),
        "emomix": Plan(EmoMix, EmoMixConfig(), RunConfig(batch_size=16 * grow, precision=half)),
        "content": Plan(
            ContentEncoder,
            ContentConfig(),
            RunConfig(batch_size=24 * grow, learning_rate=2e-3, precision=half),
        ),
        "content-hubert": Plan(HubertContent, HubertConfig(), RunConfig()),
        "zest": Plan(Zest, ZestConfig(), RunConfig(batch_size=16 * grow, precision=half)),
        "attributes": Plan(AttributeRegressor, AttributeConfig(), attributes.RUN),
        "diemo": Plan(DiEmo, DiEmoConfig(), RunConfig(batch_size=16 * grow, precision=half)),
    }
    sizes = {
        "aligner": AlignerConfig.paper(),
        "ser": SerConfig.paper(),
        "judge": JudgeConfig.paper(),
        "speaker": SpeakerConfig.paper(),
        "vocoder": VocoderConfig.paper(),
        "emomix": EmoMixConfig.paper(),
        "content": ContentConfig.paper(),
        "zest": ZestConfig.paper(),
        "diemo": DiEmoConfig.paper(),
    }
    paper = {
        f"{name}-paper": replace(
            shipped[name],
            config=size,
            run=replace(shipped[name].run, learning_rate=shipped[name].run.learning_rate / 4),
        )
        for name, size in sizes.items()
    }
    ablated = {
        f"{name}-without-{part}": replace(shipped[name], without=part)
        for name, parts in ABLATED.items()
        for part in parts
    }
    return shipped | paper | ablated


SLOWER = 3.0  # what has learned already is unlearned at the rate that a new net needs
_SIZED = "aligner ser judge speaker vocoder emomix content zest diemo".split()
ABLATED = {"emomix": ABLATIONS, "zest": ZEST_ABLATIONS, "diemo": DIEMO_ABLATIONS}
RECIPES = (
    *(f"{name}{size}" for size in ("", "-paper") for name in _SIZED),
    *("content-hubert", "attributes", "clusters"),
    *(f"{name}-without-{part}" for name, parts in ABLATED.items() for part in parts),
)


def train(
    recipe: str,
    *,
    data: Path,
    run: Path,
    minutes: float = 0.0,
    max_steps: int = 0,
    resume: bool = False,
    seed: int = 0,
    start: Path | None = None,
) -> int:
    """Train a recipe on a pack into a run folder, and return the step reached.

    `start` is a folder of a checkpoint or run whose weights are the first ones. The run folder
    becomes a checkpoint itself: `EMOSTUDIO_MODELS` may point to its parent.

    Raises:
        ValueError: no such recipe, no pack, or what the recipe needs was not made yet.
    """
    if recipe not in RECIPES:
        raise ValueError(f"There is no recipe '{recipe}'; choose from {', '.join(RECIPES)}.")
    pack = Pack.open(data)
    if recipe == "clusters":  # no net and no run: what is found goes into the pack
        _embedded(data)
        cluster(data, seed=seed)
        return 0
    plan = plans()[recipe]
    torch.manual_seed(seed)  # the first weights
    first = checkpoint.load(plan.net, start) if start is not None else None
    if first is not None:  # a checkpoint knows its own size
        plan = replace(plan, config=first.config)
    if plan.net is HubertContent:
        return _cluster(plan, data, run, seed)
    task = _BUILDERS[plan.net](plan, pack, data)
    if first is not None and not resume:
        task.start_from(first)
    refuse_taken(run, resume=resume)  # before anything there is overwritten
    run.mkdir(parents=True, exist_ok=True)
    checkpoint.save_config(task.export, run)
    rate = plan.run.learning_rate / (1 if start is None else SLOWER)
    if resume and (run / "run.json").is_file():
        rate = json.loads((run / "run.json").read_text(encoding="utf-8"))["learning_rate"]
    steps = max_steps or plan.run.max_steps  # some are done after a known number
    config = replace(plan.run, minutes=minutes, max_steps=steps, seed=seed, learning_rate=rate)
    step = fit(task, config, run, resume=resume)
    trained = checkpoint.load(plan.net, run)
    if isinstance(trained, PhonemeNet):
        align(trained, data)
    if isinstance(trained, ContentEncoder):
        quantize(trained, data)
        checkpoint.save(trained, run)
    if isinstance(trained, Zest):
        checkpoint.save(finished(trained, pack), run)
    if isinstance(trained, DiEmo):
        trained.emotion_means.copy_(emotion_means(trained, pack))
        checkpoint.save(trained, run)
    if isinstance(trained, EmoMix | DiEmo):
        voices = Voices.of(pack, data, plan.config.emotions)
        calibrate(trained, pack, voices, without=plan.without)
        checkpoint.save_config(trained, run)
        presets = preset_voices(pack, voices)
        if start is not None and (start / "voices.json").is_file():
            presets = json.loads((start / "voices.json").read_text(encoding="utf-8")) | presets
        text = json.dumps(presets, indent=1)
        (run / "voices.json").write_text(text, encoding="utf-8")
    return step


def _cluster(plan: Plan, data: Path, run: Path, seed: int) -> int:
    """Make units of HuBERT: k-means, however long it takes, and no step of training."""
    refuse_taken(run, resume=False)
    net = HubertContent(plan.config).eval()
    quantize(net, data, seed=seed)
    checkpoint.save(net, run)
    return 0


def export(run: Path, folder: Path) -> None:
    """Turn a run into a checkpoint to ship: half precision, config and voices, nothing else.

    Raises:
        ValueError: the run has no model yet.
    """
    try:
        name = json.loads((run / "config.json").read_text(encoding="utf-8"))["net"]
        net = next(net for net, (known, _) in checkpoint.NETS.items() if known == name)
    except (OSError, ValueError, KeyError, StopIteration) as error:
        raise ValueError(f"{run} is not a run folder: it has no config.json of a net.") from error
    checkpoint.save(checkpoint.load(net, run), folder)
    if (run / "voices.json").is_file():
        (folder / "voices.json").write_bytes((run / "voices.json").read_bytes())


def _emomix(plan: Plan, pack: Pack, data: Path) -> Recipe:
    voices, listeners = _heard(plan, pack, data)
    return EmoMixRecipe(plan.config, pack, voices, listeners, without=plan.without)


def _zest(plan: Plan, pack: Pack, data: Path) -> Recipe:
    voices, listeners = _heard(plan, pack, data)
    return ZestRecipe(
        plan.config,
        pack,
        voices,
        PackedUnits.open(pack, data, plan.config.content),
        listeners,
        without=plan.without,
        adversarial=torch.cuda.is_available(),
    )


def _diemo(plan: Plan, pack: Pack, data: Path) -> Recipe:
    voices, listeners = _heard(plan, pack, data)
    found = plan.without == "labels"
    clusters = clusters_of(pack, data, plan.config.emotions, found=found)
    return DiEmoRecipe(plan.config, pack, voices, listeners, clusters, without=plan.without)


def _heard(plan: Plan, pack: Pack, data: Path) -> tuple[Voices, Listeners]:
    """Embeddings by the recognizer and speaker encoder in use, and who listens."""
    store, recognizer = _embedded(data)
    ears = store.load(SpeakerEncoder), store.load(PhonemeNet), store.load(Vocoder)
    listeners = Listeners(recognizer, *ears)
    return Voices.of(pack, data, plan.config.emotions), listeners


def _embedded(data: Path) -> tuple[checkpoint.Store, EmotionRecognizer]:
    """The models in use, by whose recognizer and speaker encoder the pack is embedded."""
    settings = Settings.from_env()
    store = checkpoint.Store(settings.checkpoints, settings.models)
    sources = {name: store.sha256(name) for name in ("ser", "speaker")}
    note = data / "embeddings.json"
    recognizer = store.load(EmotionRecognizer)
    if not note.is_file() or json.loads(note.read_text(encoding="utf-8")) != sources:
        embed(store.load(SpeakerEncoder), recognizer, data)
        note.write_text(json.dumps(sources), encoding="utf-8")
    return store, recognizer


_BUILDERS: dict[type[nn.Module], Callable[[Plan, Pack, Path], Recipe]] = {
    PhonemeNet: lambda plan, pack, _: AlignerRecipe(plan.config, pack),
    EmotionRecognizer: lambda plan, pack, _: SerRecipe(plan.config, pack),
    EmotionJudge: lambda plan, pack, _: JudgeRecipe(plan.config, pack),
    SpeakerEncoder: lambda plan, pack, _: SpeakerRecipe(plan.config, pack),
    Vocoder: lambda plan, pack, _: VocoderRecipe(
        plan.config, pack, adversarial=torch.cuda.is_available()
    ),
    EmoMix: _emomix,
    ContentEncoder: lambda plan, pack, _: ContentRecipe(plan.config, pack),
    Zest: _zest,
    AttributeRegressor: lambda plan, pack, _: attributes.AttributeRecipe(
        plan.config, attributes.Told.of(pack)
    ),
    DiEmo: _diemo,
}
