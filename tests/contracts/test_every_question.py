"""What every question of a check keeps, ours and those of others: a sentence, a place, and answers to anything."""

from typing import Any, get_args

import numpy as np
import pytest

from vlmrl.envs.make import find_task
from vlmrl.find import find, names
from vlmrl.judge.evidence import NUDGED, POINTS, Evidence, Scored
from vlmrl.metrics.verdict import Colour, Finding

every_question = pytest.mark.parametrize("name", names("question"))


def evidence(score: Any, words: bool = True, camera: bool = True) -> Evidence:
    """States of a made-up task whose frames are grey, as grey as they are near the goal; ``score`` reads the oracle."""
    rng = np.random.default_rng(0)

    def kind(low: float, high: float, count: int) -> Scored:
        oracle = np.sort(rng.uniform(low, high, count))
        frames = np.repeat((255 * oracle).astype(np.uint8), 48).reshape(count, 4, 4, 3)
        return Scored(frames, oracle, oracle > 0.95, np.asarray(score(oracle), float))

    goal, bad = kind(0.96, 1, 64), kind(0, 0.3, 64)
    kinds = (goal, bad, kind(0, 0.8, 50), kind(0, 0.6, 24), kind(0, 1, 4 * POINTS))
    order = kinds[4].oracle.reshape(POINTS, 4).T.reshape(-1)  # four ways, each rising
    paths = Scored(kinds[4].frames, order, order > 0.95, np.asarray(score(order), float))
    pool = np.concatenate([kind.score for kind in (*kinds[:4], paths)])
    near = np.concatenate([goal.score[:NUDGED], bad.score[:NUDGED]])
    others = {"the opposite": -np.concatenate([goal.score, bad.score])} if words else {}
    moved = {"a little": near} if camera else {}
    return Evidence(
        find_task("cartpole/upright"),
        goal,
        bad,
        kinds[2],
        kinds[3],
        paths,
        moved,
        {"a pixel down": near},
        pool,
        others,
        1.0,
    )


@every_question
def test_has_a_place_of_its_own_and_asks_in_a_sentence(name: str) -> None:
    module = find("question", name)
    asks = (module.__doc__ or "").partition("\n")[0]
    assert asks.endswith("?")
    assert [other for other in names("question") if find("question", other).PLACE == module.PLACE] == [name]


@every_question
@pytest.mark.parametrize("words", [True, False])
def test_a_perfect_reward_passes(name: str, words: bool) -> None:
    finding = find("question", name).answer(evidence(lambda oracle: oracle, words, camera=words))
    assert finding.colour == "green" or (finding.colour == "none" and not words)
    assert finding.reason


@every_question
@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_the_scale_of_a_reward_does_not_matter(name: str, scale: float) -> None:
    plain = find("question", name).answer(evidence(lambda oracle: oracle**2))
    scaled = find("question", name).answer(evidence(lambda oracle: scale * oracle**2 - 3 * scale))
    assert scaled.colour == plain.colour


@every_question
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "score", [lambda oracle: 0 * oracle, lambda oracle: -oracle, lambda oracle: (oracle > 0.5).astype(float)]
)
def test_answers_are_whole_whatever_the_reward(name: str, score: Any) -> None:
    finding = find("question", name).answer(evidence(score))
    assert isinstance(finding, Finding)
    assert finding.colour in get_args(Colour)
    assert finding.reason
    assert "nan" not in finding.reason
    assert all(isinstance(value, float) for value in finding.numbers.values())
