import numpy as np
import pytest

from tests.judge.dial import Place, go_left, go_right, make, task
from vlmrl.errors import ConfigError
from vlmrl.judge.compare import compare
from vlmrl.metrics.evaluation import Comparison
from vlmrl.types import Words


@pytest.fixture(scope="module")
def comparison():
    agents = {"agent": go_right, "oracle": go_left}
    return compare(agents, make, task(), range(20), Place(), chosen={"agent": "last checkpoint"})


def test_a_random_agent_comes_last_on_the_same_seeds(comparison):
    agent, oracle, random = comparison.rows()
    assert [row.agent for row in (agent, oracle, random)] == ["agent", "oracle", "random"]
    assert agent.success.mean == 1.0
    assert 0.8 < agent.success.low < 1.0
    assert oracle.success.mean == 0.0
    assert oracle.oracle_return.high < random.oracle_return.low < random.oracle_return.high < agent.oracle_return.low
    assert {tuple(e.seed for e in one.episodes) for one in comparison.evaluations} == {tuple(range(20))}


def test_how_weights_were_chosen_is_kept(comparison):
    assert [row.chosen for row in comparison.rows()] == ["last checkpoint", "", ""]


def test_agreement_is_over_all_steps_of_all_agents(comparison):
    assert comparison.spearman > 0.99  # the scorer reads the ground truth from the picture
    assert comparison.auroc > 0.99
    assert comparison.goal == ("the bar is on the right",)


def test_json_gives_it_back(comparison):
    assert Comparison.from_json(comparison.to_json()) == comparison


def test_without_a_scorer_there_are_no_words_and_no_agreement():
    bare = compare({"agent": go_right}, lambda: make(frames=False), task(), [0, 1])
    assert bare.goal == ()
    assert bare.spearman is None
    assert bare.auroc is None
    assert bare.rows()[0].vlm_return is None


def test_a_score_that_never_changes_agrees_with_nothing():
    class Flat:
        def frames(self, frames, words):
            return np.zeros(len(frames), np.float32)

    flat = compare({"agent": go_right}, make, task(), [0, 1], Flat(), Words.of("anything"))
    assert flat.spearman is None
    assert flat.auroc == 0.5


def test_the_random_agents_name_is_taken():
    with pytest.raises(ConfigError, match="agents=random"):
        compare({"random": go_right}, make, task(), [0])
