"""Rewards that arrive late: one callback that scores a whole rollout's frames at once and pays them before the update.

The numbers are those of the same reward computed inside the environment, bit for bit, if a frame's score does not
depend on its batch. No algorithm is subclassed; the callback writes into the rollout or replay buffer that is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.callbacks import BaseCallback, CallbackList
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm

from vlmrl.agents.deferred.aligning import Aligning
from vlmrl.agents.deferred.gaps import Gaps, check_gaps
from vlmrl.agents.deferred.guards import check_callbacks, check_model, warn_early_end
from vlmrl.agents.deferred.held import HeldFrames
from vlmrl.agents.deferred.holding import held_by
from vlmrl.agents.deferred.late import Labeller, LateRewards
from vlmrl.agents.deferred.steps import Step, blank, check_unpaid, led_to, present_frames, reset_frame
from vlmrl.agents.deferred.tally import Succeeded, Tally
from vlmrl.agents.deferred.unpaid import UnpaidRows, mark_gap, pay_rollout
from vlmrl.errors import ConfigError, VlmrlError
from vlmrl.shaping import Chain, Past, Steps
from vlmrl.shaping.base import Float
from vlmrl.types import Words
from vlmrl.wrappers.asking import Request
from vlmrl.wrappers.scores import CheckedScores

__all__ = ["DeferredReward", "Shape", "mark_gap"]

Shape: TypeAlias = Callable[[Steps], Float]
"""From steps with their scores to rewards, float32 ``(T, N)``; a step's reward depends on no other step."""


