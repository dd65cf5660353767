"""Scores that nobody waits for: which frames are scored first, and that rewards end up as if all had waited."""

import threading
import time
from collections import deque
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stable_baselines3 import PPO, SAC
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import KVWriter, Logger

from tests.agents.drift import envs, off, on
from vlmrl.agents.deferred import DeferredReward
from vlmrl.agents.deferred.late import Labeller, LateRewards
from vlmrl.agents.deferred.steps import Step, rewards_of
from vlmrl.agents.deferred.student import StudentGaps
from vlmrl.errors import Abstained, ConfigError
from vlmrl.wrappers.scores import CheckedScores

pytestmark = pytest.mark.filterwarnings("ignore:termination")


class Gated:
    """Scores a frame by its first level while its gate is open, and notes the levels in the order of scoring."""

    def __init__(self, ahead: int = 1) -> None:
        self.ahead = ahead
        self.order: list[float] = []
        self.asked, self.gate = threading.Event(), threading.Event()

    def frames(self, frames: Any, words: Any) -> Any:
        self.asked.set()
        assert self.gate.wait(10)
        levels = frames[:, 0, 0, 0].astype(np.float32)
        self.order += levels.tolist()
        return np.where(levels == 99, np.nan, levels)


def frame(level: int) -> Any:
    return np.full((2, 2, 3), level, np.uint8)


def answered(labeller: Labeller, count: int) -> list[Any]:
    """The next answers, once so many are in."""
    found: list[Any] = []
    deadline = time.monotonic() + 10
    while len(found) < count and time.monotonic() < deadline:
        found += labeller.answers()
        time.sleep(0.001)
    return found


def busy(ahead: int = 1, room: int = 4) -> tuple[Gated, Labeller]:
    """A labeller whose thread holds frame 0 before a closed gate."""
    scorer = Gated(ahead)
    labeller = Labeller(CheckedScores(scorer, None), room)
    labeller.ask(frame(0), "the first", (0, 0))
    assert scorer.asked.wait(10)
    return scorer, labeller


def test_the_newest_are_scored_first_and_the_oldest_give_way() -> None:
    scorer, labeller = busy(room=4)
    for level in range(1, 7):
        labeller.ask(frame(level), str(level), (level, 0))
    assert labeller.told == {"waiting": 4, "dropped": 2}
    scorer.gate.set()
    assert answered(labeller, 5) == [((level, 0), level) for level in (0, 6, 5, 4, 3)]
    assert scorer.order == [0, 6, 5, 4, 3]
    labeller.ask(frame(7), "7", (7, 0))  # the thread had come to rest
    assert answered(labeller, 1) == [((7, 0), 7)]


def test_equal_frames_are_scored_once_and_count_as_new() -> None:
    scorer, labeller = busy(ahead=3)
    for number, level in enumerate([5, 6, 5, 7], start=1):
        labeller.ask(frame(level), str(level), (number, 1))
    scorer.gate.set()
    found = answered(labeller, 5)
    assert scorer.order == [0, 7, 5, 6]
    assert sorted(found) == [((0, 0), 0), ((1, 1), 5), ((2, 1), 6), ((3, 1), 5), ((4, 1), 7)]


def test_a_frame_may_be_overwritten_once_it_was_handed_over() -> None:
    scorer, labeller = busy()
    drawn = frame(8)
    labeller.ask(drawn, "8", (1, 0))
    drawn[:] = 9
    scorer.gate.set()
    assert ((1, 0), 8.0) in answered(labeller, 2)


def test_what_gets_no_number_ends_the_training_that_asked() -> None:
    scorer, labeller = busy()
    scorer.gate.set()
    answered(labeller, 1)
    labeller.ask(frame(99), "env 3 at step 12", (1, 3))
    with pytest.raises(Abstained, match="env 3 at step 12"):
        answered(labeller, 1)
    with pytest.raises(Abstained, match="env 3 at step 12"):
        labeller.ask(frame(1), "1", (2, 0))
    with pytest.raises(ConfigError, match="env 1 at step 4: is missing"):
        Labeller(CheckedScores(scorer, None), 4).ask(None, "env 1 at step 4", (0, 1))


