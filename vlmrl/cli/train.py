"""Train an agent from a sentence; then judge it by ground truth and write a report.

  vlmrl train task=cartpole/upright
  vlmrl train task=cartpole/upright goal="the cart is at the left end" agent.total_steps=30000 seed=1
  vlmrl train env=Hopper-v5 goal="a robot leg standing" baseline="a robot leg"
  vlmrl train experiment=demo run_dir=runs/demo          started again, goes on where it was stopped
  vlmrl train task=cartpole/upright reward=oracle        the simulator's own reward, to compare with
  vlmrl train task=cartpole/upright dry_run=true         how fast would it go?
  vlmrl train task=cartpole/upright --cfg                print the settings and stop

Sentences, names and paths are taken as they are typed; other values follow Hydra's grammar (numbers, true, null,
[lists], {keys: values}). Ctrl-C saves and stops; the same command with the same run_dir goes on.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence

from vlmrl.cli import _out
from vlmrl.config.schema import RunConfig

SETTINGS = RunConfig


def run(argv: Sequence[str]) -> int:
    """Run the verb; after a signal the status is 128 and its number, as a shell would have it."""
    from vlmrl.config.compose import compose

    config = compose([argument for argument in argv if argument != "--cfg"])
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
