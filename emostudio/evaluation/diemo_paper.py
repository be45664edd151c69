"""What DiEmo-TTS's authors report [1, table 2], as shares; on ESD, by judges of their own.

Word and character error by Whisper, likeness of voices by WavLM, of emotions by emotion2vec: none
of these figures can be given here. `CLUSTERS` is how often the cluster list that they published
agrees with ESD's labels.

[1] https://arxiv.org/abs/2505.19687
"""

from typing import NamedTuple


class Published(NamedTuple):
    """One line of the table; the opinions of listeners are left out."""

    word_error: float
    character_error: float
    voice_similarity: float
    emotion_similarity: float


# Each line leaves out one thing more than the line before.
TRANSFER = {
    "DiEmo-TTS": Published(0.1616, 0.0560, 0.8505, 0.4527),
    "no dual conditioning": Published(0.1663, 0.0615, 0.8626, 0.4056),
    "no cluster-driven sampling": Published(0.1672, 0.0605, 0.8261, 0.4461),
    "no cosine loss": Published(0.1747, 0.0646, 0.8246, 0.4478),
    "no perturbation": Published(0.1720, 0.0666, 0.8217, 0.4357),
}
CLUSTERS = {
    "all": 0.922,
    "neutral": 0.979,
    "sad": 0.986,
    "angry": 0.922,
    "surprise": 0.857,
    "happy": 0.842,
}
