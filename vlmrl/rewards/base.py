"""What every reward model promises, and how it says what it needs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from vlmrl.errors import ConfigError
from vlmrl.find import name_of
from vlmrl.types import Frames, Scores, Words

if TYPE_CHECKING:
    import torch

    from vlmrl.encoders.base import Encoder

Cadence = Literal["step", "episode"]

Takes = Literal["picture", "track", "history"]
"""What a reward looks at: pictures, rows of numbers that a gauge read inside the environment
(:mod:`vlmrl.envs.gauge`), or all pictures of an episode up to one."""

Sight = Literal["goal", "start", "way", "random"]
"""What of a task a reward may want to be shown: states in which it is done, states in which episodes start, films
from a start to a goal, or what an agent sees that acts at random, which tells nothing of the goal."""


class RewardModel(ABC):
    """Turns frames and words into numbers, higher meaning nearer to the words. Knows nothing of learners.

    A subclass lives alone in ``vlmrl/rewards/<name>.py``; its constructor's keyword arguments are its config
    (``vlmrl/conf/reward/<name>.yaml``). The first, ``encoder``, is given to it.

    Attributes:
        causal: a frame's score depends on no later frame.
        needs_baseline: refuses words without a baseline sentence.
        needs_negative: refuses words without a negative sentence.
        reads_words: the score depends on the sentences.
        pictures: settings that hold pictures or films, and which sight of a task stands in for each while it is null.
        takes: pictures, tracks or histories of pictures.
        needs_endpoint: asks a model elsewhere, which its settings must name; whoever wants all rewards leaves it out.
        needs_training: cannot do without weights that `vlmrl reward train` makes, which its settings must name;
            whoever wants all rewards leaves it out.
        learns: its scores change while an agent learns from them; of a class, that they can.
        cadence: how often a score comes: every step, or once an episode.
        low, high: bounds that no score leaves, or None where there is no bound.
    """

    causal: ClassVar[bool] = True
    needs_baseline: bool = False
    needs_negative: bool = False
    reads_words: bool = True
    pictures: ClassVar[Mapping[str, Sight]] = {}
    takes: ClassVar[Takes] = "picture"
    needs_endpoint: ClassVar[bool] = False
    needs_training: ClassVar[bool] = False
    learns: bool = False
    cadence: ClassVar[Cadence] = "step"
    low: float | None = None
    high: float | None = None

    encoder: Encoder

    @classmethod
    def missing_pictures(cls, settings: Mapping[str, Any]) -> dict[str, Sight]:
        """Which of :attr:`pictures` these settings leave open although the reward would look at them.

        Whoever builds the reward beside a task fills them in (:func:`vlmrl.judge.pictures.with_pictures`).
        """
        return {key: sight for key, sight in cls.pictures.items() if settings.get(key) is None}

    @property
    def untaught(self) -> bool:
        """Whether it has learned nothing yet though it should, so that its scores mean nothing."""
        return False

    @property
    def taught_by(self) -> frozenset[str] | None:
        """Traces of episodes that it learned from, which are none to judge it by; None where nobody knows them."""
        return frozenset()

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """A short hash of the model, its weights and its settings: a part of every cache key."""

    @abstractmethod
    def check(self, words: Words) -> None:
        """Refuse words that this model cannot score, before any frame is drawn.

        Raises:
            ConfigError: a side is missing, a sentence is too long, or goal and baseline are too close to tell apart.
        """

    def check_view(self, camera: Mapping[str, Any]) -> None:  # noqa: B027  # most read whatever they are shown
        """Refuse a camera, told by its fields, through which this model cannot read frames; here none is refused.

        Raises:
            ConfigError: the message says what differs.
        """


def unit_scores(model: RewardModel | None) -> bool:
    """Whether all scores of a model lie in [0, 1], as it says itself; of no model nobody knows."""
    low, high = (None, None) if model is None else (model.low, model.high)
    return low is not None and high is not None and low >= 0 and high <= 1


def refuse_untaught(model: RewardModel) -> None:
    """Refuse a model whose scores mean nothing yet, where nobody teaches it.

    Raises:
        ConfigError: it has learned nothing.
    """
    if model.untaught:
        name = name_of(model)
        raise ConfigError(
            f"reward={name}: has learned nothing yet, so its scores mean nothing; `vlmrl train reward={name}` teaches "
            "it, and leaves its nets as reward.safetensors in the run's directory: give reward.nets=FILE"
        )


class TrackReward(RewardModel):
    """A reward that reads no picture but rows of numbers, which a gauge tells of every state of an episode."""

    takes: ClassVar[Takes] = "track"
    width: ClassVar[int]
    """Numbers of a state."""

    @abstractmethod
    def score_tracks(self, tracks: NDArray[np.float32]) -> NDArray[np.float32]:
        """Score float32 ``(B, width)`` rows; float32 ``(B,)``. A row's score never depends on its batch."""


