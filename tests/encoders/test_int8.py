"""Integers keep frames in their order, batches apart, and say what they need."""

import json
import shutil

import numpy as np
import pytest
import torch

from vlmrl import encoders
from vlmrl.agents.timing import threads
from vlmrl.encoders import _int8
from vlmrl.encoders.open_clip import OpenClip
from vlmrl.errors import ConfigError
from vlmrl.metrics.rank import spearman
from vlmrl.rewards.goal_baseline import GoalBaseline
from vlmrl.sim_clip.data import domain_of, draw
from vlmrl.sim_clip.evaluate import AS_SHIPPED, OTHER_LOOK
from vlmrl.sim_clip.familiarity import taught
from vlmrl.sim_clip.towers import WEIGHTS


@pytest.fixture(scope="module")
def fp32():
    return encoders.load("sim_clip", device="cpu")


@pytest.fixture(scope="module")
def int8():
    return encoders.load("sim_clip", device="cpu", precision="int8")


@pytest.fixture
def copy(tmp_path):
    """sim-clip in a directory that a test may spoil."""
    return shutil.copytree(WEIGHTS, tmp_path / "copy")


@pytest.mark.slow
@pytest.mark.parametrize("look", [AS_SHIPPED, OTHER_LOOK], ids=["as shipped", "cameras and colours never trained on"])
@pytest.mark.parametrize("domain", taught())
def test_rewards_rank_held_out_states_as_in_fp32(fp32, int8, domain, look):
    from vlmrl.envs import find_task

    frames = draw(domain, 400, 30_000, look).frames
    for task in map(find_task, domain_of(domain).tasks):
        wide, narrow = (GoalBaseline(encoder).score_frames(frames, task.words) for encoder in (fp32, int8))
        assert spearman(wide.numpy(), narrow.numpy()) >= 0.99, task.name


def test_a_frame_does_not_depend_on_its_batch_nor_on_the_call(int8, frames):
    together = int8.images(frames)
    assert torch.equal(torch.cat([int8.images(frame[None]) for frame in frames]), together)
    assert torch.equal(torch.cat([int8.images(frames[:3]), int8.images(frames[3:])]), together)
    assert torch.equal(int8.images(frames), together)


def test_rows_are_near_those_of_fp32_and_never_taken_for_them(fp32, int8, frames):
    near = torch.nn.functional.cosine_similarity(fp32.images(frames), int8.images(frames))
    assert 0.9 < near.min() < 1
    assert fp32.fingerprint != int8.fingerprint
    assert torch.equal(fp32.texts(["a pole"]), int8.texts(["a pole"]))


def test_other_ranges_are_another_encoder(copy, int8):
    path = copy / _int8.FILE
    ranges = _int8.read(path)
    name = next(iter(ranges))
    _int8.write(path, {**ranges, name: (ranges[name][0], 2 * ranges[name][1])})
    other = OpenClip(f"local-dir:{copy}", precision="int8", device="cpu")
    assert other.fingerprint != int8.fingerprint


def test_any_convolutional_model_can_be_calibrated(resnet_directory, tmp_path):
    folder = shutil.copytree(resnet_directory, tmp_path / "resnet")
    frames = np.random.default_rng(0).integers(0, 256, (80, 64, 64, 3), dtype=np.uint8)
    with pytest.raises(ConfigError, match=r"precision=int8: there is no int8.json"):
        OpenClip(f"local-dir:{folder}", precision="int8", device="cpu")
    wide = OpenClip(f"local-dir:{folder}", precision="fp32", device="cpu")
    before = wide.images(frames)
    assert wide.calibrate(frames) == folder / "int8.json"
    assert torch.equal(wide.images(frames), before)  # measuring changes nothing
    narrow = OpenClip(f"local-dir:{folder}", precision="int8", device="cpu").images(frames)
    assert torch.nn.functional.cosine_similarity(narrow, before).min() > 0.9


def test_integers_are_summed_exactly(int8):
    """Every convolution equals sums of integers in double precision, rounded once: nothing saturates or is lost.

    On two threads: oneDNN's strided 1x1 convolutions lose sums there.
    """
    tower, frames = int8._towers.visual, draw("reacher", 16, 30_001, AS_SHIPPED).frames
    seen = {}
    hooks = [
        part.register_forward_hook(lambda part, given, made, name=name: seen.update({name: (part, given[0], made)}))
        for name, part in tower.named_modules()
        if hasattr(part, "weight") and callable(part.weight) and hasattr(part, "stride")
    ]
    with threads(2):
        int8.images(frames)
    for hook in hooks:
        hook.remove()
    assert len(seen) > 40
    for name, (part, given, made) in seen.items():
        weight = part.weight()
        sums = torch.nn.functional.conv2d(
            given.int_repr().double() - given.q_zero_point(),
            weight.int_repr().double(),
            None,
            part.stride,
            part.padding,
            part.dilation,
            part.groups,
        )
        scales = given.q_scale() * weight.q_per_channel_scales().view(-1, 1, 1)
        exact = (sums * scales + part.bias().double().view(-1, 1, 1)) / part.scale + part.zero_point
        lowest = part.zero_point if "ReLU" in type(part).__name__ else 0
        assert (exact.round().clamp(lowest, 255) - made.int_repr()).abs().max() <= 1, name


@pytest.mark.parametrize("text", ["[]", '{"a": 3}', '{"a": ["x", 1]}', "no json"])
def test_ranges_that_are_none_are_refused(copy, text):
    (copy / _int8.FILE).write_text(text)
    with pytest.raises(ConfigError, match=r"int8\.json"):
        OpenClip(f"local-dir:{copy}", precision="int8", device="cpu")


def test_ranges_of_another_tower_are_refused(copy):
    ranges = json.loads((copy / _int8.FILE).read_text())
    ranges.pop(next(iter(ranges)))
    (copy / _int8.FILE).write_text(json.dumps(ranges))
    with pytest.raises(ConfigError, match="calibrate it anew"):
        OpenClip(f"local-dir:{copy}", precision="int8", device="cpu")


def test_what_integers_cannot_do_is_refused(int8, frames):
    with pytest.raises(ConfigError, match="is for a CPU, and not compiled"):
        encoders.load("sim_clip", device="cpu", precision="int8", compile=True)
    with pytest.raises(ConfigError, match="in fp32 on a CPU"):
        int8.calibrate(frames)


class Undecided(torch.nn.Module):
    """Computes by what it sees."""

    def forward(self, pixels):
        return pixels if pixels.sum() > 0 else -pixels


def test_a_tower_that_cannot_be_traced_says_so():
    with pytest.raises(ConfigError, match=r"precision=int8: this tower cannot be traced .*; take fp32"):
        _int8.measure(Undecided(), [torch.zeros(1, 3, 8, 8)])
