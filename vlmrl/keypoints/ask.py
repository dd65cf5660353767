"""Plans by a vision-language model: numbered points and a grid on the first picture, several answers put to the vote.

The marks and the grid are MOKA's (Fang et al., RSS 2024, arXiv 2403.03174), which KAGI (arXiv 2407.10341) takes up. The
wording is ours. The points that are marked are the task's own, in the place of what a segmenter would find, and a
keypoint's depth is the simulator's, in the place of a depth camera or a view from the side.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vlmrl.config import atomic
from vlmrl.envs.gauge import Look, View
from vlmrl.envs.task import Points, State
from vlmrl.errors import Abstained, ShapeError
from vlmrl.keypoints.endpoint import Chat, Unanswered
from vlmrl.keypoints.overlay import COLUMNS, ROWS, grid, marked
from vlmrl.keypoints.plan import Plan

Float = NDArray[np.float64]

COMPARED = 24
"""Places, evenly spread, at which two ways are compared."""

PROMPT = """The picture shows a robot and what is in front of it. Its task: {task}.
Candidate points are marked with numbers: {marks}. {own} marks the robot's own tool.
A grid lies over the picture: columns a to e from left to right, rows 1 to 5 from bottom to top; a tile is called b3.
Plan how the tool moves. Answer with one JSON object and nothing else:
{{"grasp_keypoint": the number of the point of the thing that the tool must take hold of or push, or "" if it only has
to go somewhere,
"target_keypoint": the number of the point where it, or the tool, must end up,
"waypoints": the tiles between, in order, at most 8, as [{{"tile": "b3", "height": "same" or "above"}}]; [] for none}}
"above" is clear above all things, "same" is as high as the target."""


class Waypoint(BaseModel):
    """A tile on the way."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tile: str = Field(pattern=f"^[{COLUMNS}][1-5]$")
    height: Literal["same", "above"]


