"""Plans where a map peaks: of towers built here, and nothing where nothing is clearly somewhere."""

import numpy as np
import pytest
import torch
from open_clip.transformer import VisionTransformer
from torch.nn.functional import normalize

from vlmrl import rewards
from vlmrl.encoders._dense import dense
from vlmrl.encoders.base import Encoder, as_batch
from vlmrl.envs.make import find_task, make_env
from vlmrl.envs.world import state_of
from vlmrl.errors import Abstained, ConfigError
from vlmrl.keypoints.build import gauge_of
from vlmrl.keypoints.sight import Map, Seek, maps, peak, seek_of
from vlmrl.rewards.keypoints_map import KeypointsMap


class Planted(Encoder):
    """A ViT of open_clip with weights drawn at random; a sentence means what it sees in a patch that is planted."""

    dim, image_size, fingerprint, device = 16, (64, 64), "planted", torch.device("cpu")
    colour = (230, 20, 30)

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.tower = (
            VisionTransformer(64, 8, 32, 2, 2, 2.0, pool_type="avg", output_dim=16).eval().requires_grad_(False)
        )
        plain = self.patches(np.full((1, 64, 64, 3), 90, np.uint8))[0].mean((0, 1))
        shown = self.patches(np.full((1, 64, 64, 3), self.colour, np.uint8))[0].mean((0, 1))
        self.said = normalize(shown - plain, dim=0)

    def _pixels(self, frames):
        pixels = as_batch(frames).permute(0, 3, 1, 2).float() / 127.5 - 1
        return torch.nn.functional.interpolate(pixels, (64, 64), mode="area")

    def images(self, frames):
        return normalize(self.tower(self._pixels(frames)), dim=-1)

    def patches(self, frames, fine=1):
        return normalize(dense(self.tower, self._pixels(frames)), dim=-1)

    def texts(self, sentences):
        return torch.stack([self.said for _ in sentences])


class Hues(Encoder):
    """How much of a picture is of the colour that is named: one that does see."""

    dim, image_size, fingerprint, device = 4, (64, 64), "hues", torch.device("cpu")
    colours = normalize(torch.tensor([[1.0, 0.08, 0.08], [0.06, 0.6, 0.15], [0.08, 0.2, 0.95]]), dim=-1)

    def images(self, frames):
        pixels = as_batch(frames).float() / 255
        alike = (normalize(pixels, dim=-1) @ self.colours.T > 0.985) & (pixels.amax(-1, keepdim=True) > 0.4)
        share = alike.float().mean((1, 2))
        return normalize(torch.cat([share, torch.full((len(share), 1), 0.5)], dim=-1), dim=-1)

    def texts(self, sentences):
        return torch.eye(4)[[("red", "green", "blue").index(one.split()[1]) for one in sentences]]


def planted(*places):
    """A grey picture of 480 x 480 with the patch in places of a grid of 8."""
    frame = np.full((480, 480, 3), 90, np.uint8)
    for row, column in places:
        frame[60 * row : 60 * row + 60, 60 * column : 60 * column + 60] = Planted.colour
    return frame


@pytest.fixture(scope="module")
def tower():
    return Planted()


@pytest.mark.parametrize("window", [None, 0.125])
@pytest.mark.parametrize("place", [(2, 5), (0, 0), (7, 3)])
def test_the_peak_is_where_the_patch_was_planted(tower, place, window):
    (found,) = maps(tower, planted(place), ["a patch"], Seek("a patch", window=window))
    middle = np.array([60 * place[1] + 30, 60 * place[0] + 30])
    assert np.abs(peak(found, 1.2, "a patch") - middle).max() <= 30


@pytest.mark.parametrize("window", [None, 0.125])
def test_windows_and_dense_features_know_where_their_places_lie(tower, window):
    (found,) = maps(tower, planted(), ["a patch"], Seek("a patch", window=window))
    ends = (30, 450)
    assert found.cosines.shape == ((8, 8) if window is None else (29, 29))
    for side in (found.down, found.across):
        np.testing.assert_allclose((side[0], side[-1]), ends)
        np.testing.assert_allclose(np.diff(side), np.diff(side)[0], atol=1)


def hill(*heights, size=9):
    """A map with narrow hills."""
    cosines = np.zeros((size, size))
    for row, column, height in heights:
        cosines[row, column] = height
    at = np.arange(size) + 0.5
    return Map(cosines, at, at)


