"""A net that is tuned is held to what it said before."""

from copy import deepcopy

import pytest
import torch
from torch import Tensor

from emostudio.audio.mel import N_MELS
from emostudio.models.checkpoint import Store
from emostudio.models.diemo.net import DiEmo
from emostudio.models.emomix.net import EmoMix
from emostudio.training.holding import NEEDED, Before
from tests import tiny

Speaking = EmoMix | DiEmo
LENGTHS = (24, 16)  # frames


@pytest.fixture(scope="module", params=[EmoMix, DiEmo])
def net(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Speaking:
    store = Store(tiny.checkpoints(tmp_path_factory.mktemp("shipped")))
    return store.load(request.param)


@pytest.fixture
def items(net: Speaking) -> dict[str, Tensor]:
    draw = torch.Generator().manual_seed(0)
    n_items, n_tokens, n_frames = len(LENGTHS), 6, max(LENGTHS)
    speaker_dim = next(m for n, m in net.named_modules() if n.endswith("speaker")).in_features
    found = {
        "tokens": torch.randint(1, 9, (n_items, n_tokens), generator=draw),
        "tokens_lengths": torch.tensor([6, 4]),
        "durations": torch.tensor([[4] * 6, [4] * 4 + [0] * 2]),
        "offset": torch.zeros(n_items, 1, dtype=torch.long),
        "mel": torch.randn(n_items, N_MELS, n_frames, generator=draw) - 4,
        "mel_lengths": torch.tensor(LENGTHS),
        "log_f0": 0.1 * torch.randn(n_items, n_frames, generator=draw),
        "voiced": torch.ones(n_items, n_frames),
        "pitch_mean": torch.full((n_items, 1), 5.0),
        "speaker_emb": torch.randn(n_items, speaker_dim, generator=draw),
    }
    assert set(found) == set(NEEDED)
    return found


LABELS = torch.tensor([0, 2])


def test_who_has_not_moved_is_no_distance_away_and_pulled_nowhere(
    net: Speaking, items: dict[str, Tensor]
) -> None:
    now = deepcopy(net).requires_grad_(True)
    moved = Before(net).distance(now, items, LABELS)
    moved.backward()
    assert moved == 0
    assert all(p.grad is None or not p.grad.any() for p in now.parameters())


def test_who_moves_farther_is_farther_away_and_is_pulled_back(
    net: Speaking, items: dict[str, Tensor]
) -> None:
    far = []
    for size in (0.01, 0.1):
        now = deepcopy(net).requires_grad_(True)
        torch.manual_seed(1)
        with torch.no_grad():
            for parameter in now.parameters():
                parameter += size * parameter.std(correction=0) * torch.randn_like(parameter)
        torch.manual_seed(2)
        moved = Before(net).distance(now, items, LABELS)
        moved.backward()
        with torch.no_grad():
            for parameter in now.parameters():
                if parameter.grad is not None:
                    parameter -= 1e-4 * parameter.grad
        torch.manual_seed(2)
        assert Before(net).distance(now, items, LABELS) < moved
        far.append(moved.item())
    assert 0 < far[0] < far[1]


def test_the_net_that_was_learns_nothing(net: Speaking, items: dict[str, Tensor]) -> None:
    was = deepcopy(net)
    before = Before(was)
    before.distance(deepcopy(net).requires_grad_(True), items, LABELS).backward()
    assert not any(parameter.requires_grad for parameter in was.parameters())


def test_what_lies_behind_the_end_of_an_item_does_not_count(
    net: Speaking, items: dict[str, Tensor]
) -> None:
    now = deepcopy(net)
    with torch.no_grad():
        for parameter in now.parameters():
            parameter *= 1.05
    other = items | {name: items[name].clone() for name in ("mel", "log_f0", "tokens")}
    other["mel"][1, :, LENGTHS[1] :] = 7.0
    other["log_f0"][1, LENGTHS[1] :] = 3.0
    other["tokens"][1, 4:] = 8
    far = []
    for each in (items, other):
        torch.manual_seed(3)
        far.append(float(Before(net).distance(now, each, LABELS).detach()))
    assert far[0] == pytest.approx(far[1], rel=1e-4)
