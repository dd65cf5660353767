"""Does it read? The same picture with another sentence, and no sentence at all, measured."""

import numpy as np
import pytest

from tests.agents.vla.conftest import SAID, observed, reached, squares
from vlmrl.agents.vla.policy import VLAPolicy


@pytest.fixture(scope="module", params=["tokens", "flow"])
def reader(clone, request):
    return clone(350, head=request.param)


@pytest.mark.slow
def test_another_sentence_under_the_same_picture_leads_to_the_other_square(reader):
    frames, ways = squares(200, seed=7)
    for place, said in enumerate(SAID.values()):
        assert reached(reader, said, ways[:, place], frames) > 0.8
        assert reached(reader, said, ways[:, 1 - place], frames) < 0.2
    red, blue = (VLAPolicy(reader)(observed(frames, said)) for said in SAID.values())
    assert (np.abs(red - blue).max(axis=1) > 0.25).mean() > 0.8


@pytest.mark.slow
def test_without_a_sentence_it_falls_to_what_one_that_never_read_gets(reader, clone):
    frames, ways = squares(400, seed=8)
    asked = np.arange(400) % 2
    wanted = ways[np.arange(400), asked]
    blind = clone(350, head=reader.form.head, forget_text=1.0)
    told = np.mean(
        [reached(reader, said, ways[asked == i, i], frames[asked == i]) for i, said in enumerate(SAID.values())]
    )
    found = []
    for decode in ("mean", "mode"):  # the mean over two squares is neither: who reads nothing does better to choose one
        blind.network.head.decode = decode
        found.append(reached(blind, "", wanted, frames))
    best_blind = max(found)
    assert reached(reader, "", wanted, frames) < best_blind + 0.1
    assert best_blind < 0.6  # one of two, at best, and some luck
    assert told > best_blind + 0.25
