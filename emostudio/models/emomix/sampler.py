"""Mixing at run time: one emotion leads the coarse steps, the mixture paints what follows.

Of the N steps from noise to data, those above K_max follow the base emotion alone, those between
K_max and K_min follow the weighted sum of all emotions' scores [1, section 3.2], and the tail below
K_min either stays with the mixture (`mix`, the default: a weight of zero is then exactly the base)
or follows the strongest emotion that is mixed in (`published`).

The score is affine in the expected data, so the weighted sum of scores is the score of the weighted
sum of expectations; steps use that form. They are exact for a constant expectation (DDIM [2], the
first-order exponential solver of the probability flow), so few are needed.

[1] EmoMix, https://arxiv.org/abs/2306.00648  [2] https://arxiv.org/abs/2010.02502
"""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from emostudio.models.emomix.net import EmoMix


@dataclass(frozen=True)
class MixSchedule:
    """When the mixture leads. `k_max` and `k_min` are fractions of the diffusion time."""

    n_timesteps: int = 10
    k_max: float = 0.6
    k_min: float = 0.2
    tail: Literal["mix", "published"] = "mix"

    def weights(
        self, shares: Float[Tensor, " M"], base: int
    ) -> tuple[Float[Tensor, "N M"], Float[Tensor, " N1"]]:
        """Weights of each condition at each step, and the N + 1 times between steps, 1 to 0."""
        times = torch.linspace(1, 0, self.n_timesteps + 1)
        middles = (times[:-1] + times[1:]) / 2
        only = torch.eye(len(shares))
        mixed_in = shares.clone()
        if len(shares) > 1:
            mixed_in[base] = 0
        tail = shares if self.tail == "mix" else only[int(mixed_in.argmax())]
        rows = [
            only[base] if t > self.k_max else (shares if t >= self.k_min else tail)
            for t in middles.tolist()
        ]
        return torch.stack(rows), times


@torch.inference_mode()
def sample(
    model: EmoMix,
    mu: Float[Tensor, "1 n_mels T"],
    hidden: Float[Tensor, "M C T"],
    speaker_emb: Float[Tensor, "1 D_spk"],
    emotion_embs: Float[Tensor, "M D_emo"],
    weights: Float[Tensor, "N M"],
    times: Float[Tensor, " N1"],
    noise: Float[Tensor, "1 n_mels T"],
) -> Float[Tensor, "1 n_mels T"]:
    """Run the sampler from `noise` (already divided by the temperature) around `mu`.

    Conditions that have no weight at a step are left out of it; the rest go as one batch.
    """
    schedule = model.schedule
    x_t = mu + noise
    for step, row in enumerate(weights.to(mu.device)):
        t, then = times[step].to(mu.device), times[step + 1].to(mu.device)
        used = row.nonzero()[:, 0]
        n_used = len(used)
        denoised = model.estimator(
            x_t.expand(n_used, -1, -1),
            torch.ones_like(x_t[:, :1], dtype=torch.bool).expand(n_used, -1, -1),
            mu.expand(n_used, -1, -1),
            hidden[used],
            t.expand(n_used),
            speaker_emb.expand(n_used, -1),
            emotion_embs[used],
        )
        denoised = (row[used][:, None, None] * denoised).sum(0, keepdim=True)
        ahead = mu + schedule.data_share(t) * (denoised - mu)
        leftover = (x_t - ahead) * (schedule.variance(then) / schedule.variance(t)).sqrt()
        x_t = mu + schedule.data_share(then) * (denoised - mu) + leftover
    return x_t
