"""A task of every instruction: its environment, words, camera, truth, states and expert."""

from __future__ import annotations

from functools import partial
from typing import Final

from vlmrl.envs.tabletop import grammar, keypoints, states, truth
from vlmrl.envs.tabletop.experts import expert
from vlmrl.envs.tabletop.instruction import Instruction, every_instruction
from vlmrl.envs.tabletop.looks import Looks, make_varied
from vlmrl.envs.tabletop.tabletop_env import make
from vlmrl.envs.task import Camera, Task

FRONT: Final = Camera(name="front")
SHORT: Final = ("reach", "lift", "open", "close", "press")
"""Forms that take one movement; the others take two, and half as many steps again."""


VARIED: Final = "_varied"
"""How the name of a task ends whose looks vary."""


def task(asked: str | Instruction, looks: Looks | None = None) -> Task:
    """The task of an instruction, registered or not.

    Args:
        asked: a sentence of the grammar (``put the red block left of the blue block``), or an instruction.
        looks: vary colours, lights, camera and distractors from episode to episode within these ranges; such a task is
            called ``…_varied`` and has no batched form: :func:`~vlmrl.envs.make_vec_env` steps it in processes.

    Returns:
        A task whose goals are the sight of it done, and the sentence.

    Raises:
        UnknownName: the sentence is none of the grammar's; the message names the nearest.
    """
    sentence = grammar.wordings(asked)[0] if isinstance(asked, Instruction) else asked
    asked = grammar.parse(sentence)
    return Task(
        name=f"tabletop/{asked.name}" + ("" if looks is None else VARIED),
        make=partial(make, asked) if looks is None else partial(make_varied, asked, looks),
        horizon=50 if asked.form in SHORT else 75,
        goal=(grammar.caption(asked), sentence),
        baseline=(grammar.BASELINE,),
        negative=(grammar.miss(asked),),
        camera=FRONT,
        oracle=partial(truth.nearness, asked=asked),
        success=truth.Done(asked),
        goal_states=partial(states.goal_states, asked=asked),
        bad_states=partial(states.bad_states, asked=asked),
        expert=partial(expert, asked=asked),
        points=keypoints.points(asked),
    )


def unlisted(name: str) -> Task | None:
    """The task of that name, of any instruction, with plain or (``…_varied``) with default varied looks; else None."""
    behaviour = name.removeprefix("tabletop/")
    asked = next((one for one in every_instruction() if one.name == behaviour.removesuffix(VARIED)), None)
    return None if asked is None else task(asked, Looks() if behaviour.endswith(VARIED) else None)
