"""Pose the robot, change the words and watch the score, in the browser.

  vlmrl play
  vlmrl play task=walker/stand goal="a robot on one knee" reward.alpha=0.8
  vlmrl play task=reacher/touch encoder=vit_b_32 port=8123

Prints the address of a page that this machine alone can open, at 127.0.0.1. What you find can be saved there, as a
command to learn from or as a task of your own. It needs Gradio: pip install 'vlmrl[play]'. Ctrl-C ends it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, NonNegativeInt

from vlmrl.cli import _out
from vlmrl.config.schema import EncoderConfig, RewardConfig, Section, Sentences
from vlmrl.errors import ConfigError

if TYPE_CHECKING:
    from vlmrl.cli._play_server import Served

STYLE = Path(__file__).with_name("_play_app.css")


class PlaySettings(Section):
    """Settings of ``vlmrl play``."""

    task: str = "cartpole/upright"
    """A task's name; `vlmrl list tasks` shows them. Its robot is posed, and frames are compared with its states."""
    goal: Sentences = ()
    """What the agent should do, in a sentence; again for several; none: the task's own."""
    baseline: Sentences = ()
    """A sentence true of any frame of this world; none: the task's own."""
    negative: Sentences = ()
    """A sentence true when the goal is clearly missed; none: the task's own, if the goal is too."""
    encoder: EncoderConfig
    """The vision-language model: a name of `vlmrl list encoders`, or any that open_clip knows."""
    reward: RewardConfig
    """How frames and words become a number, to begin with."""
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """Of 127.0.0.1; null: the first that is free from 7860 on."""
    seed: NonNegativeInt = 0
    """Of the goal and bad states."""


SETTINGS = PlaySettings


def run(argv: Sequence[str]) -> int:
    """Run the verb, until Ctrl-C."""
    from vlmrl.config.compose import compose

    settings = compose(argv, PlaySettings)
    encoder = [argument for argument in argv if argument.lstrip("+").startswith("encoder")]
    _out.say(f"loading {settings.task}, {settings.encoder.name} and the page; this takes a moment")
    with opened(settings, encoder) as served:
        _out.say(f"playground: {served.url}  (Ctrl-C ends it)")
        served.run()
    return 0


@contextmanager
def opened(settings: PlaySettings, encoder: Sequence[str] = ()) -> Iterator[Served]:
    """The playground of these settings, ready to be served; afterwards everything is closed and uploads are gone.

    Args:
        settings: of the verb.
        encoder: the arguments that chose the encoder, for the command line that is saved.

    Raises:
        ConfigError: Gradio is not installed, the port is in use, or a setting does not fit.
        UnknownName: no such task, encoder or reward.
    """
    if settings.reward.is_oracle:
        raise ConfigError("reward=oracle: reads no words, so there is nothing to try out; take another reward")
    if find_spec("gradio") is None:
        raise ConfigError("play: Gradio is not installed; pip install 'vlmrl[play]'")
    with tempfile.TemporaryDirectory(prefix="vlmrl-play-") as uploads:
        os.environ |= {"GRADIO_ANALYTICS_ENABLED": "False", "GRADIO_TEMP_DIR": uploads}  # read when it is imported
        from vlmrl.cli import _play_server
        from vlmrl.config.parts import check_encoder, check_reward
        from vlmrl.envs.make import find_task
        from vlmrl.types import Words

        task = find_task(settings.task)
        words = Words.over(task.words, settings.goal, settings.baseline, settings.negative)
        check_encoder(settings.encoder)
        check_reward(settings.reward)
        with _play_server.bind(settings.port) as bound:  # before what takes long
            from vlmrl import encoders
            from vlmrl.cli import _play_app
            from vlmrl.judge.playground import Playground

            loaded = encoders.load(settings.encoder.name, **settings.encoder.keywords)
            with Playground(task, loaded, settings.seed) as ground:
                page = _play_app.Page(ground, words, settings.reward, settings.encoder, encoder)
                yield _play_server.serve(page.blocks, bound, STYLE)
