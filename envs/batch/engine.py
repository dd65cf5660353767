"""Many simulations of one model, stepped by MuJoCo's own threads: no Python while they run, and no processes."""

from __future__ import annotations

import ctypes
import weakref
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from vlmrl.envs.batch._library import BatchConfig, address, library
from vlmrl.envs.batch.cores import physical_cores
from vlmrl.errors import ConfigError, VlmrlError

Ids = NDArray[np.int32]
"""Simulations, int32 ``(k,)``: sorted, each once."""

EVERYTHING = mujoco.mjtState.mjSTATE_INTEGRATION
STATE = {
    "time": mujoco.mjtState.mjSTATE_TIME,
    "qpos": mujoco.mjtState.mjSTATE_QPOS,
    "qvel": mujoco.mjtState.mjSTATE_QVEL,
    "act": mujoco.mjtState.mjSTATE_ACT,
    "ctrl": mujoco.mjtState.mjSTATE_CTRL,
    "mocap_pos": mujoco.mjtState.mjSTATE_MOCAP_POS,
}
DIVERGED = slice(int(mujoco.mjtWarning.mjWARN_BADQPOS), int(mujoco.mjtWarning.mjWARN_BADQACC) + 1)
"""The warnings after which MuJoCo resets a simulation in the middle of a step, without a word."""


class SimulationError(VlmrlError, RuntimeError):
    """A simulation cannot go on: its model's memory is too small, for example, or its process has died."""


