"""From a checkpoint to one of the same net that was tuned on a corpus; `jobs.worker` calls it.

A pack holds the corpus under the name `CORPUS`; whatever else is in it is rehearsed.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from accelerate import PartialState
from torch import nn

from emostudio.data.features import Pack
from emostudio.data.labels import plain
from emostudio.models import checkpoint
from emostudio.models.alignment import PhonemeNet
from emostudio.models.checkpoint import Store
from emostudio.models.content import ContentEncoder
from emostudio.models.diemo.net import DiEmo
from emostudio.models.emomix.net import EmoMix
from emostudio.models.hubert import HubertContent
from emostudio.models.ser import EmotionRecognizer
from emostudio.models.speaker import SpeakerEncoder
from emostudio.models.vocoder import Vocoder
from emostudio.models.zest.net import Zest
from emostudio.training.acted import acted_in
from emostudio.training.adapter import freeze_all_but_adapter
from emostudio.training.aligner import durations_of
from emostudio.training.content import PackedUnits, add_units
from emostudio.training.drawing import NOTHING, DrawingRecipe
from emostudio.training.embeddings import embed
from emostudio.training.emomix import Voices, preset_voice
from emostudio.training.loop import Watch, fit, refuse_taken
from emostudio.training.recipes import SLOWER, plans
from emostudio.training.transfer import Listeners
from emostudio.training.tuned import (
    TunedDiEmo,
    TunedEmoMix,
    TunedSer,
    TunedZest,
    widened,
    with_presets,
)
from emostudio.training.vocoder import VocoderRecipe

CORPUS = "corpus"
WARM_UP = 0.1  # of the steps
SAVE_MINUTES = 1.0


@dataclass(frozen=True)
class Manner:
    """How a checkpoint is tuned.

    `only_adapter` trains a few weights alone (`training.adapter`); `rehearsal` is the share of what
    is drawn that is no part of the corpus; a `batch_size` of 0 is the recipe's; `learning_rate` is
    a factor on what fine-tuning uses otherwise; `name` is what a voice is called.
    """

    steps: int
    name: str = ""
    only_adapter: bool = True
    rehearsal: float = 0.5
    batch_size: int = 0
    learning_rate: float = 1.0
    seed: int = 0


def complete(net: str, store: Store, folder: Path) -> None:
    """Add to a pack what tuning a net needs of it: durations, embeddings, units."""
    if net in ("ser", "vocoder"):
        return
    _align(store.load(PhonemeNet), folder)
    embed(store.load(SpeakerEncoder), store.load(EmotionRecognizer), folder)
    if net == "zest":
        hubert = store.load(Zest).config.content == "hubert"
        add_units(store.load(HubertContent if hubert else ContentEncoder), folder)


def _align(aligner: PhonemeNet, folder: Path) -> None:
    """Write the durations that are not known yet."""
    pack = Pack.open(folder)
    known = {row.name: pack.durations_of(row) for row in pack.rows if pack.durations is not None}
    lacking = [r for r in pack.rows if r.name not in known or known[r.name].sum() != r.n_frames]
    known |= durations_of(aligner, pack, lacking)
    np.save(folder / "durations.npy", np.concatenate([known[row.name] for row in pack.rows]))


def tune(
    net: str,
    manner: Manner,
    *,
    data: Path,
    run: Path,
    store: Store,
    watch: Watch | None = None,
    resume: bool = False,
) -> int:
    """Tune the net of a store on a pack that is `complete`; return the step reached.

    The run folder becomes a checkpoint; who watches finds voices.json from the first step on.

    Raises:
        ValueError: nothing there can be learned from, or the run folder is taken.
    """
    refuse_taken(run, resume=resume)  # before anything there is overwritten
    plan, pack = plans()[net], Pack.open(data)
    torch.manual_seed(manner.seed)  # the first weights of heads that the checkpoint does not keep
    base = store.load(plan.net)
    recipe = _recipe(base, pack, data, store)
    rehearsed = {row.corpus for row in pack.rows} - {CORPUS}
    recipe.rehearse(rehearsed, manner.rehearsal)
    if manner.only_adapter:
        freeze_all_but_adapter(recipe.export)
    config = replace(
        plan.run,
        max_steps=manner.steps,
        batch_size=manner.batch_size or plan.run.batch_size,
        learning_rate=plan.run.learning_rate / SLOWER * manner.learning_rate,
        warmup_steps=max(1, round(WARM_UP * manner.steps)),
        report_every=max(1, manner.steps // 100),
        save_minutes=SAVE_MINUTES,
        seed=manner.seed,
    )
    run.mkdir(parents=True, exist_ok=True)
    checkpoint.save_config(recipe.export, run)
    if not isinstance(recipe, TunedEmoMix | TunedDiEmo):
        return fit(recipe, config, run, watch=watch, resume=resume)
    presets = Presets(recipe, _langs(pack), manner.name, run, store.folder(net))
    watch = Voiced(presets, config.report_every, watch) if watch is not None else None
    step = fit(recipe, config, run, watch=watch, resume=resume)
    if PartialState().is_main_process:
        presets.write()
    return step


def _langs(pack: Pack) -> dict[str, str]:
    """The language of each speaker of the corpus."""
    return {row.speaker: row.lang for row in pack.select("train", CORPUS, worded=True)}


@dataclass(frozen=True)
class Presets:
    """The voices of a net that is tuned: those of the base, then those of the corpus."""

    recipe: TunedEmoMix | TunedDiEmo
    langs: dict[str, str]
    name: str
    run: Path
    base: Path

    def write(self) -> None:
        """Write voices.json as the new voices are now."""
        presets = json.loads((self.base / "voices.json").read_text(encoding="utf-8"))
        embeddings = self.recipe.own_voices().detach().cpu().numpy()
        means = dict(zip(self.recipe.speakers, embeddings, strict=True))
        voices = replace(self.recipe._voices, speaker_means=means)
        for speaker, lang in self.langs.items():
            name = voice_name(self.name, speaker, alone=len(self.langs) == 1)
            presets.pop(name, None)  # the new ones stand last
            presets[name] = preset_voice(voices, speaker, lang)
        text = json.dumps(presets, indent=1)
        (self.run / "voices.new").write_text(text, encoding="utf-8")
        (self.run / "voices.new").replace(self.run / "voices.json")


@dataclass(frozen=True)
class Voiced:
    """Keeps voices.json up to date for who listens on the way."""

    presets: Presets
    every: int
    watch: Watch

    def report(self, step: int, minutes: float, rate: float, losses: dict[str, float]) -> None:
        """Pass it on."""
        self.watch.report(step, minutes, rate, losses)

    def hear(self, step: int, average: nn.Module) -> None:
        """Write the voices, then pass it on."""
        if step % self.every == 0 or not (self.presets.run / "voices.json").is_file():
            self.presets.write()
        self.watch.hear(step, average)


def voice_name(name: str, speaker: str, *, alone: bool) -> str:
    """What a speaker's preset is called.

    >>> voice_name("anna", "anna-smith", alone=True), voice_name("choir", "Bo B.", alone=False)
    ('anna', 'choir-bo-b')
    """
    if alone:
        return name
    return f"{name}-{plain(speaker)}"


def _recipe(base: nn.Module, pack: Pack, data: Path, store: Store) -> DrawingRecipe:
    own = pack.select("train", CORPUS)
    if not own:
        raise ValueError(NOTHING)
    old = sorted({row.corpus for row in pack.rows} - {CORPUS})
    # Who is tuned to lends nobody a voice and borrows from all who act.
    acted = acted_in(pack.rows) - {CORPUS}
    if isinstance(base, EmotionRecognizer):
        return TunedSer(widened(base, sorted({row.emotion for row in own})), pack, old)
    if isinstance(base, Vocoder):
        recipe = VocoderRecipe(base.config, pack, adversarial=torch.cuda.is_available())
        recipe.start_from(base)
        return recipe
    assert isinstance(base, EmoMix | DiEmo | Zest)
    speakers = list(_langs(pack))
    if not speakers:
        raise ValueError(NOTHING)
    voices = Voices.of(pack, data, base.config.emotions)
    presets = store.folder("diemo" if isinstance(base, DiEmo) else "emomix") / "voices.json"
    voices = with_presets(voices, json.loads(presets.read_text(encoding="utf-8")))
    ears = store.load(SpeakerEncoder), store.load(PhonemeNet), store.load(Vocoder)
    listeners = Listeners(store.load(EmotionRecognizer), *ears)
    if isinstance(base, EmoMix):
        return TunedEmoMix(base, pack, voices, listeners, speakers, acted=acted)
    if isinstance(base, DiEmo):
        return TunedDiEmo(base, pack, voices, listeners, speakers, acted=acted)
    units = PackedUnits.open(pack, data, base.config.content)
    return TunedZest(base, pack, voices, units, listeners)
