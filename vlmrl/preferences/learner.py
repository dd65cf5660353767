"""One who asks and learns: frames in, questions to a judge, nets taught by the answers. It knows nothing of agents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from vlmrl.errors import Abstained
from vlmrl.preferences.judges.base import Judge
from vlmrl.preferences.pool import Pool, pairs
from vlmrl.rewards._taught.bradley_terry import Label, Nets, foretold
from vlmrl.rewards.preference import Preference
from vlmrl.types import Array, Words

FIRST = 1_000
"""Steps after which a first round comes at the latest: what is learned from before is worth nothing."""


class Learner:
    """Asks a judge about pairs of frames, and teaches the nets of a reward what it answers.

    Args:
        model: whose nets learn.
        judge: answers; None: nobody is asked, and ``labels`` are all there is.
        words: what is judged by.
        seed: of what is asked, and of the order in which it is learned.
        labels: answers that are there before the first question, as of people.

    Attributes:
        model, judge, words: as given.
        pool: shown the frames that were met.
        labels: all answers so far, those of people first.
        counts: ``questions`` asked, ``answered`` and ``abstained``; ``rounds``; of answers whose truth is known
            (``known``) those that were ``right``.
        right: share of all labels that the nets get right, after the last round; NaN before.
        foretold: share of the last round's answers that the nets got right before they learned from them.

    Raises:
        ConfigError: words that the judge refuses.
    """

    def __init__(
        self, model: Preference, judge: Judge | None, words: Words, seed: int = 0, labels: Sequence[Label] = ()
    ) -> None:
        self.model, self.judge, self.words = model, judge, words
        if judge is not None:
            judge.check(words)
        if model.begins_anew:
            model.nets = Nets(model.nets.dim, model.learn.members, model.learn.width, seed)
        self._rng = np.random.default_rng(seed)
        self.pool = Pool(model.ask.pool, np.random.default_rng([seed, 1]))
        self._given = list(labels)
        self._answers: list[Label] = []
        self._asked: dict[tuple[int, int], None] = {}
        self._learned_at: int | None = None
        self.counts: Counter[str] = Counter()
        self.right = self.foretold = float("nan")

    @property
    def labels(self) -> list[Label]:
        """All answers so far, those of people first."""
        return [*self._given, *self._answers]

    @property
    def left(self) -> int:
        """Questions that may still be asked."""
        return 0 if self.judge is None else max(0, self.model.ask.most - self.counts["questions"])

    def due(self, steps: int) -> bool:
        """Whether so many steps of the agent are enough for the next round."""
        every = self.model.ask.every
        if self._learned_at is None:
            return steps >= min(FIRST, every // 2)
        return self.left > 0 and steps // every > self._learned_at // every

    def round(self, steps: int, say: Callable[[str], object]) -> list[dict[str, Any]]:
        """Ask, and learn from all answers so far.

        Args:
            steps: of the agent so far.
            say: is told of what went wrong.

        Returns:
            A row for each question: ``steps``, the numbers of ``a`` and ``b``, ``better`` (None: an abstention), and
            ``truth``, what the simulator would have said, where it is known.

        Raises:
            Abstained: there is not one answer to learn from.
            ConfigError: what a judge cannot go on with: no key, no such model, no ground truth.
        """
        first = self._learned_at is None
        rows, new = self._ask(steps, say)
        self.foretold = foretold(self.model.nets, new) if new and not first else float("nan")
        self._answers += new
        labels = self.labels
        if not labels:
            why = (
                self.judge.fault if self.judge is not None and self.judge.fault else "it abstained from every question"
            )
            raise Abstained(
                f"reward.judge={self.model.judged_by[0]}: has not answered one of {self.counts['questions']} questions "
                f"and there is nothing to learn from ({why}); take another judge, a smaller margin, or other frames"
            )
        self._learned_at = steps
        self.pool.renew()
        if new or first:
            self._teach(labels, first)
        return rows

    def _teach(self, labels: Sequence[Label], first: bool) -> None:
        nets = self.model.nets
        if first and self.model.begins_anew:
            some = self.pool.embeddings[self.pool.there()]
            met = [some] if len(some) else [side for label in labels for side in (label.a, label.b)]
            nets.center_on(torch_of(np.concatenate(met)))
        self.right = self.model.learn.lesson.teach(nets, labels, self._rng)
        self.counts["rounds"] += 1

    def _ask(self, steps: int, say: Callable[[str], object]) -> tuple[list[dict[str, Any]], list[Label]]:
        count = min(self.model.ask.questions, self.left)
        if not count or self.judge is None:
            return [], []
        ask, needs = self.model.ask, self.judge.needs_facts
        temperature = self.model.learn.temperature
        candidates = ask.candidates if self._learned_at is not None else 1  # nets that know nothing doubt nothing
        found = pairs(
            self.pool,
            count,
            self.model.nets,
            temperature,
            self._rng,
            candidates=candidates,
            asked=self._asked,
            needs=needs,
        )
        if not len(found):
            say(f"preferences: no two frames are left to ask about at {steps:,} steps; the nets stay as they are")
            return [], []
        a, b = self.pool.shown(found[:, 0]), self.pool.shown(found[:, 1])
        answers = self.judge.prefer(a, b, self.words)
        truth = b.facts["oracle"] - a.facts["oracle"]
        rows = [self._row(steps, *one) for one in zip(found, answers, truth, strict=True)]
        if self.judge.fault:
            say(f"warning: preferences: {self.judge.fault}; training goes on with the answers so far")
        known = self.pool.embeddings
        new = [
            Label(known[left : left + 1].copy(), known[right : right + 1].copy(), float(answer))
            for (left, right), answer in zip(found, answers, strict=True)
            if np.isfinite(answer)
        ]
        self.counts.update(questions=len(rows), answered=len(new), abstained=len(rows) - len(new))
        return rows, new

    def _row(self, steps: int, pair: Array, answer: float, apart: float) -> dict[str, Any]:
        numbers = [int(one) for one in self.pool.tickets[pair]]
        self._asked[min(numbers), max(numbers)] = None
        truth = None if not np.isfinite(apart) or apart == 0 else float(apart > 0)
        better = None if not np.isfinite(answer) else float(answer)
        if truth is not None and better is not None:
            self.counts.update(known=1, right=int((better > 0.5) == (truth > 0.5)))
        return {"steps": steps, "a": numbers[0], "b": numbers[1], "better": better, "truth": truth}

    @property
    def told(self) -> dict[str, float]:
        """What is worth logging; the accuracy of answers is the simulator's knowledge, and goes nowhere else."""
        found: dict[str, float] = {name: self.counts[name] for name in ("questions", "answered", "abstained")}
        found["labels"] = len(self._given) + len(self._answers)
        shares = {"nets_right": self.right, "nets_foretold": self.foretold}
        if self.counts["known"]:
            shares["answers_right"] = self.counts["right"] / self.counts["known"]
        return found | {name: share for name, share in shares.items() if np.isfinite(share)}

    def arrays(self) -> dict[str, Array]:
        """What it must remember to go on, by name: pool, answers and nets."""
        nets = {f"nets/{name}": one.numpy() for name, one in self.model.nets.weights.items()}
        pool = {f"pool/{name}": one for name, one in self.pool.arrays().items()}
        dim = self.model.nets.dim
        sides = {
            side: np.concatenate([getattr(one, side) for one in self._answers] or [np.empty((0, dim), np.float32)])
            for side in ("a", "b")
        }
        better = np.array([one.better for one in self._answers], np.float32)
        asked = np.array(list(self._asked), np.int64).reshape(-1, 2)
        return {**nets, **pool, **sides, "better": better, "asked": asked}

    def notes(self) -> dict[str, Any]:
        """The rest of it, fit for JSON."""
        return {
            "learned_at": self._learned_at,
            "counts": dict(self.counts),
            "judge": None if self.judge is None else self.judge.state(),
            "random": [rng.bit_generator.state for rng in (self._rng, self.pool.rng)],
            "right": None if np.isnan(self.right) else self.right,
        }

    def recall(self, arrays: Mapping[str, Array], notes: Mapping[str, Any]) -> None:
        """Go on from :meth:`arrays` and :meth:`notes` of an earlier session."""

        def under(name: str) -> dict[str, Array]:
            return {key.removeprefix(name): one for key, one in arrays.items() if key.startswith(name)}

        self.model.nets = Nets.of({name: torch_of(one) for name, one in under("nets/").items()})
        self.pool.recall(under("pool/"))
        answers = zip(arrays["a"], arrays["b"], arrays["better"], strict=True)
        self._answers = [Label(a[None], b[None], float(better)) for a, b, better in answers]
        self._asked = dict.fromkeys((int(a), int(b)) for a, b in arrays["asked"])
        self._learned_at, self.counts = notes["learned_at"], Counter(notes["counts"])
        self.right = float("nan") if notes["right"] is None else float(notes["right"])
        if self.judge is not None and notes["judge"] is not None:
            self.judge.recall(notes["judge"])
        for rng, state in zip((self._rng, self.pool.rng), notes["random"], strict=True):
            rng.bit_generator.state = state


def torch_of(array: Array) -> torch.Tensor:
    """A tensor of its own."""
    return torch.from_numpy(np.array(array, np.float32))
