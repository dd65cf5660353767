"""The loop beside real learners: every step of the buffer paid by the nets as they are, and nothing lost by a stop."""

import copy
import importlib
import json

import numpy as np
import pytest
import torch
from stable_baselines3 import PPO, SAC
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import DummyVecEnv

from tests.agents import plugin
from tests.agents.runs.test_resume import killed
from vlmrl.agents.deferred import DeferredReward
from vlmrl.agents.preferences.loop import Rounds, Truths
from vlmrl.agents.preferences.memory import Memory
from vlmrl.agents.preferences.tickets import Tickets
from vlmrl.agents.timing import Clock
from vlmrl.agents.train import train
from vlmrl.config.run_dir import RunDir
from vlmrl.envs.make import make_env
from vlmrl.errors import Abstained, ConfigError
from vlmrl.preferences.answers import Answer, write
from vlmrl.preferences.build import learner_of
from vlmrl.rewards._taught.bradley_terry import Nets, load
from vlmrl.rewards.preference import Preference
from vlmrl.shaping import chain
from vlmrl.types import Words

pytestmark = [pytest.mark.usefixtures("dots"), pytest.mark.filterwarnings("ignore:termination")]

WORDS = Words.of("a bright picture")
REWARD = {"name": "preference", "judge": "encoder", "by": "light", "ask": {"every": 40, "questions": 10, "pool": 60}}


def frame_of(place):
    """What the dot's environment draws where its observation is this."""
    frame = np.full((16, 16, 3), 20, np.uint8)
    frame[:, : 1 + round(7 * (1 + float(place)))] = 220
    return frame


def scores_of(model, places):
    """Of observations ``(T, N, 1)``, one at a time, from the frames up."""
    drawn = {frame_of(place).tobytes(): frame_of(place) for place in places.reshape(-1)}
    said = {key: float(model.score_frames(frame[None], WORDS)[0]) for key, frame in drawn.items()}
    return np.array([said[frame_of(place).tobytes()] for place in places.reshape(-1)]).reshape(places.shape[:2])


class Beside:
    """A learner on two dots, paid by nets that learn."""

    def __init__(self, tmp_path, algorithm=SAC, shaping=None):
        encoder = importlib.import_module("dots_encoder").Brightness()
        self.model = Preference(encoder, **{key: one for key, one in REWARD.items() if key != "name"})
        self.shape = chain(shaping or {"score": {}})
        self.learner = learner_of(self.model, WORDS, False, 3)
        self.tickets, self.truths = Tickets(self.model, self.shape, self.learner.pool), Truths()
        run = RunDir.start(plugin.config(tmp_path / "run", reward=REWARD))
        rounds = (self.learner, self.tickets, self.truths, self.shape, run, Clock(), print)
        self.rounds = Rounds(*rounds)
        params = copy.deepcopy(plugin.PARAMS[algorithm.__name__]) | ({"buffer_size": 80} if algorithm is SAC else {})
        venv = DummyVecEnv([lambda: make_env("Dot-v0", frames=True)] * 2)
        self.agent = algorithm("MlpPolicy", venv, seed=1, **params)
        self.pays = DeferredReward(self.tickets, WORDS, self.tickets, after_labels=[self.rounds])


@pytest.mark.parametrize("shaping", [{"score": {}}, {"delta": {}}])
def test_every_row_of_the_buffer_is_paid_by_the_nets_as_they_are(tmp_path, shaping):
    """The slow way: from what the buffer says of each step, draw its two frames, embed, score and shape them."""
    one = Beside(tmp_path, shaping=shaping)
    seen = []

    class Look(BaseCallback):
        """After each rollout, before the next: the buffer against the frames themselves."""

        def _on_step(self):
            return True

        def _on_rollout_start(self):
            buffer = self.model.replay_buffer
            if one.learner.counts["rounds"] and buffer.size():
                seen.append((one.model.nets.digest, self.check(buffer)))

        def check(self, buffer):
            rows = slice(0, buffer.size())
            after = scores_of(one.model, buffer.next_observations[rows])
            before = scores_of(one.model, buffer.observations[rows])
            paid = after - before if "delta" in shaping else after
            return float(np.abs(buffer.rewards[rows] - paid).max())

    one.agent.learn(300, callback=[one.pays, one.truths, Look()])
    assert one.agent.replay_buffer.full  # its oldest rows were written over, and the oldest left has lost its neighbour
    assert len({digest for digest, _ in seen}) > 4
    assert len(seen) > 20
    assert max(off for _, off in seen) < 1e-3  # embedded in other batches, and nets are steep


def test_frames_that_are_embedded_while_others_are_drawn_pay_the_same_steps(tmp_path):
    """As where the encoder is on a GPU: from a thread of its own, a few frames at a time."""
    one = Beside(tmp_path)
    one.tickets.ahead = 3
    one.agent.learn(300, callback=[one.pays, one.truths])
    buffer = one.agent.replay_buffer
    np.testing.assert_allclose(buffer.rewards, scores_of(one.model, buffer.next_observations), atol=1e-3)
    assert len(one.tickets._kept) <= 4