def test_a_frame_without_a_number_is_told_at_the_end_too() -> None:
    scorer, labeller = busy()
    scorer.gate.set()
    answered(labeller, 1)
    labeller.ask(frame(99), "env 3 at step 12", (1, 3))
    while not labeller._work.done():  # type: ignore[union-attr]
        time.sleep(0.001)
    with pytest.raises(Abstained, match="env 3 at step 12"):
        labeller.finish()


def test_finishing_forgets_what_waits() -> None:
    scorer, labeller = busy()
    labeller.ask(frame(1), "1", (1, 0))
    threading.Timer(0.05, scorer.gate.set).start()
    labeller.finish()
    assert scorer.order == [0]


class Answers:
    """In the place of a labeller: whoever tests decides what comes in."""

    def __init__(self) -> None:
        self.asked: deque[tuple[int, int]] = deque()
        self.told: list[tuple[tuple[int, int], float]] = []

    def ask(self, frame: Any, origin: str, by: tuple[int, int]) -> None:
        self.asked.append(by)

    def answers(self) -> list[Any]:
        told, self.told = self.told, []
        return told


def gained(steps: Any) -> Any:
    """A reward that depends on the frames on both sides of a step."""
    return steps.gamma * steps.after - steps.before


@given(
    seed=st.integers(0, 1000), size=st.integers(2, 9), count=st.integers(1, 30), stored_late=st.booleans(), n=st.just(2)
)
def test_rewards_end_up_as_if_everything_had_been_known(
    seed: int, size: int, count: int, stored_late: bool, n: int
) -> None:
    rng, answers = np.random.default_rng(seed), Answers()
    buffer: Any = SimpleNamespace(buffer_size=size, pos=int(rng.integers(size)), rewards=np.zeros((size, n)))
    late = LateRewards(answers, count + 2, buffer)  # type: ignore[arg-type]
    truth = rng.normal(size=(count + 1, n)).astype(np.float32)
    true_steps: list[Step] = []
    rows, heard = [], 0
    before = truth[0].copy()
    for number in range(count):
        done = rng.random(n) < 0.2
        guess = np.where(done, truth[number + 1], 100).astype(np.float32)  # ends are waited for
        step = Step(before, guess.copy(), done, [{}] * n, rng.normal(size=(n, 3)).astype(np.float32))
        following = np.where(done, truth[number + 1] + 1, 100).astype(np.float32)  # the next episode's first frame
        late.saw(step)
        for env in np.flatnonzero(~done):
            late.ask(int(env), None, "")
        true_before = truth[0] if not true_steps else np.where(true_steps[-1].done, truth[number] + 1, truth[number])
        true_steps.append(Step(true_before, truth[number + 1], done, [{}] * n))
        rows.append(buffer.pos)
        last = number == count - 1
        if not (last and stored_late):
            buffer.rewards[buffer.pos] = rewards_of([step], 0.9, gained)[0]
            buffer.pos = (buffer.pos + 1) % size
        rng.shuffle(answers.asked)
        some = range(len(answers.asked) if last else int(rng.integers(0, len(answers.asked) + 1)))
        answers.told = [((at, env), float(truth[at + 1, env])) for at, env in (answers.asked.pop() for _ in some)]
        states, scores = late.arrived(following)
        heard += len(scores)
        assert len(states) == len(scores)
        late.amend(0.9, gained)
        before = following
    assert heard == sum((~step.done).sum() for step in true_steps)
    wanted = rewards_of(true_steps, 0.9, gained)
    stored = count - stored_late
    for number in range(max(0, stored - size), stored):
        np.testing.assert_allclose(buffer.rewards[rows[number]], wanted[number], rtol=1e-6)
    if stored_late:  # callbacks run before a step is stored; its turn comes
        buffer.rewards[buffer.pos] = 100
        buffer.pos = (buffer.pos + 1) % size
        late.amend(0.9, gained)
        changed = ~true_steps[-1].done
        if changed.any():
            np.testing.assert_allclose(buffer.rewards[rows[-1]], wanted[-1], rtol=1e-6)


