"""The diffusion of EmoMix: Grad-TTS' process towards a text-conditioned mean, and its loss.

x_0 is data; t runs from 1 (noise) to 0 (data). With B(t) the integral of beta up to t,
x_t = x_0 a + mu (1 - a) + sqrt(lambda) z, where a = exp(-B/2), lambda = 1 - exp(-B) [1, eq. 9].
The net predicts the data; the score follows as (mean(x_0_hat) - x_t) / lambda. That is the same
model as one that predicts noise, but at few steps on a small net it can't do worse than the mean,
and the style loss [2] gets x_0_hat without the factor exp(B/2), which is 150 at t = 1.

[1] Grad-TTS, https://arxiv.org/abs/2105.06337  [2] EmoMix, https://arxiv.org/abs/2306.00648
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

MAX_WEIGHT = 5.0


@dataclass(frozen=True)
class Schedule:
    """Noise schedule beta(t) = beta_min + (beta_max - beta_min) t."""

    beta_min: float = 0.05
    beta_max: float = 20.0

    def data_share(self, t: Tensor) -> Tensor:
        """The share a(t) = exp(-B(t) / 2) of the data in the mean of x_t."""
        integral = self.beta_min * t + 0.5 * (self.beta_max - self.beta_min) * t**2
        return torch.exp(-0.5 * integral)

    def variance(self, t: Tensor) -> Tensor:
        """The variance lambda(t) = 1 - exp(-B(t)) of x_t."""
        return 1 - self.data_share(t) ** 2

    def diffuse(
        self,
        mel: Float[Tensor, "B n_mels T"],
        mu: Float[Tensor, "B n_mels T"],
        t: Float[Tensor, " B"],
        noise: Float[Tensor, "B n_mels T"],
    ) -> Float[Tensor, "B n_mels T"]:
        """Sample x_t given x_0 = mel [1, eq. 9]."""
        t = t[:, None, None]
        share = self.data_share(t)
        return mu + share * (mel - mu) + self.variance(t).sqrt() * noise

    def score(self, denoised: Tensor, x_t: Tensor, mu: Tensor, t: Tensor) -> Tensor:
        """Gradient of the log density of x_t where `denoised` is the expected data."""
        share = self.data_share(t)
        return (mu + share * (denoised - mu) - x_t) / self.variance(t)

    def weight(self, t: Float[Tensor, " B"]) -> Float[Tensor, " B"]:
        """Weight of the squared error of the data at t: its signal-to-noise ratio, in bounds.

        The noise-matching loss [1, eq. 13] weighs by the ratio itself, which spends a small net on
        the last, nearly clean steps.
        """
        share = self.data_share(t)
        return (share**2 / self.variance(t).clamp(min=1e-4)).clamp(0.5, MAX_WEIGHT)