def test_a_rollout_of_ppo_is_paid_by_the_nets_that_were_there(tmp_path):
    one = Beside(tmp_path, PPO)
    off, nets = [], []

    class Look(BaseCallback):
        def _on_step(self):
            return True

        def _on_rollout_start(self):
            nets.append({name: weight.clone() for name, weight in one.model.nets.weights.items()})

        def _on_rollout_end(self):
            now, one.model.nets = one.model.nets, Nets.of(nets[-1])
            buffer = self.model.rollout_buffer
            # Frames that steps led to are the observations of the next rows, but where an episode began.
            inner = buffer.episode_starts[1:] == 0
            said = scores_of(one.model, buffer.observations[1:])
            off.append(float(np.abs(buffer.rewards[:-1] - said)[inner].max()))
            one.model.nets = now

    one.agent.learn(200, callback=[one.pays, one.truths, Look()])
    assert one.tickets.memory is None
    assert one.learner.counts["rounds"] > 3
    assert len(off) > 4
    assert max(off) < 1e-3


def test_no_more_embeddings_wait_than_are_needed(tmp_path):
    one = Beside(tmp_path)
    one.agent.learn(300, callback=[one.pays, one.truths])
    assert len(one.tickets._kept) <= 4
    assert len(one.tickets.memory._starts) <= 2 + 2 * 80 / 2 / 20
    assert one.tickets.numbers == []
    assert one.truths.told == []


def test_embeddings_that_do_not_fit_are_refused(dot, monkeypatch):
    agent = SAC("MlpPolicy", DummyVecEnv([dot] * 2), buffer_size=1_000)
    monkeypatch.setattr("vlmrl.agents.preferences.memory.MOST_BYTES", 2**20)
    with pytest.raises(ConfigError, match=r"agent.params.buffer_size=1000: .* at most 512 steps fit"):
        Memory(agent.replay_buffer, 512)


# Whole runs.


def run_of(path, algorithm="SAC", steps=160, **changes):
    return plugin.config(path, algorithm, steps, reward=REWARD, **changes)


@pytest.mark.parametrize("algorithm", ["SAC", "PPO"])
def test_a_run_leaves_answers_counts_and_nets(tmp_path, lines, algorithm):
    result = train(run_of(tmp_path / "run", algorithm), lines.append)
    rows = [json.loads(line) for line in (tmp_path / "run" / "preferences.jsonl").read_text().splitlines()]
    about = json.loads((tmp_path / "run" / "preferences.json").read_text())
    assert about["questions"] == len(rows) > 30
    assert about["answered"] + about["abstained"] == about["questions"]
    assert (about["judge"], about["privileged"]) == ("encoder", False)
    assert "answers_right" not in about  # nobody knows the truth here
    nets, said = load(tmp_path / "run" / "reward.safetensors", "brightness", 2)
    assert said["goal"] == "a bright picture"
    assert np.corrcoef(nets.score(embedded(np.arange(0, 256, 8))), np.arange(32))[0, 1] > 0.8
    header = (tmp_path / "run" / "progress.csv").read_text().splitlines()[0]
    assert "preferences/questions" in header
    assert any("reward.judge=encoder: asked up to 1,000 questions" in line for line in lines)
    assert result.comparison is not None
    opened = RunDir.open(tmp_path / "run").config.reward.keywords["nets"]
    assert opened == str(tmp_path / "run" / "reward.safetensors")


def embedded(levels):
    angle = torch.as_tensor(levels).float() / 255
    return torch.stack([angle.cos(), angle.sin()], 1).numpy()


