"""Triton and Mesa in either order, no noise at exit, and a missing GL library says what to install."""

import subprocess
import sys

import pytest

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
