"""The few weights that an adapter trains: what tells a net who speaks, and its norms.

AdaSpeech adapts a voice by the scale and shift that conditions give to layer norms and by the
speaker's own embedding, with a thousandth of the weights [1]. Here it is what a speaker embedding
passes through (`speaker`), what conditions make of it in every block (`modulation`), the norms and
the gains of branches. The recognizer, which is told nothing, has its last layers instead.

[1] https://arxiv.org/abs/2103.00993 (AdaSpeech)
"""

from torch import nn

from emostudio.models.ser import EmotionRecognizer

NORMS = (nn.LayerNorm, nn.GroupNorm)
TELLING = ("speaker", "modulation", "gain")
HEADS = ("attention", "hidden", "classify")


def adapted(net: nn.Module) -> list[str]:
    """Names of the parameters that an adapter trains."""
    norms = {name for name, module in net.named_modules() if isinstance(module, NORMS)}
    parts = HEADS if isinstance(net, EmotionRecognizer) else TELLING
    found = []
    for name, _ in net.named_parameters():
        inside, _, last = name.rpartition(".")
        if inside in norms or last in parts or any(part in parts for part in inside.split(".")):
            found.append(name)
    return found


def freeze_all_but_adapter(net: nn.Module) -> None:
    """Leave only what an adapter trains to be learned; what is frozen already stays so."""
    chosen = set(adapted(net))
    for name, parameter in net.named_parameters():
        parameter.requires_grad_(parameter.requires_grad and name in chosen)