@pytest.mark.parametrize("algorithm", ["SAC", "PPO"])
def test_a_run_that_goes_on_ends_as_one_that_never_stopped(tmp_path, lines, algorithm):
    """But for the episode that a stop cuts off: so the questions, labels and buffers are compared up to there."""
    train(run_of(tmp_path / "run", algorithm, 160), lines.append)
    before = (tmp_path / "run" / "preferences.jsonl").read_text()
    with np.load(max((tmp_path / "run" / "checkpoints").iterdir()) / "arrays.npz") as found:
        kept = {name: found[name] for name in found.files}
    asked = len(before.splitlines())
    assert len(kept["more/asked"]) == asked
    if algorithm == "SAC":
        assert len(kept["more/memory/after"]) == len(kept["buffer/rewards"]) > 0
    with (tmp_path / "run" / "preferences.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"steps": 999, "a": 1, "b": 2, "better": null, "truth": null}\n')  # of a part that a kill undid
    train(run_of(tmp_path / "run", algorithm, 320), lines.append)
    after = (tmp_path / "run" / "preferences.jsonl").read_text()
    assert after.startswith(before)
    rows = [json.loads(line) for line in after.splitlines()]
    assert len(rows) > asked
    assert 999 not in [row["steps"] for row in rows]
    pairs = [tuple(sorted((row["a"], row["b"]))) for row in rows]
    assert len(set(pairs)) == len(pairs)
    assert json.loads((tmp_path / "run" / "preferences.json").read_text())["questions"] == len(rows)


def test_a_run_that_went_on_pays_its_old_rows_as_the_new_nets_do(tmp_path, lines):
    train(run_of(tmp_path / "run", steps=160), lines.append)
    train(run_of(tmp_path / "run", steps=320), lines.append)
    with np.load(max((tmp_path / "run" / "checkpoints").iterdir()) / "arrays.npz") as found:
        places, rewards = found["buffer/next_observations"], found["buffer/rewards"]
        weights = {name: torch.from_numpy(found[f"more/nets/{name}"]) for name in Nets(2).weights}
    encoder = importlib.import_module("dots_encoder").Brightness()
    model = Preference(encoder)
    model.nets = Nets.of(weights)
    assert len(rewards) == 160
    # Its episodes may end early for all that anybody knows, so what it is paid is raised to 0 and above.
    np.testing.assert_allclose(rewards, 1 + scores_of(model, places), atol=1e-3)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_killed_run_goes_on_with_answers_nets_and_buffer(tmp_path, dots, lines):
    settings = plugin.settings(tmp_path / "run", steps=4_000, checkpoint_every=200, reward=REWARD)
    settings["evaluation"] = {"every": 0, "episodes": 1, "final_episodes": 2}
    killed(dots, settings, enough=900)
    kept = max((tmp_path / "run" / "checkpoints").iterdir())
    steps = int(kept.name.removeprefix("step_"))
    with np.load(kept / "arrays.npz") as found:
        asked = len(found["more/asked"])
    settings["agent"] = settings["agent"] | {"total_steps": steps + 240}
    result = train(plugin.RunConfig.model_validate(settings), lines.append)
    assert result.steps >= steps + 240
    rows = [json.loads(line) for line in (tmp_path / "run" / "preferences.jsonl").read_text().splitlines()]
    assert len([row for row in rows if row["steps"] <= steps]) == asked
    assert len(rows) > asked
    pairs = [tuple(sorted((row["a"], row["b"]))) for row in rows]
    assert len(set(pairs)) == len(pairs)
    assert json.loads((tmp_path / "run" / "preferences.json").read_text())["questions"] == len(rows)


def test_answers_of_people_alone_pay_a_run(tmp_path, lines):
    """Films of a dot that moves to the right; somebody likes those further right, which are brighter."""
    rng = np.random.default_rng(0)
    said = []
    for number in range(20):
        start = rng.uniform(-1, 1)
        np.save(tmp_path / f"{number}.npy", np.stack([frame_of(np.clip(start + step / 9, -1, 1)) for step in range(4)]))
        said.append((f"{number}.npy", start))
    pairs = [(one, other) for at, one in enumerate(said) for other in said[:at] if abs(one[1] - other[1]) > 0.2]
    write(tmp_path / "answers.jsonl", [Answer(a, b, float(right > left)) for (a, left), (b, right) in pairs])
    reward = {"name": "preference", "judge": None, "answers": str(tmp_path / "answers.jsonl")}
    train(plugin.config(tmp_path / "run", reward=reward, steps=1_200), lines.append)
    assert any(f"{len(pairs)} answers of people, learned from first" in line for line in lines)
    about = json.loads((tmp_path / "run" / "preferences.json").read_text())
    assert (about["questions"], about["labels"], about["judge"]) == (0, len(pairs), None)
    nets, _ = load(tmp_path / "run" / "reward.safetensors", "brightness", 2)
    assert np.corrcoef(nets.score(embedded(np.arange(30, 210, 8))), np.arange(23))[0, 1] > 0.8


def test_a_judge_that_never_answers_stops_the_run(tmp_path, lines):
    settings = REWARD | {"margin": 1e9}
    with pytest.raises(Abstained, match="abstained from every question"):
        train(plugin.config(tmp_path / "run", reward=settings), lines.append)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"scoring": {"every": 2}}, "it learns while the agent does, and looks at every frame"),
        ({"shaping": {"name": "x", "spread": {"unit": None}}}, r"shaping.spread.unit: is missing"),
        ({"shaping": {"name": "rise", "rise": {}}}, "asks for an episode's past"),
        ({"reward": REWARD | {"judge": "oracle", "by": None}}, "reward.by=None|asks the simulator"),
    ],
)
def test_what_cannot_be_paid_anew_is_refused_before_anything_is_written(tmp_path, lines, changes, said):
    with pytest.raises(ConfigError, match=said):
        train(plugin.config(tmp_path / "run", **({"reward": REWARD} | changes)), lines.append)
    assert not (tmp_path / "run").exists()
