"""DiEmo-TTS learns as published: how teacher and student stand, and what a cluster is."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch

from emostudio.data.features import Pack, pack
from emostudio.models.alignment import AlignerConfig, PhonemeNet
from emostudio.models.diemo.config import DiEmoConfig
from emostudio.models.diemo.style_encoder import StylePool
from emostudio.models.ser import EmotionRecognizer, SerConfig
from emostudio.models.speaker import SpeakerConfig, SpeakerEncoder
from emostudio.models.vocoder import Vocoder, VocoderConfig
from emostudio.training.aligner import align
from emostudio.training.diemo import ABLATIONS, DiEmoRecipe, clusters_of, emotion_means
from emostudio.training.distillation import (
    CENTER_MOMENTUM,
    FIRST_MOMENTUM,
    SLOWEST_STEP,
    Distillation,
    momentum_at,
)
from emostudio.training.embeddings import embed
from emostudio.training.emomix import Voices
from emostudio.training.transfer import Listeners
from tests.speech import corpora

EMOTIONS = ("neutral", "happy", "angry")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("speech")
    pack(corpora(root / "corpora"), root / "pack", processes=1)
    torch.manual_seed(0)
    align(PhonemeNet(AlignerConfig.tiny()).eval(), root / "pack")
    embed(
        SpeakerEncoder(SpeakerConfig.tiny()).eval(),
        EmotionRecognizer(SerConfig.tiny()).eval(),
        root / "pack",
    )
    return root / "pack"


def recipe_of(folder: Path, without: str = "", *, started: bool = True) -> DiEmoRecipe:
    torch.manual_seed(0)
    data = Pack.open(folder)
    config = DiEmoConfig(**(vars(DiEmoConfig.tiny()) | {"emotions": EMOTIONS}))
    nets = (EmotionRecognizer(SerConfig.tiny()), SpeakerEncoder(SpeakerConfig.tiny()))
    listeners = Listeners(*nets, PhonemeNet(AlignerConfig.tiny()), Vocoder(VocoderConfig.tiny()))
    recipe = DiEmoRecipe(
        config,
        data,
        Voices.of(data, folder, EMOTIONS),
        listeners,
        clusters_of(data, folder, EMOTIONS, found=False),
        without=without,
    )
    if started:
        recipe.start_from(copy.deepcopy(recipe.export))
    return recipe


@pytest.mark.parametrize("without", ["", *ABLATIONS])
def test_the_loss_falls_on_one_batch(without: str, folder: Path) -> None:
    recipe = recipe_of(folder, without)
    batch = recipe.batch(0, 4, 0, 0)
    optimizer = torch.optim.Adam([p for p in recipe.parameters() if p.requires_grad], 3e-3)
    losses = []
    for _ in range(25):
        torch.manual_seed(1)
        loss = recipe(batch)["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.9 * losses[0]


def test_the_same_step_sees_the_same(folder: Path) -> None:
    first, again = (recipe_of(folder).batch(7, 4, 0, 0) for _ in range(2))
    assert first.keys() == again.keys()
    assert all(torch.equal(value, again[name]) for name, value in first.items())


def learning() -> tuple[StylePool, Distillation, torch.Tensor, torch.Tensor]:
    """A student, its teacher, and what both hear in the global crops of two items."""
    torch.manual_seed(0)
    config = DiEmoConfig.tiny()
    student = StylePool(config).eval()
    distillation = Distillation(student, config.emotion_dim, n_clusters=3).eval()
    ears = config.ser()
    assert ears is not None
    heard = torch.randn(4, ears.emotion_dim, 15)
    return student, distillation, heard, torch.ones(4, 1, 15, dtype=torch.bool)


def test_the_teacher_starts_as_the_student() -> None:
    student, distillation, heard, mask = learning()
    embedded = student(heard, mask)
    assert torch.allclose(embedded, distillation.teacher(heard, mask), atol=1e-6)
    taught = distillation.teacher_head(embedded)
    assert torch.allclose(distillation.head(embedded), taught, atol=1e-6)


def test_the_teacher_and_its_head_follow() -> None:
    student, distillation, *_ = learning()
    with torch.no_grad():
        for parameter in (*student.parameters(), *distillation.head.parameters()):
            parameter.add_(1.0)
    before = [p.clone() for p in distillation.teacher_head.parameters()]
    distillation.follow(student, 0.75)
    for old, new in zip(before, distillation.teacher_head.parameters(), strict=True):
        assert torch.allclose(new - old, torch.full_like(old, 0.25), atol=1e-6)


def test_no_gradient_reaches_the_teacher(folder: Path) -> None:
    recipe = recipe_of(folder)
    recipe(recipe.batch(0, 4, 0, 0))["loss"].backward()
    assert all(p.grad is None for p in recipe.distillation.teacher.parameters())
    assert any(p.grad is not None for p in recipe.export.style.pool.parameters())
    assert recipe.export.style.ears is not None
    assert all(p.grad is None for p in recipe.export.style.ears.parameters())


def test_the_center_is_kept_from_step_to_step() -> None:
    _, distillation, heard, mask = learning()
    with torch.no_grad():
        logits = distillation.teacher_head(distillation.teacher(heard, mask)).mean(0)
    for _ in range(3):
        distillation.losses(torch.randn(2, 6, 16), heard, mask, torch.tensor([0, 1]))
    assert torch.allclose(distillation.center, logits * (1 - CENTER_MOMENTUM**3), atol=1e-5)


def test_agreement_with_the_teacher_costs_less_than_dissent() -> None:
    _, distillation, heard, mask = learning()
    with torch.no_grad():
        taught = distillation.teacher(heard, mask).reshape(2, 2, 16)
    agreeing = torch.cat([taught.flip(1), taught.mean(1, keepdim=True).expand(-1, 4, -1)], dim=1)
    clusters = torch.tensor([0, 1])
    found = distillation.losses(agreeing, heard, mask, clusters)
    against = distillation.losses(-agreeing, heard, mask, clusters)
    assert found["apart"] < against["apart"]


def test_holding_all_clips_for_the_same_does_not_count_as_agreement() -> None:
    _, distillation, heard, mask = learning()
    with torch.no_grad():
        taught = distillation.teacher(heard, mask).reshape(2, 2, 16)
    same = taught.mean((0, 1)).expand(2, 6, -1) + 1e-3 * torch.randn(2, 6, 16)
    told_apart = torch.cat([taught.flip(1), taught.mean(1, keepdim=True).expand(-1, 4, -1)], dim=1)
    clusters = torch.tensor([0, 1])
    found = distillation.losses(told_apart, heard, mask, clusters)
    collapsed = distillation.losses(same, heard, mask, clusters)
    assert found["apart"] < 0.7 * collapsed["apart"]


def test_clips_without_a_cluster_name_none() -> None:
    _, distillation, heard, mask = learning()
    found = distillation.losses(torch.randn(2, 6, 16), heard, mask, torch.tensor([-1, -1]))
    assert "clusters" not in found
    assert all(torch.isfinite(value) for value in found.values())


def test_the_teacher_slows_down_to_a_stop() -> None:
    paces = [momentum_at(step) for step in (0, SLOWEST_STEP // 2, SLOWEST_STEP, 10**9)]
    assert paces[0] == FIRST_MOMENTUM
    assert paces == sorted(paces)
    assert paces[2] == paces[3] == 1.0


def test_a_cluster_is_a_label_where_there_is_one(folder: Path) -> None:
    data = Pack.open(folder)
    clusters = clusters_of(data, folder, EMOTIONS, found=False)
    for row, cluster in zip(data.rows, clusters, strict=True):
        assert (EMOTIONS[cluster] if cluster >= 0 else "") == (
            row.emotion if row.emotion in EMOTIONS else ""
        )


def test_clusters_must_be_found_before_they_are_used(folder: Path) -> None:
    with pytest.raises(ValueError, match="train clusters"):
        clusters_of(Pack.open(folder), folder, EMOTIONS, found=True)


def test_every_speaker_counts_the_same_in_the_means(folder: Path) -> None:
    data = Pack.open(folder)
    net = recipe_of(folder).export.eval()
    means = emotion_means(net, data)
    rows = [r for r in data.select("train") if r.emotion == "happy"]
    rows = [r for r in rows if r.corpus != "ravdess" or int(r.speaker[-2:]) % 2]
    speakers = sorted({row.speaker for row in rows})
    with torch.no_grad():
        of_speakers = [
            np.mean(
                [
                    net.embed(torch.from_numpy(data.mel_of(r))[None])[0].numpy()
                    for r in rows
                    if r.speaker == speaker
                ],
                axis=0,
            )
            for speaker in speakers
        ]
    assert np.allclose(means[EMOTIONS.index("happy")], np.mean(of_speakers, axis=0), atol=1e-5)
