"""Poses and words tried out by hand: what a frame scores, and where it stands among goal states and bad ones."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from vlmrl import rewards
from vlmrl.config.parts import part
from vlmrl.encoders.base import Encoder
from vlmrl.envs.batch.own_thread import OwnThread
from vlmrl.envs.coordinates import STEP, Coordinate, coordinates
from vlmrl.envs.pose_goal import PoseGoal
from vlmrl.envs.task import Pose, Task
from vlmrl.find import names
from vlmrl.judge.evidence import POSES
from vlmrl.judge.pictures import with_pictures
from vlmrl.judge.questions.goal import compared
from vlmrl.judge.stage import Shots, Stage
from vlmrl.metrics.verdict import Finding
from vlmrl.rewards.base import Sight
from vlmrl.scoring.cache import ScoreCache
from vlmrl.scoring.remembered import Remembered
from vlmrl.scoring.scorer import Scorer
from vlmrl.types import Array, Words

Kind: TypeAlias = Literal["goal", "bad", "start"]
"""Where a posture is drawn from: the task's goal states, its bad ones, or the starts of its episodes."""

Result = TypeVar("Result")

LARGE = (480, 480)
"""``(height, width)`` of the picture for people [pixels]."""


@dataclass(frozen=True)
class View:
    """One posture, seen.

    Attributes:
        frame: uint8 ``(H, W, 3)``, what is scored: the task's camera and profile at the encoder's size.
        picture: uint8 ``(h, w, 3)``, the same for people, larger and with shadows.
        oracle: nearness to the goal by ground truth, in [0, 1].
        success: whether the task is done.
    """

    frame: NDArray[np.uint8]
    picture: NDArray[np.uint8]
    oracle: float
    success: bool


@dataclass(frozen=True)
class Asked:
    """What is asked of frames: words, and the reward model that compares them.

    Attributes:
        words: of every side.
        reward: a name of ``vlmrl list rewards``.
        keywords: of its constructor.
    """

    words: Words
    reward: str
    keywords: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """What one goal says of a frame, and of the task's own states.

    Attributes:
        goal: the sentences, one alone or all together.
        score: of the frame.
        of_goal, of_bad: of the task's goal and bad states, float64 ``(64,)`` each.
    """

    goal: tuple[str, ...]
    score: float
    of_goal: Array
    of_bad: Array

    @cached_property
    def finding(self) -> Finding:
        """Whether these words tell goal states from bad ones: AUROC, its colour, and a sentence about it."""
        return compared(self.of_goal, self.of_bad)

    @property
    def way(self) -> float:
        """How far the score is from bad states, 0, to goal states, 1, by medians; nan where these are no higher."""
        goal, bad = float(np.median(self.of_goal)), float(np.median(self.of_bad))
        return (self.score - bad) / (goal - bad) if goal > bad else float("nan")