class DeferredReward(BaseCallback):
    """Pays PPO, A2C, SAC, TD3, DQN, TQC, CrossQ and their like by what the frames of their steps show.

    Each environment must put its frame into ``info["frame"]`` (uint8 ``(H, W, 3)``, of ``reset`` and ``step`` alike,
    taken before any autoreset) and pay 0 itself, which ``FrameTap`` does. Pass it first: ``model.learn(n,
    callback=[DeferredReward(goal="…", baseline="…"), …])``. Logged over the last finished episodes, where the
    environment tells them: ``rollout/vlm_return`` (sum of what was paid), ``rollout/task_return`` (sum),
    ``rollout/oracle_return`` (mean per step) and ``rollout/success``; beside them ``scoring/frames``, scored so far.

    Args:
        scorer: an object with ``frames(frames, words)``, or such a function, giving one finite number a frame. One
            whose ``cadence`` is ``episode`` has ``clips(clips, words)`` instead, one number an episode, which its last
            step is paid; all others are paid 0. One that ``takes`` a ``history`` has ``look`` and ``histories``.
        words: handed to the scorer.
        shape: from scores to rewards; None pays each step the score of the frame that it led to. Its attribute
            ``needs`` (:class:`~vlmrl.shaping.Needs`), if it has one, says what it asks of an episode's past.
        goal: a sentence or several, instead of ``scorer`` and ``words``; the models are loaded when learning starts.
        after_labels: callbacks or functions without arguments, called once a rollout, after its rows are paid and
            before the update; checkpoints that hold a replay buffer belong here.
        succeeded: whether an episode succeeded, from success on each step, bool ``(T,)``; None asks the last step.
        hold: most frames held unscored; more are scored in batches of this size. Of late scores, most that wait.
        gaps: which frames are scored, and what the others are worth, for example ``Gaps(every=4)``; None scores all.
            With environments that draw no others (``make_env(task, frames="ends")``) rendering takes less time as well.
            With ``StudentGaps(8, late=True)`` nobody waits for scores that a student network knows well enough.
        **asked: with ``goal``: ``baseline`` and ``negative`` (sentences as well), ``reward``, ``encoder`` and the
            reward's own settings.

    Attributes:
        frames_scored: frames given to the scorer so far.
        seconds: time spent in the scorer so far [s].
        aligning: moves the weight of the words, where the shape blends the task's own reward in.

    Raises:
        ConfigError: neither or both of ``scorer`` and ``goal``. When learning starts: a model, environment or order of
            callbacks with which late rewards would be lost. Then: a step without a frame, or paid by the environment.
        Abstained: a score is no number; names the environment and the step.
    """

    def __init__(
        self,
        scorer: Any = None,
        words: Words | None = None,
        shape: Shape | None = None,
        *,
        goal: str | Iterable[str] | None = None,
        after_labels: Iterable[BaseCallback | Callable[[], object]] = (),
        succeeded: Succeeded | None = None,
        hold: int = 1024,
        gaps: Gaps | None = None,
        **asked: Any,
    ) -> None:
        super().__init__()
        self._request = Request(scorer, words, goal, asked.pop("baseline", ()), asked)
        if hold < 1:
            raise ConfigError(f"hold={hold}: must be at least 1 frame")
        self._hold, self._succeeded = hold, succeeded
        self._gaps = gaps or Gaps()
        self._draws = gaps is not None  # frames that it wants and nobody has drawn
        self._present: list[Any] = []  # the frames that the last step led to, as far as anybody drew them
        self._shape: Shape = shape or Chain()
        self._past = Past(self._shape)
        self.aligning = Aligning(self._past.needs.own)
        if self._gaps.late and (self._past.needs.best or self.aligning.moves):
            what = "the best score so far" if self._past.needs.best else "how well the words pay"
            raise ConfigError(
                f"gaps=StudentGaps(late=True): {what} is not known while scores come in late, and the shape asks for "
                "it; wait for them (late=False), or take shapers that do not ask"
            )
        self._after = CallbackList([hook if isinstance(hook, BaseCallback) else _Hook(hook) for hook in after_labels])
        self._after.parent = self
        self._scores: CheckedScores | None = None
        self._held: HeldFrames
        self._late: LateRewards | None = None
        self._tally: Tally
        self._steps: list[Step] = []
        self._rollout: list[NDArray[np.float32]] = []  # rewards of the present rollout, one (N,) a step
        self._unpaid: UnpaidRows | None = None  # the same for a replay buffer, which has rows of its own
        self._before: NDArray[np.float32] | None = None  # score of the present frame of each env, filled in when known
        self._left: Any = None  # the observation that the last training left off at
        self._go_on = True
        self._warned = False  # of episodes that end early

    @property
    def frames_scored(self) -> int:
        """Frames given to the scorer so far."""
        return 0 if self._scores is None else self._scores.scored

    @property
    def seconds(self) -> float:
        """Time spent in the scorer so far [s]."""
        return 0.0 if self._scores is None else self._scores.seconds

    @property
    def visits(self) -> list[list[int]]:
        """Cells of the state and how often each was visited until the present rollout; empty where nobody counts."""
        return self._past.marked if self._past.needs.bits else []

    def recall(self, visits: Sequence[Sequence[int]]) -> None:
        """Go on from :attr:`visits` of an earlier session."""
        self._past.recall(visits)

    def flush(self) -> None:
        """Pay every step that is stored and not paid yet: call it before saving a replay buffer at any odd moment.

        On-policy rows are never saved, so there is nothing to do for them.

        Raises:
            RunError: the replay buffer was written by somebody else meanwhile.
        """
        if self._unpaid is not None:
            self._score()
            self._unpaid.pay()
            if self._late is not None:
                self._late.amend(self._gamma, self._shape)

    @property
    def _gamma(self) -> float:
        return float(self.model.gamma)  # type: ignore[attr-defined]

    def _init_callback(self) -> None:
        check_model(self.model)
        self.aligning.check(self.model)
        self._scorer()
        self._after.init_callback(self.model)

    def _on_training_start(self) -> None:
        check_callbacks(self.locals.get("callback"), self, self.model)
        self.flush()  # what an interrupt left behind
        self._go_on = True
        if self._left is None or self._left is not self.model._last_obs:
            self._begin()
        self._left = None
        self._expect_late_scores()
        self._after.on_training_start(self.locals, self.globals)

    def _expect_late_scores(self) -> None:
        """Where they may come in late: remember as many steps as their frames can wait for."""
        if self._late is not None:
            with suppress(VlmrlError):  # what ended the training before was told then
                self._late.labeller.finish()
        if self._gaps.late:
            remembered = 2 + self._hold * self._gaps.widest // self.training_env.num_envs
            buffer = _replay(self.model) if isinstance(self.model, OffPolicyAlgorithm) else None
            self._late = LateRewards(Labeller(self._scorer(), self._hold), remembered, buffer)

    def _begin(self) -> None:
        """Start from environments that were reset, or that another callback stepped."""
        venv = self.training_env
        room = 2 * venv.num_envs  # a step of every env, each followed by a reset
        self._held = held_by(self._scorer())(self._scorer(), max(self._hold, room))
        self._past.begin(venv.num_envs)
        self.aligning.restart(anew=True)
        self._steps, self._unpaid = [], None
        self._tally = Tally(venv.num_envs, self.model._stats_window_size, self._succeeded)
        if isinstance(self.model, OffPolicyAlgorithm):
            mark_gap(_replay(self.model))
        fresh = self.locals.get("reset_num_timesteps", True) or self.model.num_timesteps == 0
        frames = [reset_frame(venv, env) for env in range(venv.num_envs)] if fresh else present_frames(venv)
        present = blank(venv.num_envs)
        for env, frame in enumerate(frames or []):
            self._held.add(frame, f"env {env} before its first step", (present, env))
        self._before = None if frames is None else present
        self._gaps.restart()
        self._make_room()

    def _on_rollout_start(self) -> None:
        self._steps, self._rollout = [], []
        self._past.mark()
        self.aligning.restart(anew=isinstance(self.model, OnPolicyAlgorithm))
        if isinstance(self.model, OffPolicyAlgorithm):
            self._unpaid = UnpaidRows(_replay(self.model), self.aligning.parts(self.model))

    def _on_step(self) -> bool:
        check_unpaid(self.locals["rewards"])
        infos, done = self.locals["infos"], np.array(self.locals["dones"], dtype=bool)
        # Taken out of the infos, so that neither episode statistics nor a replay buffer can keep them.
        self._present = [info.pop("frame", None) for info in infos]
        known = self._before is not None
        before = blank(len(infos)) if self._before is None else self._before
        self._steps.append(Step(before, blank(len(infos)), done, infos, self._seen()))
        self._before = blank(len(infos))
        self._steps[-1].past.update(self._past.own(infos))
        self.aligning.saw(self.model, done, self.locals)
        if self._past.needs.bits:
            normalised = self.model.get_vec_normalize_env()
            self._steps[-1].past.update(self._past.states(led_to(self._observed(), self._steps[-1], normalised), done))
        if not known:
            self._gaps.restart()
        wanted = done | (not known or self._gaps.due())
        later = wanted & ~done if known and not self._gaps.waits else np.zeros_like(done)
        self._keep(np.flatnonzero(wanted & ~later).tolist(), known)
        if self._late is not None:
            self._late.saw(self._steps[-1])
            self._ask_late(self._late, np.flatnonzero(later).tolist())
        for env in np.flatnonzero(done).tolist():
            self._add_reset(env, self._before)
        if isinstance(self.model, OffPolicyAlgorithm) and done.any():
            self._close_gaps()
            self._score()  # the algorithm may print the episode's return before the rollout ends
        self._make_room()
        return self._go_on

    def _keep(self, envs: Sequence[int], known: bool = True) -> None:
        """Hold the frames that the last step led these environments to."""
        step, following = self._steps[-1], self._before
        self._draw([env for env in envs if not step.done[env]])
        for env in envs:
            places = [(step.after, env)]
            if not step.done[env] and following is not None:
                places.append((following, env))
            if not known:  # nobody saw the frame before this step: take it for no change
                places.append((step.before, env))
            self._held.add(self._present[env], self._origin(env), *places)
            if step.done[env]:
                self._held.end(self._origin(env), (step.after, env))

    def _ask_late(self, late: LateRewards, envs: Sequence[int]) -> None:
        """Have the frames scored without waiting that the last step led these environments to."""
        self._draw(envs)
        for env in envs:
            late.ask(env, self._present[env], self._origin(env))

    def _draw(self, envs: Sequence[int]) -> None:
        """Draw the present frames of these environments, where nobody has and somebody can."""
        undrawn = [env for env in envs if self._present[env] is None]
        if undrawn and self._draws and (frames := present_frames(self.training_env, undrawn)) is not None:
            for env, frame in zip(undrawn, frames, strict=True):
                self._present[env] = frame

    def _origin(self, env: int) -> str:
        return f"env {env} at step {self.num_timesteps}"

    def _seen(self) -> NDArray[np.float32] | None:
        """States that the step led to, as the environments told them, ``(N, D)``; None where nobody asks.

        Raises:
            ConfigError: the policy sees something else than a vector.
        """
        if not self._gaps.reads_states:
            return None
        seen = self._observed()
        if not isinstance(seen, np.ndarray) or seen.ndim != 2:
            raise ConfigError("gaps=StudentGaps: reads the state, and the policy sees none; take Gaps")
        return seen.astype(np.float32)

    def _observed(self) -> Any:
        """What the environments told last, of an ended episode the next one's first observation."""
        normalised = self.model.get_vec_normalize_env()
        return self.locals["new_obs"] if normalised is None else normalised.get_original_obs()

    def _close_gaps(self) -> None:
        """Have the present frames scored too, so that a line leads to them from the last ones that were."""
        if self._gaps.is_open and self._steps:
            self._gaps.restart()
            self._keep(np.flatnonzero(~self._steps[-1].done).tolist())

    def _make_room(self) -> None:
        """Score what is held before another step could be too much."""
        if len(self._held) + 2 * self.training_env.num_envs > self._held.capacity:
            self._close_gaps()
            self._score()

    def _on_rollout_end(self) -> None:
        self._close_gaps()
        if isinstance(self.model, OnPolicyAlgorithm):
            self._score()
            rewards = np.stack(self._rollout)
            pay_rollout(self.model.rollout_buffer, rewards, self.locals["values"], self.locals["dones"])
        self.flush()
        self.aligning.look(self.model)
        self._log()
        self._after.update_locals(self.locals)
        self._go_on = self._after.on_step() if self._after.callbacks else True

    def _on_training_end(self) -> None:
        self.flush()  # a callback that stops training stops it before the rollout's end
        self._past.mark()
        if self._late is not None:
            self._late.labeller.finish()
        self._left = self.model._last_obs
        self._after.on_training_end()

    def _score(self) -> None:
        """Score what is held; turn the steps whose scores are in into rewards, in the order of time."""
        self._held.score()
        if not self._steps or self._before is None:
            return
        if self._late is not None:
            self._gaps.hear(*self._late.arrived(self._before))
        self._gaps.fill(self._steps, self._before)
        for step in self._steps:
            step.past.update(self._past.scores(step.before, step.done))
        rewards = self.aligning.pay(self._steps, self._gamma, self._shape)
        steps, self._steps = self._steps, []
        for step, reward, *parts in zip(steps, *rewards, strict=True):
            if self._unpaid is None:
                self._rollout.append(reward)
            else:
                self._unpaid.append(reward, *parts)
            self._count(step, reward)
        if any(step.done.any() for step in steps):
            self._log()

    def _count(self, step: Step, reward: NDArray[np.float32]) -> None:
        for env, info in enumerate(step.infos):
            self._tally.add(env, float(reward[env]), info)
            if step.done[env]:
                paid = self._tally.finish(env)
                if step.terminated[env] and not self._warned:
                    self._warned = True
                    warn_early_end(paid)
                if "episode" in info:  # Monitor summed zeros; the algorithm averages this very dict later
                    info["episode"]["r"] = round(paid, 6)

    def _scorer(self) -> CheckedScores:
        if self._scores is None:
            self._scores = CheckedScores(*self._request.load(), whole=True)
            check_gaps(self._gaps, self._scores.cadence, self._scores.takes)
        return self._scores

    def _log(self) -> None:
        for name, mean in self._tally.means():
            self.logger.record(f"rollout/{name}", mean)
        late = {} if self._late is None else self._late.labeller.told
        told = {**self._gaps.told, **self._past.told, **self.aligning.told, **late}
        for name, value in {"frames": self.frames_scored, **told}.items():
            self.logger.record(f"scoring/{name}", value)

    def _add_reset(self, env: int, into: NDArray[np.float32]) -> None:
        origin = f"env {env} after its reset at step {self.num_timesteps}"
        self._held.add(reset_frame(self.training_env, env), origin, (into, env))


class _Hook(BaseCallback):
    """A function without arguments, as a callback."""

    def __init__(self, function: Callable[[], object]) -> None:
        super().__init__()
        self._function = function

    def _on_step(self) -> bool:
        self._function()
        return True


def _replay(model: BaseAlgorithm) -> ReplayBuffer:
    buffer = getattr(model, "replay_buffer", None)
    if not isinstance(buffer, ReplayBuffer):
        raise ConfigError(f"model={type(model).__name__}: has no replay buffer")
    return buffer
