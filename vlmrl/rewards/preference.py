"""What nets make of a frame that learned from comparisons of frames: the reward of RL-VLM-F.

Wang et al., ICML 2024, arXiv 2402.03681. Nobody scores a frame: a judge says which of two is nearer to the goal, and
the nets find scores under which that was likely. They learn while the agent does, by ``vlmrl train reward=preference``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import torch
from pydantic import BaseModel, ConfigDict, Field

from vlmrl.config.complaints import validate
from vlmrl.errors import ConfigError
from vlmrl.rewards._bases.embedding import EmbeddingReward
from vlmrl.rewards._taught.bradley_terry import Lesson, Nets, load
from vlmrl.types import Words

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Ask(_Group):
    """When a judge is asked, and about which frames."""

    every: int = Field(2_000, ge=1)
    """Environment steps between rounds of questions; the first comes after half of them, at 1000 at the latest."""
    questions: int = Field(50, ge=1)
    """Of a round."""
    most: int = Field(1_000, ge=0)
    """Questions of a run; later the nets stay as they are."""
    pool: int = Field(500, ge=2)
    """Frames kept to choose from: half of all that were met, half of those since the last round."""
    candidates: int = Field(10, ge=1)
    """Pairs that are looked at for one question; at 1 pairs are drawn blindly, as in the paper."""


class Learn(_Group):
    """How the nets learn."""

    members: int = Field(3, ge=1, le=64)
    """Nets, whose mean is the score."""
    width: int = Field(64, ge=1, le=4096)
    """Of their hidden layers."""
    passes: int = Field(30, ge=1)
    """Over all labels at most, after each round."""
    rate: Annotated[float, Field(gt=0)] = 1e-3
    """Of Adam."""
    temperature: Annotated[float, Field(gt=0)] = 0.25
    """A score higher by so much is preferred at 73 %."""

    @property
    def lesson(self) -> Lesson:
        """These settings, as the nets are taught by them."""
        return Lesson(self.passes, self.rate, self.temperature)


M = TypeVar("M", bound=_Group)


class Preference(EmbeddingReward):
    """What nets say of a frame that learned which of two frames is nearer to the goal; mean of them, in [-1, 1].

    ``P(b better than a) = sigmoid((r(b) - r(a)) / temperature)`` is fitted to a judge's answers. Before the first the
    scores mean nothing. Sentences are for the judge: once learned, other words change no score.

    Args:
        encoder: embeds frames; the nets read its embeddings.
        judge: who compares frames: ``encoder``, ``vlm``, ``oracle``, ``heron``, or None: only ``answers`` count.
        nets: a ``.safetensors`` of nets that have learned, and go on learning where there is a judge or answers; None:
            they begin anew, as the first of a run.
        answers: a file that ``vlmrl prefer`` wrote, or several: what people said, learned from before anything else.
        ask: ``every``, ``questions``, ``most``, ``pool``, ``candidates``: when a judge is asked about what.
        learn: ``members``, ``width``, ``passes``, ``rate``, ``temperature`` of the nets.
        **asked: settings of the judge.

    Raises:
        ConfigError: a number out of range, or nets that are damaged or for another encoder.
    """

    low, high = -1.0, 1.0
    learns = True

    def __init__(
        self,
        encoder: Encoder,
        judge: str | None = "encoder",
        nets: str | Path | None = None,
        answers: str | list[str] | None = None,
        ask: Mapping[str, Any] | None = None,
        learn: Mapping[str, Any] | None = None,
        **asked: Any,
    ) -> None:
        super().__init__(encoder)
        self._judge, self._judged_by = judge, asked
        self._answers = [answers] if isinstance(answers, str) else list(answers or ())
        self._ask: Ask = _group(Ask, "ask", ask)
        self._learn: Learn = _group(Learn, "learn", learn)
        self._anew = nets is None
        self.learns = nets is None or judge is not None or bool(self._answers)
        if nets is None:
            self._nets = Nets(encoder.dim, self._learn.members, self._learn.width)
        else:
            self._nets = load(Path(nets), encoder.fingerprint, encoder.dim)[0]

    @property
    def begins_anew(self) -> bool:
        """Whether its nets were not given."""
        return self._anew

    @property
    def untaught(self) -> bool:
        """Whether its nets are as they began."""
        return self._anew and self._nets.lessons == 0

    @property
    def nets(self) -> Nets:
        """What scores."""
        return self._nets

    @nets.setter
    def nets(self, nets: Nets) -> None:
        self._nets = nets

    @property
    def judged_by(self) -> tuple[str | None, dict[str, Any]]:
        """Name and settings of the judge."""
        return self._judge, dict(self._judged_by)

    @property
    def answers(self) -> list[Path]:
        """Files of what people said."""
        return [Path(one) for one in self._answers]

    @property
    def ask(self) -> Ask:
        """When a judge is asked about what."""
        return self._ask

    @property
    def learn(self) -> Learn:
        """How the nets learn."""
        return self._learn

    @property
    def fingerprint(self) -> str:
        """A short hash of the nets and the encoder; changes as they learn."""
        return super().fingerprint + self._nets.digest

    @torch.no_grad()
    def _score(self, images: torch.Tensor, words: Words) -> torch.Tensor:
        return self._nets(images.float().cpu()).mean(0).to(images.device)


def _group(kind: type[M], name: str, given: Mapping[str, Any] | None) -> M:
    try:
        return validate(kind, dict(given or {}))
    except ConfigError as cause:
        raise ConfigError("\n".join(f"reward.{name}.{line}" for line in str(cause).splitlines())) from None
