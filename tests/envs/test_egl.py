"""Frames are drawn on the GPU that CUDA counts first, whatever EGL calls it."""

import os

import pytest

from vlmrl.envs import egl, gl


@pytest.mark.parametrize(
    ("numbers", "asked", "chosen"),
    [
        ([0, 1], None, "0"),
        ([1, 0, None], None, "1"),
        ([None, 0], None, "1"),
        ([None], None, None),
        ([2, 3], None, None),
        ([1, 0], "0", "0"),
    ],
    ids=["same order", "other order", "software first", "no GPU", "a GPU hidden from CUDA", "the user's own"],
)
def test_the_first_cuda_device_draws_unless_the_user_chose(monkeypatch, numbers, asked, chosen):
    monkeypatch.setattr(egl, "cuda_numbers", lambda: numbers)
    monkeypatch.delenv(egl.DEVICE, raising=False)
    if asked is not None:
        monkeypatch.setenv(egl.DEVICE, asked)
    egl.choose_device()
    assert os.environ.get(egl.DEVICE) == chosen


@pytest.mark.skipif(gl.choose_backend() != "egl", reason="frames are drawn by another library")
def test_every_device_of_this_machine_is_asked():
    user = object()
    with gl.current(user):
        renderer = gl.drawn_by()["renderer"].lower()
    gl.forget(user)
    numbers = egl.cuda_numbers()
    assert numbers
    if any(name in renderer for name in gl.SOFTWARE):
        assert None in numbers
    else:
        assert {type(number) for number in numbers} <= {int, type(None)}


@pytest.mark.skipif(gl.choose_backend() != "egl", reason="frames are drawn by another library")
def test_somebody_elses_context_is_current_again_after_ours():
    from mujoco.egl import GLContext

    theirs, user = GLContext(8, 8), object()
    with gl.current(user) as changed:
        ours = egl.current()
        assert changed
    theirs.make_current()
    there = egl.current()
    with gl.current(user) as changed:
        assert egl.current() == ours != there
        assert not changed
    assert egl.current() == there
    theirs.free()
    with gl.current(user):
        assert egl.current() == ours
    gl.forget(user)
