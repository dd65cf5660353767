"""What a person sees while a run learns: a bar, or a line now and then; and the numbers written at the same moments."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from stable_baselines3.common.callbacks import BaseCallback
from tqdm import tqdm

from vlmrl.agents.timing import Clock

ROWS = 200
"""How often a run's numbers are written, at least every :data:`MOST_STEPS` steps."""

MOST_STEPS = 10_000

SHOWN = {"vlm_return": "words", "oracle_return": "truth", "success": "success"}
"""What the bar shows of the last training episodes, and what it calls it."""


class Progress(BaseCallback):
    """Writes a row of numbers to SB3's logger every so often, and shows the last ones.

    Belongs behind the callback that pays the rewards, so that no row is a rollout late.

    Args:
        total: environment steps of the whole run.
        clock: the shares of time come from it.
        bar: draw a bar, where there is a terminal; a line at each tenth of the way elsewhere.
        say: tells the user.
    """

    def __init__(self, total: int, clock: Clock, bar: bool, say: Callable[[str], object]) -> None:
        super().__init__()
        self._total, self._clock, self._say = total, clock, say
        self._show = bar
        self._every = min(MOST_STEPS, max(1, total // ROWS))
        self._bar: tqdm[Any] | None = None

    def _on_training_start(self) -> None:
        self._row_shares, self._line_shares = self._clock.lap(), self._clock.lap()
        self._logged = self._begun = self.model.num_timesteps
        self._started = time.perf_counter()
        self._tenth = self._begun * 10 // self._total
        if self._show and sys.stderr.isatty():
            self._bar = tqdm(total=self._total, initial=self._begun, unit="step", unit_scale=True, dynamic_ncols=True)

    def _on_rollout_start(self) -> None:
        if self.model.num_timesteps >= self._logged + self._every:
            self._row()

    def _on_step(self) -> bool:
        if self._bar is not None:
            self._bar.update(self.training_env.num_envs)
        return True

    def _on_training_end(self) -> None:
        if self.model.num_timesteps > self._logged:
            self._row()
        self.close()

    def close(self) -> None:
        """Leave the bar as it is, and the cursor below it."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _row(self) -> None:
        """Write everything recorded since the last row, and show it: each with the shares of its own time."""
        steps = self._logged = self.model.num_timesteps
        shares = self._row_shares()
        for part, share in shares.items():
            self.logger.record(f"time/{part}", round(share, 4))
        recorded = self.logger.name_to_value
        means = [
            f"{name} {recorded[f'rollout/{key}']:.3g}" for key, name in SHOWN.items() if f"rollout/{key}" in recorded
        ]
        self.model.dump_logs()
        if self._bar is not None:
            self._bar.set_postfix_str(_text(means, shares))
        elif self._show and steps * 10 // self._total > self._tenth:
            self._tenth = steps * 10 // self._total
            fps = (steps - self._begun) / max(time.perf_counter() - self._started, 1e-9)
            text = _text(means, self._line_shares())
            self._say(f"{steps:>9,} of {self._total:,} steps, {fps:.0f} steps/s: {text}")


def _text(means: list[str], shares: Mapping[str, float]) -> str:
    return ", ".join(means + [f"{part} {share:.0%}" for part, share in shares.items() if share >= 0.01])