class FrameReward(RewardModel):
    """A reward that reads one frame at a time."""

    @abstractmethod
    def score_frames(self, frames: Frames, words: Words | Sequence[Words]) -> Scores:
        """Score uint8 ``(B, H, W, 3)`` frames against one set of words, or one per row.

        Returns:
            float32 ``(B,)`` on the encoder's device. A frame's score never depends on its batch; ``B`` may be 0.

        Raises:
            ShapeError: frames of the wrong shape or dtype, or a list of words of another length than the frames.
            ConfigError: what :meth:`check` refuses.
        """

    def voices(self, frames: Frames, words: Words) -> dict[str, Scores]:
        """What each opinion says of uint8 ``(B, H, W, 3)`` frames, ``(B,)`` by its name; empty for one alone."""
        return {}


class ClipReward(RewardModel):
    """A reward that reads a clip as a whole, in the order of time, and says one number of it.

    In training an episode is the clip, its first frame the one after the reset: its last step is paid the number, all
    others 0. What a clip is worth belongs to no single frame, so nothing that asks about single frames takes it.
    """

    causal = False
    cadence = "episode"

    @abstractmethod
    def score_clip(self, clip: Frames, words: Words | Sequence[Words]) -> Scores:
        """Score one clip, or several of one length.

        Args:
            clip: uint8 ``(T, H, W, 3)``, T at least 1, or ``(B, T, H, W, 3)``.
            words: one set, or one per clip.

        Returns:
            float32 ``()``, or ``(B,)``, on the encoder's device. A clip's score depends on no other; NaN is an
            abstention: the model can say nothing of this clip.

        Raises:
            ShapeError: no clip, one without a frame, or a list of words of another length than the clips.
            ConfigError: what :meth:`check` refuses.
        """


class HistoryReward(RewardModel):
    """A reward that reads the frames of an episode so far, in the order of time, and says a number of each.

    A frame's number depends on it and on those before it, never on one to come. It comes in two steps, so that whoever
    is handed an episode bit by bit has each frame looked at once: :meth:`look` turns a frame into a row by itself, and
    :meth:`score_seen` reads the rows.
    """

    takes: ClassVar[Takes] = "history"

    @abstractmethod
    def look(self, frames: Frames) -> torch.Tensor:
        """What is kept of uint8 ``(B, H, W, 3)`` frames: float32 ``(B, D)``; a row depends on its frame alone.

        Raises:
            ShapeError: not such frames.
            ConfigError: frames of another size than it can read.
        """

    @abstractmethod
    def score_seen(self, seen: Sequence[torch.Tensor], since: Sequence[int], words: Words) -> Scores:
        """Score the last frames of some episodes.

        Args:
            seen: of each episode what :meth:`look` gave for its frames so far, ``(T, D)``.
            since: of each the first frame that is wanted, from 0 to T.
            words: one set for all.

        Returns:
            float32 ``(sum of T - since,)`` on the encoder's device, episode by episode. An episode's numbers depend on
            no other episode.

        Raises:
            ConfigError: what :meth:`check` refuses.
        """

    def score_history(self, clip: Frames, words: Words) -> Scores:
        """Score each frame of one clip by it and those before it.

        Args:
            clip: uint8 ``(T, H, W, 3)``, from the first frame of an episode on.
            words: one set.

        Returns:
            float32 ``(T,)`` on the encoder's device.

        Raises:
            ShapeError: no clip.
            ConfigError: what :meth:`check` refuses.
        """
        self.check(words)
        return self.score_seen([self.look(clip)], [0], words)
