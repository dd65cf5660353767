"""An environment behind another Python is the same environment, and its end is told in words."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from vlmrl.envs.batch.engine import SimulationError
from vlmrl.envs.remote import RemoteEnv, fitting, space
from vlmrl.envs.remote_server import described, receive, send
from vlmrl.errors import ConfigError

ROOT = Path(__file__).parents[2]
ODD = """
import sys, time
import gymnasium as gym
import numpy as np
from gymnasium import spaces

class Odd(gym.Env):
    observation_space = spaces.Dict({"a": spaces.Box(-1, 1, (2,), np.float32), "b": spaces.Discrete(3)})
    action_space = spaces.Discrete(4)

    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        print("a line on standard output")
        return {"a": np.zeros(2, np.float32), "b": 1}, {"success": False, "who": self, "seed": seed}

    def step(self, action):
        if action == 1:
            raise RuntimeError("the gripper is on fire")
        if action == 2:
            sys.exit("out of cheese")
        if action == 3:
            time.sleep(60)
        return {"a": np.ones(2, np.float32), "b": 2}, 0.5, True, False, {"success": np.bool_(True)}

    def render(self):
        return np.full((4, 5, 3), 7, np.uint8)

def make(render_mode=None, **kwargs):
    assert kwargs in ({}, {"level": 3}), kwargs
    return Odd()
"""


@pytest.fixture
def odd(tmp_path):
    """Makes an environment of odd manners in another process."""
    (tmp_path / "odd.py").write_text(ODD, encoding="utf-8")
    made = []

    def make(**changes):
        made.append(RemoteEnv(sys.executable, make=f"{tmp_path}/odd.py:make", **changes))
        return made[-1]

    yield make
    for env in made:
        env.close()
        env.close()


def test_it_goes_through_the_states_of_the_one_here():
    here, there = gym.make("InvertedPendulum-v5"), RemoteEnv(sys.executable, "InvertedPendulum-v5")
    assert there.observation_space == here.observation_space
    assert there.action_space == here.action_space
    here.action_space.seed(0)
    for seed in (1, 2):
        np.testing.assert_array_equal(there.reset(seed=seed)[0], here.reset(seed=seed)[0])
        for _ in range(5):
            action = here.action_space.sample()
            mine, theirs = here.step(action), there.step(action)
            np.testing.assert_array_equal(theirs[0], mine[0])
            assert theirs[1:4] == mine[1:4]
    here.close()
    there.close()


def test_observations_infos_and_frames_come_in_their_types(odd):
    env = odd(kwargs={"level": 3}, render_mode="rgb_array")
    observation, info = env.reset(seed=4)
    assert env.observation_space.contains(observation)
    assert info == {"success": False, "who": None, "seed": 4}
    observation, reward, terminated, truncated, info = env.step(np.int64(0))
    assert env.observation_space.contains(observation)
    assert (reward, terminated, truncated, info["success"]) == (0.5, True, False, True)
    frame = env.render()
    assert frame.dtype == np.uint8
    assert frame.shape == (4, 5, 3)


def test_an_exception_there_is_an_error_here_and_the_other_side_lives(odd):
    env = odd()
    env.reset()
    with pytest.raises(SimulationError, match="RuntimeError: the gripper is on fire"):
        env.step(1)
    assert env.step(0)[1] == 0.5


def test_a_death_and_a_silence_are_told_with_the_last_words(odd):
    env = odd()
    env.reset()
    with pytest.raises(SimulationError, match=r"died \(exit status 1\); its last words: (?s:.*)out of cheese"):
        env.step(2)
    slow = odd(patience=10)
    slow.reset()
    slow._link.settimeout(0.3)
    with pytest.raises(SimulationError, match="said nothing to step for 10 s"):
        slow.step(3)


def test_what_cannot_be_started_is_named(tmp_path):
    with pytest.raises(ConfigError, match="there is no such interpreter"):
        RemoteEnv(tmp_path / "python", "CartPole-v1")
    with pytest.raises(ConfigError, match="give one of the two"):
        RemoteEnv(sys.executable)
    with pytest.raises(SimulationError, match="NoSuch"):
        RemoteEnv(sys.executable, "NoSuch-v0")


def test_it_dies_with_whoever_started_it(tmp_path):
    code = f"""
