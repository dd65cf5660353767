"""Train an agent from a sentence; then judge it by ground truth and write a report.

  vlmrl train task=cartpole/upright
  vlmrl train task=cartpole/upright goal="the cart is at the left end" agent.total_steps=30000 seed=1
  vlmrl train env=Hopper-v5 goal="a robot leg standing" baseline="a robot leg"
  vlmrl train experiment=demo run_dir=runs/demo          started again, goes on where it was stopped
  vlmrl train run_dir=runs/demo                          goes on with the settings of the run that lies there
  vlmrl train task=cartpole/upright reward=oracle        the simulator's own reward, to compare with
  vlmrl train task=cartpole/upright dry_run=true         how fast would it go?
  vlmrl train task=cartpole/upright --cfg                print the settings and stop

Sentences, names and paths are taken as they are typed; other values follow Hydra's grammar (numbers, true, null,
[lists], {keys: values}). Ctrl-C saves and stops; the same command with the same run_dir goes on.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path

from vlmrl.cli import _out
from vlmrl.config.schema import RunConfig

SETTINGS = RunConfig


def run(argv: Sequence[str]) -> int:
    """Run the verb; after a signal the status is 128 and its number, as a shell would have it."""
    config = _settings([argument for argument in argv if argument != "--cfg"])
    if "--cfg" in argv:
        from vlmrl.config.stored import as_yaml

        _out.say(as_yaml(config).rstrip())
        return 0
    from vlmrl.agents.train import train

    result = train(config)
    if result.path is not None:
        from vlmrl.report import html

        _out.say(f"report: {html.write(result.path)}")
    return 0 if result.stopped is None else 128 + signal.Signals[result.stopped]


def _settings(argv: Sequence[str]) -> RunConfig:
    """What the line says; for ``run_dir=RUN`` alone, what the run that lies there was begun with."""
    from vlmrl.config.compose import compose
    from vlmrl.config.run_dir import RunDir
    from vlmrl.config.trust import CONFIG

    key, _, place = argv[0].partition("=") if len(argv) == 1 else ("", "", "")
    if key == "run_dir" and (Path(place) / CONFIG).is_file():
        return RunDir.open(place).config.model_copy(update={"resume": "auto"})
    return compose(argv)
