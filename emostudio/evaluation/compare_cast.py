"""Who speaks what when two checkpoints of a voice are compared: the new voices, and an old one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from emostudio.audio.mel import log_mel
from emostudio.audio.reference import check_reference
from emostudio.data.corpora import Utterance
from emostudio.engines.speaking import read_voices
from emostudio.evaluation import asked
from emostudio.evaluation.compare_findings import Both, Findings
from emostudio.evaluation.real import clip_of, joined, spread
from emostudio.models.speaker import SpeakerEncoder
from emostudio.text.normalize import normalize
from emostudio.values import LANGUAGES, Clip

SENTENCES, NEW_VOICES = 6, 2
REFERENCE_S = 10.0
LIKENESS_CLIPS = 8
MAX_LETTERS = 160
SAME_VOICE = 0.97  # cosine of a preset and the recordings that it was made of
SUITE = {"en": asked.SENTENCES, "de": asked.SENTENCES_DE}

Presets = Mapping[str, Any]  # as `read_voices` gives them


@dataclass(frozen=True)
class Role:
    """A voice and its sentences.

    `name` is a preset's, or empty where neither checkpoint has a preset of the speaker. A
    checkpoint that lacks the preset speaks by `reference`. Likeness is to `speaker_emb` (D_spk,),
    or to nobody where it is None. `clips` are held-out recordings of the voice.
    """

    name: str
    lang: str
    sentences: tuple[str, ...]
    new: bool
    reference: Clip | None = None
    speaker_emb: np.ndarray | None = None
    clips: tuple[Utterance, ...] = ()


def roles(both: Both, speaker: SpeakerEncoder, found: Findings) -> list[Role]:
    """The voices of the corpus, and a preset that both have; what is left out is noted.

    Raises:
        ValueError: a checkpoint has no voices, or a recording can't be read.
    """
    presets = {name: read_voices(store.folder(both.net)) for name, store in both.stores.items()}
    before, after = presets["base"], presets["candidate"]
    voices = _speakers(both, speaker, before, after)
    if len(voices) > NEW_VOICES:
        found.notes.append(f"Of {len(voices)} new voices {NEW_VOICES} were compared.")
    cast = [
        role
        for name in list(voices)[:NEW_VOICES]
        if (role := _new_role(name, voices[name], speaker, found)) is not None
    ]
    kept = [name for name in before if after.get(name) == before[name] and name not in voices]
    old = next((name for name in (*asked.VOICES, *kept) if name in kept), "")
    if old:
        lang = before[old]["lang"]
        sentences = tuple(SUITE[lang].read_text(encoding="utf-8").splitlines()[:SENTENCES])
        embedding = np.array(before[old]["speaker_emb"], np.float32)
        cast.append(Role(old, lang, sentences, new=False, speaker_emb=embedding))
    else:
        found.notes.append("Base and candidate share no preset voice, so that none is compared.")
    return cast


def _speakers(
    both: Both, speaker: SpeakerEncoder, before: Presets, after: Presets
) -> dict[str, list[Utterance]]:
    """The recordings behind each new preset, or of one speaker under the name of a preset or none.

    Tuning on what the base was tuned on already brings no new preset.
    """
    of: dict[str, list[Utterance]] = {}
    for clip in both.clips:
        of.setdefault(clip.speaker, []).append(clip)
    # Those of whom something was held out come first.
    names = sorted(of, key=lambda name: not any(clip.split == "dev" for clip in of[name]))
    new = [name for name, preset in after.items() if before.get(name) != preset]
    if len(new) == 1 == len(names):
        return {new[0]: of[names[0]]}
    means = {name: _likeness_to(of[name], speaker) for name in names}

    def alike(preset: str, name: str) -> float:
        one, other = np.array(after[preset]["speaker_emb"]), means[name]
        return float(one @ other / np.linalg.norm(one).clip(min=1e-6) / np.linalg.norm(other))

    if not new:
        first = names[0]
        nearest = max(after, key=lambda preset: alike(preset, first))
        return {nearest if alike(nearest, first) > SAME_VOICE else "": of[first]}
    behind = {preset: max(names, key=lambda name: alike(preset, name)) for preset in new}
    return {
        preset: of[behind[preset]] for preset in sorted(new, key=lambda p: names.index(behind[p]))
    }


def _new_role(
    name: str, clips: list[Utterance], speaker: SpeakerEncoder, found: Findings
) -> Role | None:
    called = f"the voice {name}" if name else "the voice of this corpus"
    lang = clips[0].lang
    train, dev = ([clip for clip in clips if clip.split == split] for split in ("train", "dev"))
    if lang not in LANGUAGES:
        found.notes.append(f"In '{lang}', the language of {called}, nothing can be spoken here.")
        return None
    reference = _reference(train)
    if reference is None:
        found.notes.append(
            f"There is no training clip of {called} that can serve as a reference, so that the "
            "base can't speak by it."
        )
        return None
    said = {clip.text.strip() for clip in train}
    unheard = {clip.text.strip(): clip for clip in dev if clip.text.strip() not in said}
    fit = [clip for text, clip in unheard.items() if _speakable(text, lang)]
    sentences = [clip.text.strip() for clip in spread(fit, SENTENCES)]
    if len(sentences) < 2:
        sentences = SUITE[lang].read_text(encoding="utf-8").splitlines()[:SENTENCES]
        found.notes.append(
            f"Fewer than two sentences of {called} were held out, so that it speaks sentences of "
            "ours instead."
        )
    if not dev:
        found.notes.append(f"No clip of {called} was held out, so that its likeness can't be told.")
    clips = spread(dev, LIKENESS_CLIPS)
    return Role(
        name,
        lang,
        tuple(sentences),
        new=True,
        reference=reference,
        speaker_emb=_likeness_to(clips, speaker) if clips else None,
        clips=tuple(clips),
    )


def _reference(train: Sequence[Utterance]) -> Clip | None:
    """Ten seconds of training speech, neutral where there is such."""
    calm = [clip for clip in train if clip.emotion == "neutral"] or list(train)
    for start in range(min(5, len(calm))):
        try:
            return check_reference(joined(calm[start:], REFERENCE_S), what="The reference")
        except ValueError:  # clipped or too short: another one may do
            continue
    return None


@torch.inference_mode()
def _likeness_to(clips: Sequence[Utterance], speaker: SpeakerEncoder) -> np.ndarray:
    """Mean speaker embedding (D_spk,) of recordings."""
    mels = (
        log_mel(torch.from_numpy(clip_of(clip).wav)[None]) for clip in spread(clips, LIKENESS_CLIPS)
    )
    return np.stack([speaker(mel)[0].numpy() for mel in mels]).mean(0)


def _speakable(text: str, lang: str) -> bool:
    if not text or len(text) > MAX_LETTERS:
        return False
    try:
        normalize(text, lang)
    except ValueError:
        return False
    return True
