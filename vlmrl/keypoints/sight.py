"""Plans by an encoder's map of the first picture: where it looks most as the names of the parts say.

KAGI (arXiv 2407.10341) has its keypoints chosen by a vision-language model; taking them where a map of similarity peaks
is ours. What is not clearly somewhere is no plan: a map that is flat, or has two peaks, is an abstention.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vlmrl.config.parts import check_keywords
from vlmrl.envs.gauge import Look, View
from vlmrl.envs.task import Points, State
from vlmrl.errors import Abstained, ConfigError, ShapeError
from vlmrl.keypoints.plan import Plan
from vlmrl.rewards._bases.embedding import between, whole

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder

Float = NDArray[np.float64]

FLAT = 1e-4
"""Units of cosine: a map whose peak is no higher over its median says nothing."""

STEPS = 4
"""Windows begin at every fourth part of a window's side."""


@dataclass(frozen=True)
class Seek:
    """What is looked for, and how.

    Attributes:
        target: where the robot's own point, or what it carries, is to come, in words.
        grasp: what it takes hold of first; None: nothing.
        height: at which the parts lie over the world's origin [m]: one picture shows no depth.
        above: how far above them is clear of all things [m].
        window: side of the windows whose scores make the map, as a share of the picture's, in (0, 0.5]; None: the
            encoder's own dense features, ``fine`` times as fine.
        fine: see there.
        stands_out: how many times as far over the map's median as any other place the peak must lie, at least 1.
    """

    target: str
    grasp: str | None = None
    height: float = 0.02
    above: float = 0.1
    window: float | None = 0.25
    fine: int = 1
    stands_out: float = 1.2


def seek_of(settings: Mapping[str, Any]) -> Seek:
    """What ``reward.look`` says.

    Raises:
        ConfigError: a setting is unknown or out of range, or there is nothing to look for.
    """
    key = "reward.look"
    given = {name: value for name, value in settings.items() if name != "target" or value}
    if "target" not in given:
        raise ConfigError(f"{key}.target: is missing; say what the robot is to come to, such as 'a red ball'")
    check_keywords(key, given, Seek)
    seek = Seek(**given)
    if seek.window is not None:
        between(f"{key}.window", seek.window, 0.05, 0.5)
    between(f"{key}.height", seek.height, -10.0, 10.0)
    between(f"{key}.above", seek.above, 0.0, 1.0)
    between(f"{key}.stands_out", seek.stands_out, 1.0, 100.0)
    whole(f"{key}.fine", seek.fine, 1, 16)
    return seek


@dataclass(frozen=True, eq=False)
class Map:
    """How much each place of a picture looks as words say.

    Attributes:
        cosines: float64 ``(h, w)``.
        down, across: where the rows and the columns lie in the picture [pixels].
        apart: places that are nearer to each other, in rows and in columns, see the same things.
    """

    cosines: Float
    down: Float
    across: Float
    apart: int = 1


def maps(encoder: Encoder, frame: NDArray[np.uint8], sentences: Sequence[str], seek: Seek) -> list[Map]:
    """One for each sentence.

    Args:
        encoder: sees.
        frame: uint8 ``(H, W, 3)``.
        sentences: one a part.
        seek: says by windows or by the encoder's own dense features.

    Raises:
        ConfigError: the encoder has no dense features, and is asked for them.
    """
    texts = encoder.texts(list(sentences))
    if seek.window is None:
        seen, apart = encoder.patches(frame[None], seek.fine)[0], seek.fine
        down, across = ((np.arange(n) + 0.5) * side / n for n, side in zip(seen.shape[:2], frame.shape, strict=False))
    else:
        rows, columns = (_starts(side, seek.window) for side in frame.shape[:2])
        tall, wide = (round(side * seek.window) for side in frame.shape[:2])
        cut = [frame[y : y + tall, x : x + wide] for y in rows for x in columns]
        seen, apart = encoder.images(np.stack(cut)).unflatten(0, (len(rows), len(columns))), STEPS
        down, across = rows + tall / 2, columns + wide / 2
    found = (seen @ texts.T).detach().to("cpu").double().numpy()
    return [Map(found[..., part], down, across, apart) for part in range(len(sentences))]


def peak(of: Map, stands_out: float, what: str) -> Float:
    """Where a map peaks, ``(2,)``, x and y [pixels]: the middle of the highest place and its neighbours, by height.

    Args:
        of: the map.
        stands_out: as in :class:`Seek`.
        what: is looked for, for the message.

    Raises:
        Abstained: the map is flat, or a place elsewhere is nearly as high.
    """
    over = of.cosines - np.median(of.cosines)
    row, column = np.unravel_index(int(np.argmax(over)), over.shape)
    top = float(over[row, column])
    if not top > FLAT:
        raise Abstained(f"plan: {what!r} is nowhere: the map is flat, its peak {top:.1g} over its median")
    rows, columns = (np.abs(np.arange(n) - at) for n, at in zip(over.shape, (row, column), strict=True))
    elsewhere = over[(rows[:, None] > of.apart) | (columns[None] > of.apart)]
    rival = float(elsewhere.max()) if elsewhere.size else 0.0
    if top < stands_out * rival:
        raise Abstained(
            f"plan: {what!r} may be in two places: the peak lies {top:.3g} over the map's median, another place "
            f"{rival:.3g}, and it must be {stands_out:g} times as much (reward.look.stands_out)"
        )
    near = np.ix_(rows <= 1, columns <= 1)
    weight = np.maximum(over[near], 0.0)
    x, y = (weight * of.across[None, columns <= 1]).sum(), (weight * of.down[rows <= 1, None]).sum()
    middle: Float = np.array([x, y]) / weight.sum()
    return middle


@dataclass(frozen=True, eq=False)
class Seen:
    """A planner that looks for named parts in the first picture.

    Attributes:
        eyes: gives the encoder, loaded when first asked.
        seek: what is looked for.
    """

    eyes: Callable[[], Encoder]
    seek: Seek

    def plans(self, points: Points, states: State, look: Look, envs: Sequence[int]) -> list[Plan]:
        """One for each first state; of the simulator nothing is asked but the picture and its camera.

        Raises:
            Abstained: a part is not clearly anywhere, or where nothing can lie.
        """
        return [self._plan(look(env)) for env in envs]

    def _plan(self, view: View) -> Plan:
        seek = self.seek
        parts = [seek.grasp, seek.target] if seek.grasp else [seek.target]
        found = maps(self.eyes(), view.frame, parts, seek)
        places = [self._place(view, one, part) for one, part in zip(found, parts, strict=True)]
        way = places
        if seek.grasp:
            up = np.array([0.0, 0.0, seek.above])
            way = [places[0], places[0] + up, places[1] + up, places[1]]
        return Plan(np.array(way), 0 if seek.grasp else None, target=seek.target, planner="the encoder's map")

    def _place(self, view: View, of: Map, part: str) -> Float:
        try:
            return view.camera.at_height(peak(of, self.seek.stands_out, part), self.seek.height)
        except ShapeError:
            raise Abstained(f"plan: {part!r} is seen where nothing lies at a height of {self.seek.height} m") from None


def _starts(side: int, window: float) -> NDArray[np.int64]:
    """Where windows begin, from edge to edge."""
    last = side - round(side * window)
    count = max(2, round(STEPS * last / (side * window)) + 1)
    return np.linspace(0, last, count).round().astype(np.int64)