@pytest.mark.parametrize(
    ("of", "why"),
    [
        (hill(), "the map is flat"),
        (Map(np.full((5, 5), 0.7), np.arange(5.0), np.arange(5.0)), "the map is flat"),
        (hill((2, 2, 0.5), (7, 7, 0.49)), "may be in two places.*reward.look.stands_out"),
        (hill((2, 2, 0.5), (2, 4, 0.45)), "may be in two places"),
    ],
)
def test_what_is_not_clearly_somewhere_is_nowhere(of, why):
    with pytest.raises(Abstained, match=f"plan: 'a cup'.*{why}"):
        peak(of, 1.2, "a cup")


def test_a_peak_with_lower_ones_elsewhere_is_one_and_its_neighbours_pull_it():
    np.testing.assert_allclose(peak(hill((2, 6, 0.5), (7, 1, 0.4)), 1.2, "a cup"), [6.5, 2.5])
    np.testing.assert_allclose(peak(hill((2, 6, 0.5), (2, 7, 0.5)), 1.2, "a cup"), [7.0, 2.5])


def looking(name, seed=0, eyes=Hues(), **look):  # noqa: B008  # it has no weights
    task = find_task(name)
    env = make_env(task, gauge=gauge_of("keypoints_map", {"look": look}, task, task.words, lambda: eyes))
    return env, lambda: env.reset(seed=seed)


@pytest.mark.parametrize("seed", range(3))
def test_who_sees_where_the_parts_are_plans_the_way_to_them(seed):
    env, begin = looking("tabletop/put_red_in_orange", seed, grasp="a red block", target="a blue block", window=0.1)
    begin()
    (plan,), state, named = env.readings.plans, state_of(env), find_task("tabletop/put_red_in_orange").points.named
    red, blue = named["red"](state), named["blue"](state)
    np.testing.assert_allclose(plan.way[[0, 3], :2], [red[:2], blue[:2]], atol=0.035)
    np.testing.assert_allclose(plan.way[:, 2], [0.02, 0.12, 0.12, 0.02])
    assert (plan.grasped, plan.planner) == (0, "the encoder's map")
    env.close()


def test_a_way_without_anything_to_take_is_one_place():
    env, begin = looking("tabletop/reach_red", target="a red block", window=0.1)
    track = begin()[1]["frame"]
    (plan,) = env.readings.plans
    assert len(plan.way) == 1
    assert plan.grasped is None
    assert np.isfinite(track).all()
    env.close()


def test_a_part_that_is_in_no_picture_ends_the_episode_before_it_begins(tower):
    env, begin = looking("tabletop/reach_red", eyes=tower, target="a cup", window=None, stands_out=50.0)
    with pytest.raises(Abstained, match="plan: 'a cup'"):
        begin()
    env.close()


@pytest.mark.parametrize(
    ("look", "says"),
    [
        ({}, r"reward\.look\.target: is missing; say"),
        ({"target": ""}, r"reward\.look\.target: is missing; say"),
        ({"target": "a", "hight": 1.0}, r"reward\.look\.hight=1\.0.*height"),
        ({"target": "a", "window": 0.9}, r"reward\.look\.window=0\.9: must be a number between"),
        ({"target": "a", "stands_out": 0.5}, r"reward\.look\.stands_out=0\.5: must be a number between 1\.0"),
        ({"target": "a", "fine": 2.5}, r"reward\.look\.fine=2\.5: must be a whole number"),
    ],
)
def test_settings_that_are_none_are_refused(look, says):
    with pytest.raises(ConfigError, match=says):
        seek_of(look)


class Coarse(Hues):
    """Whose own map is 2 x 2."""

    def patches(self, frames, fine=1):
        return torch.zeros((len(frames), 2 * fine, 2 * fine, 4))


def test_a_map_of_too_few_places_is_refused_before_anything_begins():
    small = Coarse()
    with pytest.raises(ConfigError, match=r"fine=1: .*2 x 2 places, of 4 x 4.*reward\.look\.window=0\.25"):
        KeypointsMap(small, look={"target": "a", "window": None})
    KeypointsMap(small, look={"target": "a", "window": None, "fine": 2})
    KeypointsMap(small, look={"target": "a"})


def test_what_was_seen_once_is_not_followed(toy_encoder):
    with pytest.raises(ConfigError, match=r"reward\.held=moved: nobody follows what was seen"):
        rewards.load("keypoints_map", toy_encoder, held="moved")


def test_its_fingerprint_tells_encoders_and_parts_apart(tower):
    told = {
        KeypointsMap(eyes, look={"target": part}).fingerprint
        for eyes in (tower, Hues())
        for part in ("a cup", "a ball")
    }
    assert len(told) == 4
