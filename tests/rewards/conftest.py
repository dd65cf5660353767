"""Films to learn from."""

import pytest
import torch
from torch.nn.functional import normalize

from tests.rewards.films import DIM, film
from vlmrl.rewards._taught.learned import Course


@pytest.fixture
def course():
    """Two successes, a failure, and one that was done for a moment; two right sentences and three wrong ones."""
    films = (
        film(20, range(12, 20), seed=0),
        film(30, [5, *range(25, 30)], seed=1),
        film(20, [], succeeded=False, seed=2),
        film(20, [7], succeeded=False, seed=3),
    )
    texts = normalize(torch.randn(5, DIM, generator=torch.Generator().manual_seed(0)), dim=1)
    return Course(films, texts, ((0, 1),), ((2, 3, 4),))