def test_what_is_no_longer_remembered_changes_nothing() -> None:
    answers = Answers()
    buffer: Any = SimpleNamespace(buffer_size=50, pos=0, rewards=np.zeros((50, 1)))
    late = LateRewards(answers, 3, buffer)  # type: ignore[arg-type]
    for number in range(6):
        late.saw(Step(np.zeros(1), np.zeros(1), np.zeros(1, bool), [{}], np.ones((1, 2), np.float32)))
        buffer.pos = number + 1
    answers.told = [((2, 0), 5.0), ((3, 0), 7.0)]
    _, scores = late.arrived(np.zeros(1))
    late.amend(1.0, lambda steps: steps.after)
    assert scores.tolist() == [7]
    assert buffer.rewards[:6, 0].tolist() == [0, 0, 0, 7, 0, 0]


def right(frames: Any, words: Any = None) -> Any:
    """How far right the point of :class:`Drift` is: told by its frame, and by what the policy sees."""
    raw = frames.reshape(len(frames), -1)[:, :8]
    return np.tanh(np.ascontiguousarray(raw).view(np.float64)[:, 0]).astype(np.float32)


class Slow:
    """Scores in the labeller's thread only while its gate is open."""

    def __init__(self) -> None:
        self.gate, self.late = threading.Event(), 0

    def frames(self, frames: Any, words: Any) -> Any:
        if threading.current_thread() is not threading.main_thread():
            assert self.gate.wait(10)
            self.late += len(frames)
        return right(frames)


class InTurns(BaseCallback):
    """Shuts the gate for two rollouts of three; in the third, and in the first of all, it waits until nothing waits."""

    def __init__(self, scorer: Slow, pays: DeferredReward) -> None:
        super().__init__()
        self.scorer, self.pays, self.rollouts = scorer, pays, 0

    def _on_rollout_start(self) -> None:
        self.rollouts += 1

    def _on_step(self) -> bool:
        if self.rollouts % 3 and self.rollouts > 1:  # after the first frames of all, for which everybody waits
            self.scorer.gate.clear()
        else:
            self.scorer.gate.set()
            labeller = self.pays._late.labeller  # type: ignore[union-attr]
            while labeller._busy:
                time.sleep(0.001)
        return True


@pytest.mark.parametrize("buffer_size", [90, 600])
def test_a_replay_buffer_ends_up_with_the_teachers_rewards(monkeypatch: Any, buffer_size: int) -> None:
    monkeypatch.setattr(StudentGaps, "_is_believed", True)
    scorer = Slow()
    model = SAC("MlpPolicy", envs(2, horizon=10**6, wall=np.inf), **off(train_freq=4, buffer_size=buffer_size))
    pays = DeferredReward(scorer, gaps=StudentGaps(1, late=True))
    model.learn(240, callback=[pays, InTurns(scorer, pays)])
    buffer = model.replay_buffer
    assert scorer.late == 240
    assert pays.frames_scored == 242, "the first frame of each"
    np.testing.assert_allclose(
        buffer.rewards[: buffer.size()], np.tanh(buffer.next_observations[: buffer.size(), :, 0]), rtol=1e-4
    )


class Written(KVWriter):
    """The names of all that was logged."""

    def __init__(self) -> None:
        self.keys: set[str] = set()

    def write(self, key_values: Any, key_excluded: Any, step: int = 0) -> None:
        self.keys |= key_values.keys()

    def close(self) -> None:
        pass


@pytest.mark.parametrize("algorithm", [SAC, PPO])
def test_a_training_goes_through_with_ends_and_a_student(algorithm: Any) -> None:
    settings = off(train_freq=4, buffer_size=2000) if algorithm is SAC else on(n_steps=32, batch_size=32)
    model = algorithm("MlpPolicy", envs(2), **settings)
    gaps = StudentGaps(2, late=True)
    pays, written = DeferredReward(right, gaps=gaps), Written()
    model.set_logger(Logger(None, [written]))
    model.learn(2400, callback=pays)
    assert not gaps.waits, f"a point's place is easily learned, yet it errs by {gaps.error}"
    assert pays.frames_scored < 2400
    assert written.keys >= {"scoring/waiting", "scoring/dropped", "scoring/student_error"}
    threads = [thread.name for thread in threading.enumerate() if thread.name.startswith("labeller")]
    assert not threads, "they end with the training"
    model.learn(100, callback=pays, reset_num_timesteps=False)
    if algorithm is SAC:
        rewards, seen = model.replay_buffer.rewards[: model.replay_buffer.size()], model.replay_buffer.next_observations
        assert np.abs(rewards - np.tanh(seen[: len(rewards), :, 0])).mean() < 0.1