class Answer(BaseModel):
    """What a model is asked for."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    grasp_keypoint: str = ""
    target_keypoint: str = Field(min_length=1)
    waypoints: tuple[Waypoint, ...] = Field((), max_length=8)


def read(text: str) -> Answer:
    """The answer in a text, whatever stands around it.

    Raises:
        Abstained: there is none.
    """
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start:
        raise Abstained("plan: the answer holds no JSON object")
    try:
        return Answer.model_validate_json(text[start : end + 1])
    except ValidationError as cause:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'JSON'}: {one['msg']}" for one in cause.errors())
        raise Abstained(f"plan: the answer is none ({wrong})") from None


@dataclass(frozen=True, eq=False)
class Scene:
    """One episode's start, as a model is asked about it.

    Attributes:
        view: its picture.
        places: of each number that is marked, the point's name and where it is, ``(3,)`` [m].
        own: the number of the robot's own point.
        above: how far above the target is clear of everything [m].
    """

    view: View
    places: dict[str, tuple[str, Float]]
    own: str
    above: float

    @classmethod
    def of(cls, points: Points, state: State, view: View, above: float) -> Scene:
        """The points of one state that the picture shows, numbered in the task's order, the robot's own first.

        Raises:
            Abstained: the robot's own point or everything else is outside the picture.
        """
        names = [points.own, *(name for name in points.named if name != points.own and name not in points.hidden)]
        found = [(name, np.asarray(points.named[name](state), np.float64)) for name in names]
        seen = [(name, place) for name, place in found if view.camera.inside(view.camera.project(place)[0])]
        if not seen or seen[0][0] != points.own or len(seen) < 2:
            raise Abstained(f"plan: the picture does not show {points.own} and another point; choose another camera")
        return cls(view, {str(number): one for number, one in enumerate(seen, start=1)}, "1", above)

    def picture(self) -> NDArray[np.uint8]:
        """What the model sees: grid and marks."""
        pixels = {mark: self.view.camera.project(place)[0] for mark, (_, place) in self.places.items()}
        return marked(grid(self.view.frame), {mark: (float(x), float(y)) for mark, (x, y) in pixels.items()})

    def plan(self, answer: Answer, planner: str) -> Plan:
        """The way in the world that an answer means.

        Raises:
            Abstained: it names a point that is not marked, the tool itself, one point twice, or a tile of sky.
        """
        for role in ("grasp_keypoint", "target_keypoint"):
            mark = getattr(answer, role)
            if mark and (mark not in self.places or mark == self.own):
                raise Abstained(f"plan: {role} is {mark!r}, which is no point to go to; marked are {list(self.places)}")
        target, end = self.places[answer.target_keypoint]
        grasp, way, end = "", [], end.copy()
        if answer.grasp_keypoint:
            grasp, start = self.places[answer.grasp_keypoint]
            way.append(start)
            end[2] = max(end[2], start[2])  # what is held stays as high over the table as it lay
        for one in answer.waypoints:
            height = end[2] + (self.above if one.height == "above" else 0.0)
            height_, width = self.view.camera.size
            across, up = COLUMNS.index(one.tile[0]) + 0.5, ROWS.index(one.tile[1]) + 0.5
            pixel = np.array([width * across / 5, height_ * up / 5])
            try:
                way.append(self.view.camera.at_height(pixel, height))
            except ShapeError:
                raise Abstained(f"plan: tile {one.tile} shows nothing at a height of {height:.2f} m") from None
        return Plan(np.array([*way, end]), 0 if grasp else None, grasp, target, planner)


def medoid(plans: Sequence[Plan], start: Float) -> Plan:
    """Of plans the one nearest to all others that agree with most on what to take and where to bring it.

    Args:
        plans: one or more.
        start: ``(3,)``, where they all begin [m].
    """
    ((most, _),) = Counter((plan.grasp, plan.target) for plan in plans).most_common(1)
    agreed = [plan for plan in plans if (plan.grasp, plan.target) == most]
    ways = np.stack([_spread(np.concatenate([start[None], plan.way])) for plan in agreed])
    apart = np.linalg.norm(ways[:, None] - ways[None], axis=-1).mean(axis=-1)
    return agreed[int(np.argmin(apart.sum(axis=1)))]


def _spread(way: Float) -> Float:
    """Places along a way, evenly by its length."""
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=-1))])
    at = np.linspace(0.0, lengths[-1], COMPARED)
    return np.stack([np.interp(at, lengths, way[:, axis]) for axis in range(3)], axis=-1)


@dataclass(eq=False)
class Asked:
    """A planner that asks a model about every start, and keeps what it said.

    Attributes:
        chat: asks it.
        task: what is to be done, in words.
        above: how far above the target is clear of everything [m].
        told: how many ``plans`` were made, from how many ``answers``, of them ``abstained`` that were no plan, and how
            many plans came ``cached``.
    """

    chat: Chat
    task: str
    above: float
    told: Counter[str] = field(default_factory=Counter)
    _known: dict[str, list[Answer]] = field(default_factory=dict)

    def plans(self, points: Points, states: State, look: Look, envs: Sequence[int]) -> list[Plan]:
        """One for each first state.

        Raises:
            Abstained: of a start no answer was a plan, or the endpoint gave none.
            ConfigError: the endpoint refuses to answer.
        """
        return [self._plan(points, states[row], look(env)) for row, env in enumerate(envs)]

    def _plan(self, points: Points, state: State, view: View) -> Plan:
        scene = Scene.of(points, state, view, self.above)
        question = self._question(scene)
        answers, faults = self._answers(scene, question)
        found = []
        for answer in answers:
            try:
                found.append(scene.plan(answer, self.chat.endpoint.model))
            except Abstained as fault:
                faults.append(str(fault))
        self.told.update(plans=1, abstained=len(faults))
        if not found:
            raise Abstained(
                f"reward.endpoint.model={self.chat.endpoint.model}: none of {self.chat.endpoint.samples} answers is a "
                f"plan, and nobody is paid for none ({faults[-1]}); take a model that reads marks in pictures"
            )
        return medoid(found, np.asarray(points.named[points.own](state), np.float64))

    def _answers(self, scene: Scene, question: str) -> tuple[list[Answer], list[str]]:
        """What the model says, or said of the same start before; and what was wrong with what is no answer."""
        end = self.chat.endpoint
        about = [question, end.model, end.base_url, end.temperature, end.samples]
        digest = hashlib.sha256(json.dumps(about).encode() + scene.view.frame.tobytes()).hexdigest()[:32]
        if (known := self._remembered(digest)) is not None:
            self.told["cached"] += 1
            return known, []
        picture, answers, faults = scene.picture(), [], []
        for _ in range(end.samples):
            self.told["answers"] += 1
            try:
                answers.append(read(self.chat(question, picture)))
            except Unanswered:
                raise
            except Abstained as fault:
                faults.append(str(fault))
        if answers:
            self._remember(digest, answers)
        return answers, faults

    def _question(self, scene: Scene) -> str:
        return PROMPT.format(task=self.task, marks=", ".join(scene.places), own=scene.own)

    def _remembered(self, digest: str) -> list[Answer] | None:
        if digest not in self._known and self.chat.endpoint.cache is not None:
            path = Path(self.chat.endpoint.cache) / f"{digest}.json"
            try:
                kept = json.loads(path.read_text(encoding="utf-8"))
                self._known[digest] = [Answer.model_validate(one) for one in kept["answers"]]
            except (OSError, ValueError, KeyError, TypeError):  # none, or damaged: asked anew
                return None
        return self._known.get(digest)

    def _remember(self, digest: str, answers: list[Answer]) -> None:
        self._known[digest] = answers
        if self.chat.endpoint.cache is not None:
            folder = Path(self.chat.endpoint.cache)
            folder.mkdir(parents=True, exist_ok=True)
            atomic.write_json(folder / f"{digest}.json", {"answers": [one.model_dump() for one in answers]})
