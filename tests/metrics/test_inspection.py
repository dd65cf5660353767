"""An inspection is JSON without its pictures, and counts as people do."""

import json

import numpy as np

from vlmrl.metrics.inspection import Curve, Inspection, Moment, Played
from vlmrl.types import Words

FRAMES = np.zeros((3, 4, 4, 3), np.uint8)


def inspection(**changes) -> Inspection:
    curve = Curve(
        "up", "cosine", (np.array([0.1, 0.5, 0.3], np.float32),), (np.array([0, 1, -1.0]),), 0.5, Words.of("up")
    )
    played = Played("agent", FRAMES, np.array([0.0, 0.5, 1.0]), np.array([False, False, True]), True, 7)
    moment = Moment("over", 0, 0, 1, FRAMES[1], 0.5, 1.0, 0.5, 0.5, np.zeros((4, 4), np.float32))
    parts = {"curves": (curve,), "episodes": (played,), "moments": (moment,), "fps": 25.0, **changes}
    return Inspection("run", "a/b", "3 steps", **parts)


def test_everything_but_pictures_is_json():
    told = json.loads(json.dumps(inspection().to_json(), allow_nan=False))
    assert told["curves"][0]["values"] == [[float(np.float32(value)) for value in (0.1, 0.5, 0.3)]]
    assert told["curves"][0]["over_rewarded"] == [[0, 1, -1]]
    assert told["curves"][0]["words"] == {"goal": ["up"], "baseline": [], "negative": []}
    assert told["episodes"] == [
        {"name": "agent", "seed": 7, "succeeded": True, "oracle": [0, 0.5, 1], "success": [False, False, True]}
    ]
    assert told["moments"] == [
        {
            "kind": "over", "curve": 0, "episode": 0, "step": 1, "score": 0.5, "standing": 1, "oracle": 0.5,
            "true_standing": 0.5,
        }
    ]  # fmt: skip


def test_steps_count_from_1_and_frames_of_a_film_from_0():
    assert [inspection().number(step) for step in (0, 2)] == [1, 3]
    film = inspection(episodes=(Played("a.mp4", FRAMES),), every=3)
    assert film.of_film
    assert not film.judged
    assert [film.number(step) for step in (0, 2)] == [0, 6]


def test_a_curves_bounds_are_those_of_all_episodes():
    assert Curve("up", "", (np.array([1.0, 2.0]), np.array([-1.0]))).bounds == (-1.0, 2.0)
