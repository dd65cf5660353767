"""What the frames of a replay buffer's steps look like, so that all of them can be paid anew when the reward changes.

Scores that change behind the back of a learner that remembers are RL-VLM-F's and PEBBLE's (Lee, Smith and Abbeel, ICML
2021, arXiv 2106.05091) reason to relabel the whole buffer. Embeddings are kept, not frames: the encoder never changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.buffers import ReplayBuffer

from vlmrl.errors import ConfigError
from vlmrl.shaping import Steps
from vlmrl.types import Array

Float = NDArray[np.float32]
Score = Callable[[Float], Float]
"""From embeddings float32 ``(B, D)`` to scores float32 ``(B,)``."""

MOST_BYTES = 4 * 2**30
"""Of embeddings: more is refused before it becomes the machine's memory."""
AT_ONCE = 4_096
"""Steps scored together, of all environments."""


class Memory:
    """The embeddings that each step of a replay buffer led to, and those that episodes began from.

    A step starts from the frame that the one before led to, so one embedding a step is enough, and one an episode.

    Args:
        buffer: the replay buffer, at the moment before its next step is stored.
        dim: length of an embedding.

    Raises:
        ConfigError: they would take more than :data:`MOST_BYTES`.
    """

    def __init__(self, buffer: ReplayBuffer, dim: int) -> None:
        self._buffer = buffer
        # One more than the buffer's, so that its oldest step has one before it too.
        self._slots = buffer.buffer_size + 1
        if (bytes_ := self._slots * buffer.n_envs * dim * 4) > MOST_BYTES:
            raise ConfigError(
                f"agent.params.buffer_size={buffer.buffer_size * buffer.n_envs}: the embeddings of so many steps take "
                f"{bytes_ / 2**30:.0f} GiB, which reward=preference keeps to pay them anew; at most "
                f"{MOST_BYTES // (4 * dim)} steps fit"
            )
        self._after = np.empty((self._slots, buffer.n_envs, dim), np.float32)  # pages are taken as they are written
        self._terminated = np.zeros((self._slots, buffer.n_envs), bool)
        self._starts: dict[tuple[int, int], Float] = {}
        self._first = buffer.pos  # the row of step 0
        self._seen = 0

    def __len__(self) -> int:
        """Steps seen so far, whether they are remembered or not."""
        return self._seen

    def add(self, after: Float, terminated: NDArray[np.bool_], starts: Mapping[int, Float]) -> None:
        """Take in the next step.

        Args:
            after: ``(N, D)``, of the frames that it led to.
            terminated: bool ``(N,)``, true ends.
            starts: ``(D,)`` each, of the frames that it started from, for environments in which it did not start from
                the one that the step before led to.
        """
        slot = self._seen % self._slots
        self._after[slot], self._terminated[slot] = after, terminated
        self._starts |= {(self._seen, env): one for env, one in starts.items()}
        self._seen += 1
        oldest = self._seen - self._buffer.buffer_size
        for key in [key for key in self._starts if key[0] < oldest]:
            del self._starts[key]

    def relabel(self, score: Score, shape: Callable[[Steps], Float], gamma: float) -> int:
        """Pay every step that the buffer holds anew.

        To be called between two rollouts, when all steps that were seen are stored.

        Args:
            score: by the reward as it is now.
            shape: from scores to rewards.
            gamma: the learner's own discount.

        Returns:
            How many steps were paid, over all environments.
        """
        buffer = self._buffer
        size = buffer.buffer_size
        stored = self._seen if (self._first + self._seen) % size == buffer.pos else self._seen - 1
        steps = np.arange(max(0, stored - size), stored)
        if not len(steps):
            return 0
        scores = self._scores(score)
        before = scores[(steps - 1) % self._slots]
        fresh = [(at, one) for at, one in self._starts.items() if steps[0] <= at[0] <= steps[-1]]
        if fresh:
            rows, envs = np.array([at for at, _ in fresh]).T
            before[rows - steps[0], envs] = score(np.stack([one for _, one in fresh]))
        slots = steps % self._slots
        paid = shape(Steps(before, scores[slots], self._terminated[slots], gamma))
        buffer.rewards[(self._first + steps) % size] = paid
        return int(paid.size)

    def _scores(self, score: Score) -> Float:
        """Of what every remembered step led to, ``(slots, N)``."""
        used = min(self._seen, self._slots)
        scores = np.zeros((self._slots, self._after.shape[1]), np.float32)
        for at in range(0, used, AT_ONCE):
            part = self._after[at : min(at + AT_ONCE, used)]
            scores[at : at + len(part)] = score(part.reshape(-1, part.shape[-1])).reshape(part.shape[:2])
        return scores

    def arrays(self) -> dict[str, Array]:
        """All of it by name, for a checkpoint."""
        used = min(self._seen, self._slots)
        dim = self._after.shape[2]
        return {
            "after": self._after[:used],
            "terminated": self._terminated[:used],
            "start_at": np.array(list(self._starts), np.int64).reshape(-1, 2),
            "starts": np.stack(list(self._starts.values())) if self._starts else np.empty((0, dim), np.float32),
            "counts": np.array([self._first, self._seen]),
        }

    def recall(self, arrays: Mapping[str, Array]) -> None:
        """Go on from :meth:`arrays`, beside a buffer that was put back as well."""
        used = len(arrays["after"])
        self._after[:used], self._terminated[:used] = arrays["after"], arrays["terminated"]
        places = ((int(step), int(env)) for step, env in arrays["start_at"])
        self._starts = dict(zip(places, arrays["starts"].copy(), strict=True))
        self._first, self._seen = (int(one) for one in arrays["counts"])
