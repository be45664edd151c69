"""Self-distillation over clips of one emotion cluster: what all its speakers share is the emotion.

The student hears six crops of five utterances of a cluster, the teacher the two longest of them;
all but one of the crops have another vocal tract. Student and teacher must agree on prototypes and
on the embedding, whichever crop each heard, so that who speaks is of no use.

The teacher starts as the student and follows it, encoder and head alike, ever more slowly; its
center is kept from step to step. (The public code makes the center anew each step, never moves the
teacher's head, and keeps one pace.)

With as little speech and time as here this alone soon holds every clip for the same. So embeddings
are compared about the batch's mean, what enters a head has unit variance over the batch, and each
prototype stands for a cluster, by cross-entropy: the clusters that views are drawn by anyway.

[1] DiEmo-TTS, https://arxiv.org/abs/2505.19687, section 2.3
[2] DINO, https://arxiv.org/abs/2104.14294
"""

import copy
import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from emostudio.models.diemo.style_encoder import StylePool

N_GLOBAL, N_LOCAL = 2, 4
HIDDEN = 256
TEACHER_TEMPERATURE, STUDENT_TEMPERATURE = 0.04, 0.1
SLOWEST_STEP = 20_000  # where the teacher has stopped
FIRST_MOMENTUM, CENTER_MOMENTUM = 0.996, 0.9


class Head(nn.Module):
    """Embedding to logits of prototypes, one a cluster (DINO [2], section 3.1)."""

    def __init__(self, emotion_dim: int, n_prototypes: int) -> None:
        """Build the head."""
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Linear(emotion_dim, HIDDEN),
            nn.GELU(),
            nn.Linear(HIDDEN, HIDDEN),
            nn.GELU(),
            nn.Linear(HIDDEN, 64),
        )
        self.prototypes = nn.Linear(64, n_prototypes, bias=False)

    def forward(self, embedding: Float[Tensor, "B D_emo"]) -> Float[Tensor, "B K"]:
        """Return the cosine to each prototype; the batch is its own measure."""
        away = embedding - embedding.mean(0)
        even = away / (away.square().mean(0) + 1e-5).sqrt()
        # Prototypes of one length: none can win by being long [2].
        prototypes = F.normalize(self.prototypes.weight, dim=-1)
        return F.linear(F.normalize(self.mlp(even), dim=-1), prototypes).float()


class Distillation(nn.Module):
    """The teacher, both heads and the center; the student belongs to the model."""

    center: Tensor

    def __init__(self, student: StylePool, emotion_dim: int, n_clusters: int) -> None:
        """Start the teacher as the student."""
        super().__init__()
        self.head = Head(emotion_dim, n_clusters)
        self.teacher = copy.deepcopy(student).requires_grad_(False)
        self.teacher_head = copy.deepcopy(self.head).requires_grad_(False)
        self.register_buffer("center", torch.zeros(n_clusters))

    def follow(self, student: StylePool, momentum: float) -> None:
        """Move the teacher towards the student."""
        pairs = ((self.teacher, student), (self.teacher_head, self.head))
        with torch.no_grad():
            for slow, fast in pairs:
                for mean, value in zip(slow.parameters(), fast.parameters(), strict=True):
                    mean.lerp_(value, 1 - momentum)

    def losses(
        self,
        embedded: Float[Tensor, "B V D_emo"],
        heard: Float[Tensor, "BG C T"],
        mask: Bool[Tensor, "BG 1 T"],
        clusters: Int[Tensor, " B"],
    ) -> dict[str, Tensor]:
        """Cross-entropy with the teacher and the cluster, and distance of embeddings.

        Args:
            embedded: the student's embeddings of each item's crops, the global ones first.
            heard: the frames of the global crops, item by item, for the teacher.
            mask: True where they have data.
            clusters: of each item, -1 where it has none.
        """
        n_items, n_views = embedded.shape[:2]
        with torch.no_grad():
            self.teacher.eval()
            known = self.teacher(heard, mask)
            logits = self.teacher_head(known)
            sure = ((logits - self.center) / TEACHER_TEMPERATURE).softmax(-1)
            self.center.lerp_(logits.mean(0), 1 - CENTER_MOMENTUM)
            sure = sure.reshape(n_items, N_GLOBAL, 1, -1)
            known = (known - known.mean(0)).reshape(n_items, N_GLOBAL, 1, -1)
        flat = embedded.flatten(0, 1)
        guessed = (self.head(flat) / STUDENT_TEMPERATURE).log_softmax(-1)
        named = F.nll_loss(guessed, clusters.repeat_interleave(n_views), ignore_index=-1)
        guessed = guessed.reshape(n_items, 1, n_views, -1)
        crossed = -(sure * guessed).sum(-1)  # (B, G, V)
        away = (flat - flat.mean(0)).reshape(n_items, 1, n_views, -1)
        apart = 1 - F.cosine_similarity(away, known, dim=-1)
        # No crop teaches itself.
        pairs = 1 - torch.eye(N_GLOBAL, n_views, device=flat.device)
        weight = pairs / pairs.sum() / n_items
        found = {"prototypes": (crossed * weight).sum(), "apart": (apart * weight).sum()}
        return found | ({"clusters": named} if bool((clusters >= 0).any()) else {})


def momentum_at(step: int) -> float:
    """How much of the teacher stays at a step: 0.996, along a cosine to 1."""
    progress = min(1.0, step / SLOWEST_STEP)
    return 1 - (1 - FIRST_MOMENTUM) * (1 + math.cos(math.pi * progress)) / 2
