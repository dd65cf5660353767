"""The page of the playground: what stands where, and what happens when something on it is touched."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from vlmrl import find, frame_files
from vlmrl.cli import _play_page, _play_saving
from vlmrl.config.parts import part
from vlmrl.config.schema import EncoderConfig, RewardConfig
from vlmrl.envs import tasks
from vlmrl.envs.coordinates import STEP, Coordinate
from vlmrl.envs.task_file import task_file
from vlmrl.errors import ConfigError, VlmrlError
from vlmrl.judge.playground import Asked, Kind, Playground
from vlmrl.sim_clip import familiarity
from vlmrl.types import Array, Words

LATEST: Any = {"trigger_mode": "always_last", "show_progress": "hidden", "queue": True}
"""While one answer is under way, of all that is touched only the last counts."""
KINDS: tuple[tuple[Kind, str], ...] = (("goal", "A goal state"), ("bad", "A bad state"), ("start", "A random start"))


@dataclass(frozen=True)
class Film:
    """An uploaded file: its name, and frames of it by their place."""

    name: str
    frames: Mapping[int, Array]


NO_FILM = Film("", {})


class Page:
    """The playground's page.

    Args:
        ground: poses, draws and scores.
        words: that it begins with.
        reward: that it begins with; its settings stay while it is chosen.
        encoder: how the encoder was loaded.
        arguments: of a command line that chose the encoder.

    Attributes:
        blocks: the page, to be served.
    """

    def __init__(
        self,
        ground: Playground,
        words: Words,
        reward: RewardConfig,
        encoder: EncoderConfig,
        arguments: Sequence[str] = (),
    ) -> None:
        self._ground, self._said, self._reward = ground, words, reward
        self._encoder, self._arguments = encoder, tuple(arguments)
        self._first = ground.posture("start", 0)
        with gr.Blocks(title=f"{ground.task.name} | vlmrl play", analytics_enabled=False) as self.blocks:
            self._states()
            gr.HTML(self._head(), padding=False)
            with gr.Row(equal_height=False):
                with gr.Column(scale=5, min_width=320):
                    self._left()
                with gr.Column(scale=6, min_width=320):
                    self._right()
            self._saving()
            self._wire()

    # What stands where.

    def _states(self) -> None:
        self.posture = gr.State(self._first.tolist())
        self.source = gr.State("pose")
        self.film = gr.State(NO_FILM)
        self.drawn = gr.State(0)
        self.code = gr.State(("", ""))

    def _head(self) -> str:
        what = f"{escape(self._ground.task.name)} &middot; {escape(self._encoder.name)}"
        return (
            f'<header class="play"><p class="kicker">playground &middot; {what}</p>'
            "<h1>Does your sentence see the goal?</h1><p>Pose the robot, change the words, and watch the score: a good "
            "sentence keeps goal states right of bad ones. Nothing is trained here.</p></header>"
        )

    def _left(self) -> None:
        self.picture = gr.HTML(elem_classes="play", elem_id="picture", padding=False)
        with gr.Tabs():
            with gr.Tab("Pose") as self.pose_tab:
                with gr.Row():
                    self.buttons = [(kind, gr.Button(text, size="sm", min_width=90)) for kind, text in KINDS]
                values = self._ground.values(self._first)
                with gr.Row():
                    self.sliders = [_slider(*each) for each in zip(self._ground.coordinates, values, strict=True)]
            with gr.Tab("Your own picture or film") as self.film_tab:
                self.upload = gr.File(label="A picture, a film, or an .npy array of frames", height=130)
                self.frame = gr.Slider(0, 1, 0, step=1, label="Frame", visible=False, elem_id="frame")
                self.film_notice = gr.HTML(elem_classes="play", padding=False)

    def _right(self) -> None:
        self.words: dict[str, gr.Textbox] = {}
        with gr.Group():
            self._side("goal", "What the agent should do; a sentence a line.")
            with gr.Row():
                self._side("baseline", "True of any frame; none: the task's own.")
                self._side("negative", "True when the goal is clearly missed.")
            with gr.Row():
                names = list(find.names("reward"))
                self.reward = gr.Dropdown(names, value=self._reward.name, label="Reward", min_width=150)
                self.alpha = gr.Slider(
                    0,
                    1,
                    float(self._reward.keywords.get("alpha", 0.5)),
                    step=STEP,
                    label="alpha",
                    min_width=150,
                    elem_id="alpha",
                    visible=_has_alpha(self._reward.name),
                    buttons=[],
                )
        self.scores = gr.HTML(elem_classes="play", elem_id="scores", padding=False)
        self.notices = gr.HTML(elem_classes="play", elem_id="notices", padding=False)

    def _side(self, side: str, about: str) -> None:
        said = "\n".join(getattr(self._said, side))
        self.words[side] = gr.Textbox(
            said, label=side.capitalize(), info=about, lines=1, max_lines=6, min_width=150, elem_id=side
        )

    def _saving(self) -> None:
        with gr.Accordion("Learn from it: the command line", open=False):
            self.command = gr.Code(language="shell", label="Copy it, or save it as a script", elem_id="command")
            with gr.Row(equal_height=True):
                self.script = gr.Textbox(label="Save as", placeholder="kneel.sh", elem_id="script")
                self.over = gr.Checkbox(label="It may replace a file that is there", elem_id="script-over")
                self.save_script = gr.Button("Save the command")
            self.script_notice = gr.HTML(elem_classes="play", elem_id="script-saved", padding=False)
        with gr.Accordion("Make a task of this pose", open=False):
            gr.Markdown(
                "A new task in this world: these words, and as ground truth how near the robot is to the pose above. "
                "Nobody looks whether the robot can hold it against gravity."
            )
            domain = f"my_{self._ground.task.world}"
            with gr.Row():
                self.name = gr.Textbox(f"{domain}/my_pose", label="Name: domain/behaviour", elem_id="name")
                self.folder = gr.Textbox(label="Folder to write <domain>.py into", placeholder=".", elem_id="folder")
            joints = [one.name for one in self._ground.joints]
            self.counts = gr.CheckboxGroup(
                joints, value=list(self._ground.shown), label="Must be as they are in the pose"
            )
            with gr.Row(equal_height=True):
                self.show_code = gr.Button("Show the code")
                self.over_task = gr.Checkbox(label="It may replace a file that is there", elem_id="task-over")
                self.save_task = gr.Button("Save the task")
            self.task_notice = gr.HTML(elem_classes="play", elem_id="task-saved", padding=False)
            self.task_code = gr.Code(language="python", label="The file", visible=False, elem_id="code")

    # What happens when it is touched.

    def _wire(self) -> None:
        asked = [*self.words.values(), self.reward, self.alpha]
        judged = [self.source, self.film, self.frame, self.posture, *asked, *self.sliders]
        shown = [self.picture, self.scores, self.notices, self.command]
        look: Any = {"fn": self._look, "inputs": judged, "outputs": shown, **LATEST}
        touched: list[Any] = [self.reward, self.alpha, *self.sliders, self.frame]
        said = [one.change for one in self.words.values()]  # its "input" overlooks what is pasted
        gr.on([*(one.input for one in touched), *said, self.blocks.load], **look)
        self.reward.input(lambda name: gr.update(visible=_has_alpha(name)), self.reward, self.alpha)
        for kind, button in self.buttons:
            place: Any = [self.posture, self.drawn, self.source, *self.sliders]
            button.click(self._drawer(kind), self.drawn, place, **LATEST).then(**look)
        for tab, source in ((self.pose_tab, "pose"), (self.film_tab, "film")):
            tab.select(_always(source), None, self.source).then(**look)
        self.upload.change(_opened, self.upload, [self.film, self.frame, self.film_notice]).then(**look)
        self.save_script.click(
            self._save_script, [self.script, self.over, *asked], self.script_notice, show_progress="hidden"
        )
        here = [self.posture, *self.words.values(), *self.sliders]
        code = [self.code, self.task_code, self.task_notice]
        self.show_code.click(self._show_code, [self.name, self.counts, *here], code, show_progress="hidden")
        self.save_task.click(
            self._save_task, [self.code, self.folder, self.over_task], self.task_notice, show_progress="hidden"
        )

    def _asked(self, goal: str, baseline: str, negative: str, reward: str, alpha: float) -> Asked:
        keywords = self._reward.keywords if reward == self._reward.name else {}
        if _has_alpha(reward):
            keywords = {**keywords, "alpha": alpha}
        return Asked(self._over(goal, baseline, negative), reward, keywords)

    def _over(self, *sides: str) -> Words:
        goal, baseline, negative = (tuple(line.strip() for line in side.splitlines() if line.strip()) for side in sides)
        return Words.over(self._ground.task.words, goal, baseline, negative)

    def _look(
        self, source: str, film: Film, index: float, posture: list[float], *rest: Any
    ) -> tuple[str, str, str, str]:
        """Picture, scores, notices and command line for what is set."""
        words, values = rest[:5], rest[5:]
        if source == "film" and film.frames:
            place = min(film.frames, key=lambda known: abs(known - index))
            frame = film.frames[place]
            picture = _play_page.shown(frame, film.name, place)
        else:
            view = self._ground.view(self._ground.moved(np.array(posture), values))
            frame, picture = view.frame, _play_page.posed(view)
        try:
            asked = self._asked(*words)
            readings = self._ground.read(frame, asked)
        except VlmrlError as error:
            return picture, "", _play_page.notice(str(error)), ""
        line = _play_saving.command(_play_saving.arguments(self._ground.task.name, asked, self._arguments))
        scores = _play_page.scores(readings)
        return picture + _play_page.paid(readings[-1]), scores, self._familiar(asked.words), line

    def _familiar(self, words: Words) -> str:
        """What sim-clip was told of such words: what to beware of first."""
        world = self._ground.task.world
        told = self._ground.texts(lambda e: familiarity.report_where_known(self._encoder, e, words, world))
        lines = [line.strip() for line in told.splitlines()]
        beware = [line for line in lines if line.startswith(("warning", "note"))]
        rest = "\n".join(line for line in lines if line not in beware)
        return _play_page.notice("\n".join(beware), "beware") + _play_page.folded("What sim-clip was told of it", rest)

    def _drawer(self, kind: Kind) -> Any:
        def draw(count: int) -> list[Any]:
            posture = self._ground.posture(kind, count + 1)
            return [posture.tolist(), count + 1, "pose", *self._ground.values(posture)]

        return draw

    def _save_script(self, where: str, over: bool, *asked: Any) -> str:
        try:
            given = _play_saving.arguments(self._ground.task.name, self._asked(*asked), self._arguments)
            path = _play_saving.save(where, _play_saving.script(given), over)
        except VlmrlError as error:
            return _play_page.notice(str(error))
        return _play_page.notice(f"Saved. Learn from it: sh {path}\nTry it first: sh {path} dry_run=true", "done")

    def _show_code(self, name: str, counts: list[str], posture: list[float], *rest: Any) -> tuple[Any, ...]:
        try:
            words, values = self._over(*rest[:3]), rest[3:]
            truth = self._ground.truth(self._ground.moved(np.array(posture), values), counts)
            text = task_file(name.strip(), truth, words)
        except VlmrlError as error:
            return ("", ""), gr.update(visible=False), _play_page.notice(str(error))
        return (name.strip(), text), gr.update(value=text, visible=True), ""

    def _save_task(self, code: tuple[str, str], folder: str, over: bool) -> str:
        name, text = code
        try:
            if not text:
                raise ConfigError("code: has not been shown yet; press 'Show the code' and read what would be written")
            if not folder.strip():
                raise ConfigError("folder: is missing; say where to write it")
            domain = name.partition("/")[0]
            path = _play_saving.save(str(Path(folder.strip()) / f"{domain}.py"), text, over)
        except VlmrlError as error:
            return _play_page.notice(str(error))
        return _play_page.notice(f"Saved {path}, as the code below.\n{_how_found(path, name)}", "done")


def _slider(one: Coordinate, value: float) -> gr.Slider:
    label = f"{one.name.replace('_', ' ')} [{one.unit}]"
    place: Any = {"elem_id": f"coordinate-{one.index}", "min_width": 160, "buttons": []}
    return gr.Slider(one.low, one.high, value, step=STEP, label=label, **place)


def _has_alpha(reward: str) -> bool:
    return "alpha" in inspect.signature(part("reward", reward)).parameters


def _always(value: str) -> Any:
    return lambda: value


def _opened(upload: str | None) -> tuple[Any, ...]:
    """The frames of a file, its slider, and what is wrong with it."""
    if upload is None:
        return NO_FILM, gr.update(visible=False), ""
    path = Path(upload)
    try:
        film = Film(path.name, frame_files.spread(path))
    except VlmrlError as error:
        return NO_FILM, gr.update(visible=False), _play_page.notice(str(error).replace(str(path), path.name))
    last = max(film.frames)
    return film, gr.update(maximum=max(last, 1), value=0, visible=last > 0), ""


def _how_found(path: Path, name: str) -> str:
    if any(path.parent.resolve() == Path(place).resolve() for place in tasks.__path__):
        return f"It is found from now on: vlmrl train task={name}"
    module = path.stem
    return (
        "It is found when it lies in envs/tasks of a checkout, or when an installed package of yours declares it:\n"
        f'[project.entry-points."vlmrl.task"]\n{module} = "your_package.{module}"'
    )