class Playground:
    """A task to be posed by hand and asked about in words.

    A posture is one row of numbers, float64 ``(nq + 3 nmocap,)``: the joint positions, then the places of the bodies
    that the task places. Graphics contexts belong to threads, so everything is drawn and scored in one thread of its
    own; callers may be in any.

    Args:
        task: the task.
        encoder: embeds frames and sentences.
        seed: of the goal and bad states that frames are compared with.

    Attributes:
        coordinates: what of a posture can be set by hand.

    Raises:
        RenderError: frames cannot be drawn.
    """

    def __init__(self, task: Task, encoder: Encoder, seed: int = 0) -> None:
        self.task, self.encoder = task, encoder
        self._pictures: dict[Sight, Array] = {}
        self._thread = OwnThread("playground")
        self._cache = ScoreCache()
        self._remembered = Remembered(encoder)
        self.coordinates: tuple[Coordinate, ...] = self._in_thread(lambda: self._open(seed))

    def posture(self, kind: Kind, seed: int) -> Array:
        """A posture of that kind, in whole steps where it can be set by hand."""
        return self._in_thread(lambda: self._drawn(kind, seed))

    def view(self, posture: Array) -> View:
        """What a posture looks like, and how good it is by ground truth. The robot is at rest in it."""
        return self._in_thread(lambda: self._seen(posture))

    def read(self, frame: NDArray[np.uint8], asked: Asked) -> list[Reading]:
        """Score a frame beside the task's own states.

        Args:
            frame: uint8 ``(H, W, 3)`` of any size.
            asked: what it is asked.

        Returns:
            a reading for each goal sentence alone, and after them, where there are several, one for all together,
            which is what an agent would be paid by.

        Raises:
            ConfigError: words or settings that the reward refuses.
            ShapeError: no such frame.
            Abstained: the reward gave no number.
        """
        return self._in_thread(lambda: self._readings(frame, asked))

    def texts(self, called: Callable[[Encoder], Result]) -> Result:
        """Anything else that asks the encoder, called where it is asked."""
        return self._in_thread(lambda: called(self.encoder))

    def moved(self, posture: Array, values: Sequence[float]) -> Array:
        """The posture with every coordinate of :attr:`coordinates` set, in their order."""
        found = np.array(posture, dtype=np.float64)
        found[[one.index for one in self.coordinates]] = values
        return found

    def values(self, posture: Array) -> list[float]:
        """The coordinates of a posture, in the order of :attr:`coordinates`."""
        return [round(float(posture[one.index]), 2) for one in self.coordinates]

    @property
    def joints(self) -> tuple[Coordinate, ...]:
        """The coordinates that are the robot's own, not of a body that the task places."""
        return tuple(one for one in self.coordinates if one.index < self._nq)

    @property
    def shown(self) -> tuple[str, ...]:
        """The names of the joints that the picture shows: a camera that follows hides how far the robot has gone."""
        follows = self.task.camera.follow is not None
        return tuple(one.name for one in self.joints if not (follows and one.sideways))

    def truth(self, posture: Array, counts: Collection[str]) -> PoseGoal:
        """The posture as a ground truth.

        Args:
            posture: the pose that is the goal.
            counts: the names of the joints that must be near it.

        Raises:
            ConfigError: no joint counts.
        """
        qpos = [round(float(value), 6) for value in posture[: self._nq]]
        low, high = list(qpos), list(qpos)
        for one in self.joints:
            low[one.index] = min(one.low, qpos[one.index])
            high[one.index] = max(one.high, qpos[one.index])
        placed = np.round(posture[self._nq :], 6).reshape(-1, 3).tolist()
        return PoseGoal(
            tuple(qpos),
            tuple(low),
            tuple(high),
            tuple(one.index for one in self.joints if one.name in counts),
            self.task.name,
            tuple(one.index for one in self.joints if one.turns),
            tuple((x, y, z) for x, y, z in placed),
        )

    def close(self) -> None:
        """Close simulators and renderers, and end the thread."""
        self._in_thread(self._shut)
        self._thread.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _in_thread(self, task: Callable[[], Result]) -> Result:
        return self._thread.submit(task).result()

    def _open(self, seed: int) -> tuple[Coordinate, ...]:
        self._stage = Stage(self.task, self.encoder.image_size, seed=seed)
        self._large = Stage(self.task, LARGE, "pretty", seed=seed)
        self._nq = self._stage.model.nq
        self._episode: Array | None = np.array([seed])  # in whose world postures are seen: that of the last one drawn
        rng = np.random.default_rng(seed)
        goals, bads = self.task.goal_states(rng, POSES), self.task.bad_states(rng, POSES)
        self._ends = Shots.join([self._stage.posed(goals), self._stage.posed(bads)])
        seen = np.concatenate([self._stage.postures(goals), self._stage.postures(bads), self._stage.start(seed)[None]])
        return coordinates(self._stage.model, seen)

    def _drawn(self, kind: Kind, seed: int) -> Array:
        if kind == "start":
            found, self._episode = self._stage.start(seed), np.array([seed])
        else:
            draw = self.task.goal_states if kind == "goal" else self.task.bad_states
            pose = draw(np.random.default_rng(seed), 1)
            found, self._episode = self._stage.postures(pose)[0], pose.episode
        for one in self.coordinates:
            value = found[one.index]
            if one.turns:
                value = (value + np.pi) % (2 * np.pi) - np.pi
            found[one.index] = np.clip(np.round(value / STEP) * STEP, one.low, one.high)
        return found

    def _seen(self, posture: Array) -> View:
        placed = posture[self._nq :].reshape(1, -1, 3)
        pose = Pose(posture[None, : self._nq], None, placed if placed.size else None, self._episode)
        small, large = self._stage.posed(pose), self._large.posed(pose)
        return View(small.frames[0], large.frames[0], float(small.oracle[0]), bool(small.success[0]))

    def _readings(self, frame: NDArray[np.uint8], asked: Asked) -> list[Reading]:
        # What was said of the task's states is remembered, and so are embeddings, whatever words come.
        scorer = Scorer(rewards.taught(asked.reward, self._remembered, **self._keywords(asked)), cache=self._cache)
        parts = frame[None], self._ends.frames[:POSES], self._ends.frames[POSES:]
        words = asked.words
        together = (words.goal,) if len(words.goal) > 1 else ()
        goals = [*((sentence,) for sentence in dict.fromkeys(words.goal)), *together]
        found = []
        for goal in goals:
            sides = Words(goal, words.baseline, words.negative)
            here, of_goal, of_bad = (scorer.frames(part, sides).astype(np.float64) for part in parts)
            found.append(Reading(goal, float(here[0]), of_goal, of_bad))
        return found

    def _keywords(self, asked: Asked) -> dict[str, Any]:
        """The reward's settings, with pictures of the task's own states where it wants some; drawn once."""
        if asked.reward not in names("reward"):
            return dict(asked.keywords)  # whoever loads it says what is wrong with the name
        missing = part("reward", asked.reward).missing_pictures(asked.keywords)
        drawn = {key: self._pictures[sight] for key, sight in missing.items() if sight in self._pictures}
        found = with_pictures(asked.reward, {**asked.keywords, **drawn}, self.task, self.encoder.image_size)
        self._pictures |= {sight: found[key] for key, sight in missing.items()}
        return found

    def _shut(self) -> None:
        self._stage.close()
        self._large.close()