import sys, time
from vlmrl.envs.remote import RemoteEnv
env = RemoteEnv({sys.executable!r}, "InvertedPendulum-v5")
print(env._process.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as owner:
        other = int(owner.stdout.readline())
        owner.send_signal(signal.SIGKILL)
    for _ in range(100):
        try:
            os.kill(other, 0)
        except ProcessLookupError:
            return
        if "Z" in Path(f"/proc/{other}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]:
            return
        time.sleep(0.1)
    raise AssertionError("the other side lives on")


def test_a_stranger_without_the_token_is_not_served():
    env = RemoteEnv(sys.executable, "InvertedPendulum-v5")
    port = env._link.getpeername()
    assert port[0] == "127.0.0.1"
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(port, timeout=5)
    env.close()


def test_messages_carry_arrays_and_refuse_what_could_run():
    one, other = socket.socketpair()
    arrays = {"a": np.arange(6, dtype=np.uint8).reshape(2, 3), "b": [np.float32(2.5), {"c": np.zeros((0, 4))}]}
    send(one, arrays)
    found = receive(other)
    np.testing.assert_array_equal(found["a"], arrays["a"])
    assert found["b"][0] == 2.5
    assert found["b"][1]["c"].shape == (0, 4)
    header = b'{"x": {"__array__": ["|O", [1], 0]}}'
    one.sendall(len(header).to_bytes(4, "big") + (8).to_bytes(8, "big") + header + b"\0" * 8)
    with pytest.raises(ValueError, match="none of ours"):
        receive(other)
    one.sendall((1 << 31).to_bytes(4, "big") + bytes(8))
    with pytest.raises(ValueError, match="larger than any"):
        receive(other)
    one.close()
    assert receive(other) is None
    other.close()


@pytest.mark.parametrize(
    "one",
    [
        spaces.Box(-1, 2, (3,), np.float64),
        spaces.Discrete(5, start=2),
        spaces.MultiBinary([2, 3]),
        spaces.MultiDiscrete([2, 5]),
        spaces.Tuple([spaces.Discrete(2), spaces.Dict({"x": spaces.Box(0, 255, (2, 2, 3), np.uint8)})]),
    ],
)
def test_a_space_is_the_same_on_both_sides(one):
    left, right = socket.socketpair()
    send(left, {"space": described(one), "seen": one.sample()})
    told = receive(right)
    assert space(told["space"]) == one
    assert one.contains(fitting(one, told["seen"]))
    left.close()
    right.close()


def test_a_registered_one_is_an_environment_like_any_other(tmp_path):
    (tmp_path / "remote_pendulum.py").write_text(
        "import gymnasium, sys\n"
        "gymnasium.register(\n"
        "    'RemotePendulum-v0',\n"
        "    entry_point='vlmrl.envs.remote:RemoteEnv',\n"
        "    kwargs={'python': sys.executable, 'id': 'InvertedPendulum-v5'},\n"
        "    max_episode_steps=5,\n"
        ")\n",
        encoding="utf-8",
    )
    code = """
from vlmrl.envs import make_env, make_vec_env
if __name__ == "__main__":
    name = "remote_pendulum:RemotePendulum-v0"
    env = make_env(name, size=(48, 48), seed=0)
    assert env.reset()[1]["frame"].shape == (48, 48, 3)
    env.close()
    many = make_vec_env(name, 2, size=(32, 32))
    assert many.reset(seed=0)[1]["frame"].shape == (2, 32, 32, 3)
    many.close()
"""
    (tmp_path / "learner.py").write_text(code, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, tmp_path / "learner.py"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_other_environment_has_another_numpy_and_another_gymnasium(tmp_path):
    uv = ROOT / ".ci/uv"
    python = tmp_path / "other/bin/python"
    for command in (
        [uv, "venv", "--quiet", tmp_path / "other"],
        [uv, "pip", "install", "--quiet", "--python", python, "gymnasium==0.29.1", "numpy<2"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode and "error" in done.stderr and ("dns" in done.stderr or "connect" in done.stderr):
            pytest.skip(f"no package index can be reached: {done.stderr[-300:]}")
        assert done.returncode == 0, done.stderr
    (tmp_path / "told.py").write_text(
        "import gymnasium, numpy\n"
        "class Told(gymnasium.Wrapper):\n"
        "    def reset(self, **asked):\n"
        "        seen, info = self.env.reset(**asked)\n"
        "        return seen, {'versions': [gymnasium.__version__, numpy.__version__], **info}\n"
        "def make():\n"
        "    return Told(gymnasium.make('CartPole-v1'))\n",
        encoding="utf-8",
    )
    env = RemoteEnv(python, make=f"{tmp_path}/told.py:make")
    observation, info = env.reset(seed=0)
    assert info["versions"][0] == "0.29.1"
    assert info["versions"][1].startswith("1.")
    np.testing.assert_array_equal(observation, gym.make("CartPole-v1").reset(seed=0)[0])
    for _ in range(10):
        assert env.observation_space.contains(env.step(env.action_space.sample())[0])
    env.close()
