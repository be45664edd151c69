"""The ConvNeXt block on frames that most nets here are built from.

[1] https://arxiv.org/abs/2201.03545 (ConvNeXt); [2] https://arxiv.org/abs/2212.09748 (AdaLN-zero).
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn


def lengths_to_mask(lengths: Int[Tensor, " B"], length: int) -> Bool[Tensor, "B 1 T"]:
    """True where an item has data."""
    return (torch.arange(length, device=lengths.device)[None] < lengths[:, None])[:, None]


# What is 8 nats (70 dB) under a clip's loudest point is taken for noise and leveled.
RANGE = 8.0


def level_free(
    mel: Float[Tensor, "B n_mels T"], mask: Bool[Tensor, "B 1 T"]
) -> Float[Tensor, "B n_mels T"]:
    """A log mel without its level and what lies under `RANGE`, in about unit range."""
    top = mel.masked_fill(~mask, -torch.inf).amax((1, 2), keepdim=True)
    floored = torch.maximum(mel - top, torch.full_like(mel, -RANGE)) * mask
    mean = floored.sum((1, 2), keepdim=True) / (mask.sum((1, 2), keepdim=True) * mel.shape[1])
    return (floored - mean) / 2.0 * mask


class ConvNextBlock(nn.Module):
    """Depthwise convolution over time, then a pointwise net, added to the input [1].

    With `cond_dim` the norm's scale and shift and the branch's gain come from a condition and
    start at identity, identity and zero [2].
    """

    def __init__(self, dim: int, hidden: int, kernel: int = 7, cond_dim: int = 0) -> None:
        """Build a block of `dim` channels."""
        super().__init__()
        self.depthwise = nn.Conv1d(dim, dim, kernel, padding=kernel // 2, groups=dim)
        self.norm = nn.LayerNorm(dim, elementwise_affine=cond_dim == 0)
        self.expand = nn.Linear(dim, hidden)
        self.contract = nn.Linear(hidden, dim)
        self.gain = nn.Parameter(torch.full((dim,), 0.2)) if cond_dim == 0 else None
        self.modulation = nn.Linear(cond_dim, 3 * dim) if cond_dim else None
        if self.modulation is not None:
            nn.init.zeros_(self.modulation.weight)
            nn.init.zeros_(self.modulation.bias)

    def forward(
        self,
        x: Float[Tensor, "B C T"],
        mask: Bool[Tensor, "B 1 T"] | None = None,
        cond: Float[Tensor, "B D_cond"] | None = None,
    ) -> Float[Tensor, "B C T"]:
        """Return x plus the branch; what `mask` leaves out never reaches another frame."""
        h = x if mask is None else x * mask
        h = self.norm(self.depthwise(h).transpose(1, 2))
        gain = self.gain
        if self.modulation is not None:
            scale, shift, gain = self.modulation(cond)[:, None].chunk(3, dim=-1)
            h = h * (1 + scale) + shift
        h = self.contract(nn.functional.gelu(self.expand(h), approximate="tanh"))
        return x + (h * gain).transpose(1, 2)


class ConvNextStack(nn.Module):
    """Convolution from `n_in` channels, then `depth` blocks and a norm."""

    def __init__(self, n_in: int, dim: int, hidden: int, depth: int, kernel: int = 7) -> None:
        """Build the stack."""
        super().__init__()
        self.first = nn.Conv1d(n_in, dim, kernel, padding=kernel // 2)
        self.blocks = nn.ModuleList(ConvNextBlock(dim, hidden, kernel) for _ in range(depth))
        self.norm = nn.LayerNorm(dim)

    def forward(
        self, x: Float[Tensor, "B C_in T"], mask: Bool[Tensor, "B 1 T"] | None = None
    ) -> Float[Tensor, "B T C"]:
        """Return features with channels last, ready for a linear head."""
        h = self.first(x if mask is None else x * mask)
        for block in self.blocks:
            h = block(h, mask)
        return self.norm(h.transpose(1, 2))
