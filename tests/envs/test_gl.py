"""Triton and Mesa in either order, no noise at exit, and a missing GL library says what to install."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import mujoco
import pytest

from vlmrl.envs import gl

DRAW = "import vlmrl.envs as e; env = e.make_env('cartpole/upright'); env.reset(seed=0); env.step([0.1])"
GYM = "import gymnasium as g; x = g.make('InvertedPendulum-v5', render_mode='rgb_array'); x.reset(); x.render()"
DYNAMO = "import torch, torch._dynamo; import timm; torch.optim.Adam([torch.nn.Parameter(torch.ones(2))]).step()"


def run(*lines, **env):
    import os

    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, timeout=180, env={**os.environ, **env}
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    "lines",
    [
        (DRAW, DYNAMO),
        (DYNAMO, DRAW),
        ("import vlmrl", GYM, DYNAMO, "x.close()"),
        (GYM, "import vlmrl", DYNAMO, "x.close()"),
    ],
    ids=["ours then torch", "torch then ours", "vlmrl, somebody's GL, torch", "somebody's GL, vlmrl, torch"],
)
@pytest.mark.slow
def test_mesa_and_triton_live_in_one_process_in_any_order(lines):
    code, err = run(*lines, MUJOCO_GL="egl")
    assert code == 0, err


BEFORE_DM_CONTROL = "import vlmrl.envs as e; e.make_env('InvertedPendulum-v5').reset(seed=0)"


@pytest.mark.parametrize("lines", [(DRAW,), (BEFORE_DM_CONTROL, DRAW)], ids=["dm_control first", "context first"])
def test_nothing_is_printed_at_exit_even_when_nothing_was_closed(lines):
    code, err = run(*lines)
    assert code == 0
    assert err == ""


def test_a_missing_library_says_what_to_install():
    code, err = run("import ctypes.util", "ctypes.util.find_library = lambda name: None", DRAW, MUJOCO_GL="egl")
    assert code != 0
    assert "RenderError: MUJOCO_GL=egl: libEGL is not installed" in err
    assert "apt-get install -y libegl1" in err


def test_the_headless_backend_is_chosen_without_being_told():
    import os

    bare = {k: v for k, v in os.environ.items() if k not in ("MUJOCO_GL", "PYOPENGL_PLATFORM", "DISPLAY")}
    done = subprocess.run([sys.executable, "-c", DRAW], capture_output=True, text=True, timeout=120, env=bare)
    assert done.returncode == 0, done.stderr


SOFT = "from vlmrl.envs import gl; gl.drawn_by = lambda: {'renderer': 'llvmpipe (LLVM 15)'}"
HARD = "from vlmrl.envs import gl; gl.drawn_by = lambda: {'renderer': 'NVIDIA H100/PCIe'}"
GPU = "import pathlib, sys; gl.NVIDIA = pathlib.Path(sys.executable)"
NO_GPU = "import pathlib; gl.NVIDIA = pathlib.Path('no/such/driver')"


@pytest.mark.parametrize(
    ("renderer", "machine", "warned"),
    [(SOFT, GPU, True), (HARD, GPU, False), (SOFT, NO_GPU, False)],
    ids=["software beside a GPU", "the GPU", "software alone"],
)
def test_drawing_on_the_processor_beside_an_idle_gpu_is_warned_of(renderer, machine, warned):
    code, err = run(renderer, machine, "with gl.current(1): pass", "with gl.current(2): pass")
    assert code == 0, err
    assert err.count("although there is an NVIDIA GPU") == warned


FOREIGN = """
import gymnasium as gym, numpy as np
from vlmrl.envs import make_env
ours = make_env("cartpole/upright", size=(48, 48))
first = ours.reset(seed=0)[1]["frame"]
theirs = gym.make("InvertedPendulum-v5", render_mode="rgb_array", width=200, height=100)
theirs.reset(seed=0)
expected = theirs.render()
for _ in range(2):
    np.testing.assert_array_equal(ours.reset(seed=0)[1]["frame"], first)
    np.testing.assert_array_equal(theirs.render(), expected)
theirs.close()
"""


def test_gymnasiums_own_renderer_may_draw_in_the_same_thread():
    code, err = run(FOREIGN)
    assert code == 0, err


def test_threads_never_draw_beside_each_other_with_a_software_driver(monkeypatch):
    """llvmpipe looks through what other contexts are about to draw without asking their threads."""
    from vlmrl.envs.render import Renderer

    at_once: list[None] = []
    most: list[int] = []
    quick = mujoco.mjr_render

    def watched(*settings):
        at_once.append(None)
        most.append(len(at_once))
        time.sleep(0.002)
        quick(*settings)
        at_once.pop()

    monkeypatch.setattr(mujoco, "mjr_render", watched)
    model = mujoco.MjModel.from_xml_string("<mujoco><worldbody><geom size='1'/></worldbody></mujoco>")

    def draw():
        data = mujoco.MjData(model)
        mujoco.mj_forward(model, data)
        with Renderer(model) as renderer:
            return [renderer.frame(data).copy() for _ in range(20)]

    with ThreadPoolExecutor(3) as pool:
        frames = [drawn.result() for drawn in [pool.submit(draw) for _ in range(3)]]
    with gl.current(None):
        software = gl.in_turns()
    assert max(most) == 1 or not software
    assert all((one == frames[0][0]).all() for drawn in frames for one in drawn)


def test_the_driver_says_what_it_is():
    with gl.current(None):
        told = gl.drawn_by()
    assert all(told.values())
    assert gl.in_turns() == any(name in told["renderer"].lower() for name in gl.SOFTWARE)
