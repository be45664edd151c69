"""What the synthesizer that ships learns: to speak what was said, and to be heard in an emotion.

What the paper does not have: readers are never angry in the corpora, so frozen listeners say
whether a neutral recording, turned into an emotion, is heard as it, as the same voice and with its
words. They say it of what conversion does: the source's contours, moved as far as actors go.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from emostudio.models.blocks import lengths_to_mask
from emostudio.models.content import Units
from emostudio.models.zest.contours import moved
from emostudio.models.zest.net import Zest
from emostudio.models.zest.synthesizer import Synthesizer
from emostudio.training.transfer import Listeners, Wanted
from emostudio.training.windows import distance

TRANSFER_WEIGHTS = {"emotion": 0.15, "voice": 0.3, "words": 0.3, "excess": 0.1}
TRANSFER_ITEMS = 5


class Told(NamedTuple):
    """What a synthesizer is told of a batch; it takes EASE and SACE as they are.

    `emotion` is the mean of SACE over the clip that shows it, `was` over the prompt, (B, D_emo);
    `levels` are the running means of all emotions, (n_emotions, D_emo), and `moves` how far actors
    go in each, (n_emotions, 4).
    """

    units: Units
    mask: Tensor
    ease: Tensor
    emotion: Tensor
    was: Tensor
    levels: Tensor
    moves: Tensor


def mel_losses(
    net: Zest, listeners: Listeners, batch: dict[str, Tensor], told: Told
) -> dict[str, Tensor]:
    """Distances of the mel, what listeners hear, and their weighted sum `speech`."""
    synthesizer, mel, mask = net.synthesizer, batch["mel"], told.mask
    assert isinstance(synthesizer, Synthesizer)
    prompt_mask = lengths_to_mask(batch["prompt_lengths"], batch["prompt"].shape[-1])
    given = torch.stack([batch["log_f0"], batch["voiced"], mel.mean(1)], dim=1)
    content = synthesizer.content(told.units, mask)
    prompt_content = synthesizer.content(
        packed(batch["prompt_ids"], batch["prompt_shares"]), prompt_mask
    )
    looked_up = synthesizer.look_up(content, prompt_content, batch["prompt"], prompt_mask)
    emotions = (told.emotion, told.was)
    spoken = synthesizer(content, looked_up, given, mask, told.ease, emotions)
    found = {
        "mel": distance(spoken, mel, mask),
        "edges": distance(spoken.diff(dim=-1), mel.diff(dim=-1), mask[..., 1:]),
    }
    speech = found["mel"] + 0.5 * found["edges"]
    heard = _transfer(net, listeners, batch, told, (content, looked_up))
    for name, value in heard.items():
        speech = speech + TRANSFER_WEIGHTS[name] * value
    return found | heard | {"speech": speech}


def _transfer(
    net: Zest,
    listeners: Listeners,
    batch: dict[str, Tensor],
    told: Told,
    known: tuple[Tensor, Tensor],
) -> dict[str, Tensor]:
    """What listeners hear in neutral recordings, their own prompts, turned into an emotion."""
    ready = told.levels.any(1)[batch["asked"][:, 0]]
    some = (batch["own"][:, 0] & ready).nonzero()[:TRANSFER_ITEMS, 0]
    if not len(some):
        return {}
    mask, mel, labels = told.mask[some], batch["mel"][some], batch["asked"][some, 0]
    shall, was, ease = told.levels[labels], told.was[some], told.ease[some]
    log_f0, energy = batch["log_f0"][some], mel.mean(1)
    if net.config.predictor:
        units = Units(told.units.ids[some], told.units.shares[some])
        net.contours.eval()  # its dropout would move them as well
        with torch.no_grad():
            before = net.contours(units, mask, was[:, None], None, ease)
            after = net.contours(units, mask, shall[:, None], None, ease)
        net.contours.train(net.training)
        voiced, (pitch, spread, louder, _) = batch["voiced"][some], told.moves[labels].unbind(1)
        log_f0 = moved(log_f0, after.log_f0 - before.log_f0, voiced, pitch, spread)
        energy = moved(energy, after.energy - before.energy, voiced, louder, 0 * louder)
    contours = torch.stack([log_f0, batch["voiced"][some], energy], dim=1)
    content, looked_up = (x[some] for x in known)
    spoken = net.synthesizer(content, looked_up, contours, mask, ease, (shall, was))
    wanted = Wanted(labels, batch["speaker_emb"][some], batch["classes"][some])
    listeners = listeners.freeze(mel.device)
    heard = listeners.losses(spoken, log_f0, batch["voiced"][some], mask, wanted)
    shape = (spoken - spoken.mean(1, keepdim=True)) - (mel - mel.mean(1, keepdim=True))
    return heard | {"excess": (shape.square() * mask).sum() / (mask.sum() * mel.shape[1])}


def packed(ids: Tensor, shares: Tensor) -> Units:
    """Units from a batch, where time stands last."""
    return Units(ids.transpose(1, 2), shares.transpose(1, 2))