class Engine:
    """``count`` simulations of ``model``: the numbers of each are those of one ``MjData`` stepped alone, bit for bit.

    Not for several Python threads at once. Arrays of the state are live views: what is written there counts at the next
    call. Derived fields are copied out after each call, and are one substep behind the state after :meth:`step`, as
    those of ``mj_step`` are.

    Args:
        model: copied; changing it afterwards changes nothing here.
        count: how many simulations.
        threads: that compute, the caller's included; None is one a physical core.
        persistent: keep one ``MjData`` a simulation instead of one a thread, so that :meth:`apply` finds what the step
            before it computed. Costs memory by the simulation.

    Attributes:
        state: float64 ``(count, nstate)``, a row a simulation, as ``mj_getState`` gives ``mjSTATE_INTEGRATION``.
        warnings: int32 ``(count, 3)``, how often each simulation diverged: bad position, velocity, acceleration.

    Raises:
        ConfigError: fewer than one simulation or thread, or a model that no batch can be made of.
    """

    def __init__(
        self, model: mujoco.MjModel, count: int, threads: int | None = None, *, persistent: bool = False
    ) -> None:
        if count < 1:
            raise ConfigError(f"num_envs={count}: must be at least 1")
        if threads is not None and threads < 1:
            raise ConfigError(f"threads={threads}: must be at least 1, or None for one a physical core")
        self._library = library()
        self.count, self.threads = count, min(count, threads or physical_cores())
        message = ctypes.create_string_buffer(1000)
        made = self._library.mjb_makeBatch(
            model._address, count, BatchConfig(self.threads, persistent), message, len(message)
        )
        if not made:
            raise ConfigError(f"num_envs={count}: MuJoCo makes no batch of this model: {message.value.decode()}")
        self._batch: int = made
        # Arrays into the batch's memory keep the engine alive, so it is freed after the last of them.
        self._free = weakref.finalize(self, self._library.mjb_deleteBatch, made)
        self._persistent = persistent
        self._template = mujoco.MjData(model)
        self._fields: dict[str, NDArray[Any]] = {}
        self.state = self._array(self._library.mjb_state(made), (count, self._library.mjb_nstate(made)))
        self._default = np.empty(self.state.shape[1])
        mujoco.mj_getState(model, self._template, self._default, EVERYTHING)
        raw = self._array(self._library.mjb_warning(made), (count, int(mujoco.mjtWarning.mjNWARNING), 2), np.int32)
        self.warnings = raw[:, DIVERGED, 1]

    def field(self, name: str) -> NDArray[Any]:
        """A live array ``(count, …)`` of a field of ``MjData``: state to read and write, anything else to read.

        A derived field is zero until the next call.

        Raises:
            ConfigError: there is no such field, or it holds no floating-point numbers of a fixed shape.
        """
        if name not in self._fields:
            self._fields[name] = self._component(name) if name in STATE else self._output(name)
        return self._fields[name]

    @property
    def derives(self) -> bool:
        """Whether anybody reads a derived field."""
        return any(name not in STATE for name in self._fields)

    def step(self, substeps: int, stage: int = 0) -> None:
        """Advance every simulation by ``substeps`` timesteps, then compute the stages up to ``stage`` anew.

        Raises:
            SimulationError: MuJoCo gave up on some; they keep the state they had, the others have advanced.
        """
        if substeps < 1:
            raise ConfigError(f"substeps={substeps}: must be at least 1")
        self._check(None, self._library.mjb_step(self._batch, None, self.count, substeps, stage))

    def forward(self, ids: Ids | None = None, stage: int = int(mujoco.mjtStage.mjSTAGE_ACC)) -> None:
        """Compute what depends on the state, up to ``stage``; stage 0 only copies the derived fields out.

        The state stays as it is, to the last bit.

        Raises:
            SimulationError: MuJoCo gave up on some.
        """
        self._check(ids, self._library.mjb_forward(self._batch, *self._chosen(ids), stage))

    def reset(self, ids: Ids | None = None) -> None:
        """Put simulations into the model's default state; a :meth:`forward` must follow."""
        if self._persistent:
            self._check(ids, self._library.mjb_reset(self._batch, *self._chosen(ids), None, 0))
        else:  # the state is all there is, and MuJoCo would clear an MjData for each
            self.state[slice(None) if ids is None else ids] = self._default

    def apply(self, function: str) -> None:
        """Call MuJoCo's C function of ``(model, data)`` on every simulation, and copy the derived fields out.

        Raises:
            SimulationError: MuJoCo gave up on some.
        """
        self._check(None, self._library.mjb_apply(self._batch, None, self.count, address(function), None, 0))
        self.forward(None, 0)  # apply itself copies nothing out

    def load(self, sim: int, data: mujoco.MjData) -> None:
        """Write the state of simulation ``sim`` into ``data``, whose kinematics are then out of date."""
        mujoco.mj_setState(data.model, data, self.state[sim], EVERYTHING)

    def store(self, sim: int, data: mujoco.MjData) -> None:
        """Take the state of simulation ``sim`` from ``data``; a :meth:`forward` must follow."""
        mujoco.mj_getState(data.model, data, self.state[sim], EVERYTHING)

    def _component(self, name: str) -> NDArray[Any]:
        size = ctypes.c_int()
        start = self._library.mjb_stateComponent(self._batch, int(STATE[name]), ctypes.byref(size))
        first = (start - self.state.ctypes.data) // self.state.itemsize if size.value else 0
        rows = self.state[:, first : first + size.value]
        return rows[:, 0] if name == "time" else rows.reshape(self.count, *np.shape(getattr(self._template, name)))

    def _output(self, name: str) -> NDArray[Any]:
        size, width = ctypes.c_int(), ctypes.c_int()
        found = getattr(self._template, name, None)
        start = self._library.mjb_output(self._batch, name.encode(), ctypes.byref(size), ctypes.byref(width))
        right = isinstance(found, np.ndarray) and found.dtype == mujoco.MJTNUM_DTYPE and size.value == found.size
        if found is None or start is None or not right:
            raise ConfigError(
                f"field={name}: is no array of MjData that a batch copies out, such as xpos or sensordata"
            )
        array = self._array(start, (self.count, *found.shape))
        array.flags.writeable = False  # a write would be lost at the next call
        return array

    def _array(self, start: int | None, shape: tuple[int, ...], dtype: Any = mujoco.MJTNUM_DTYPE) -> NDArray[Any]:
        bytes_ = int(np.prod(shape)) * np.dtype(dtype).itemsize
        if start is None or not bytes_:
            return np.zeros(shape, dtype)
        memory = (ctypes.c_byte * bytes_).from_address(start)
        memory.engine = self
        return np.frombuffer(memory, dtype).reshape(shape)

    def _chosen(self, ids: Ids | None) -> tuple[int | None, int]:
        if ids is None:
            return None, self.count
        if ids.dtype != np.int32 or not ids.flags.c_contiguous or ids.ndim != 1 or (ids[1:] <= ids[:-1]).any():
            # MuJoCo would end the process.
            raise ConfigError(f"ids={ids}: must be an int32 array of simulations, sorted and each once")
        if ids.size and not 0 <= ids[0] <= ids[-1] < self.count:
            raise ConfigError(f"ids={ids}: must lie in 0..{self.count - 1}")
        return ids.ctypes.data, ids.size

    def _check(self, ids: Ids | None, failed: int) -> None:
        if not failed:
            return
        asked = range(self.count) if ids is None else ids.tolist()
        status = self._library.mjb_status(self._batch)
        first = next(sim for sim in asked if status[sim])
        reason = self._library.mjb_error(self._batch, first).decode().replace("\n", " ")
        raise SimulationError(f"env {first}: MuJoCo gave up on it and {failed - 1} others of the call: {reason}")
