"""Datasets in Minari's format: HDF5 that Minari reads as it is, with the simulator's states among the infos.

Under ``data/`` of a dataset's folder lies what Minari knows: ``main_data.hdf5`` and ``metadata.json``, whose entry
``vlmrl`` has the datasheet and a digest of every episode. So a file that was cut off or changed names its episode, and
what is whole in it can still be read.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

import gymnasium as gym
import numpy as np

from vlmrl.datasets.episode import FACTS, Episode, Tree
from vlmrl.datasets.sheet import Sheet
from vlmrl.envs.task import Task
from vlmrl.envs.task_env import TaskEnv
from vlmrl.errors import ConfigError, RunError, VlmrlError
from vlmrl.types import Array

DATA, FILE, METADATA = "data", "main_data.hdf5", "metadata.json"
READING = """```python
from minari import MinariDataset

dataset = MinariDataset("data")  # in this folder
episode = dataset[0]
print(episode.actions.shape, episode.rewards.sum(), episode.infos["states"]["qpos"].shape)
```
"""
_EXTRA = "pip install 'vlmrl[data]'"


def check_installed() -> None:
    """Nothing, where Minari is installed.

    Raises:
        ConfigError: it is not; the message has the line that mends it.
    """
    _minari()


def write(folder: Path, task: Task, episodes: Sequence[Episode], sheet: Sheet) -> None:
    """Write a dataset's ``data/`` into a folder that has none.

    Raises:
        ConfigError: Minari is not installed, or there is no episode.
        OSError: it cannot be written.
    """
    if not episodes:
        raise ConfigError("episodes: there are none; a dataset needs at least one")
    storage_of, version = _minari()
    with TaskEnv(task) as env:
        spaces = env.observation_space, env.action_space
    spec = gym.registry.get(task.env_id)
    data = (folder / DATA).absolute()  # Minari measures the size of a relative path at another place
    data.mkdir(parents=True)
    storage = storage_of.new(data, *spaces, env_spec=spec, data_format="hdf5", jpeg_encoding=False)
    storage.update_metadata(
        {
            "dataset_id": f"vlmrl/{task.name}-v{task.version}",
            "minari_version": version,
            "algorithm_name": ", ".join(sheet.actors),
            "description": "; ".join(sheet.goal),
            "requirements": [f"{name}=={number}" for name, number in sheet.packages.items() if name != "vlmrl"],
        }
    )
    storage.update_episodes(_buffer(episode) for episode in episodes)
    storage.update_episode_metadata([{**episode.facts(), "succeeded": episode.succeeded(task)} for episode in episodes])
    _lay_out(data / FILE)
    told = {
        "sheet": sheet.to_json(),
        "bytes": (data / FILE).stat().st_size,
        "digests": [episode.digest for episode in episodes],
    }
    storage.update_metadata({"vlmrl": told})


class Dataset:
    """The episodes of a dataset's folder, read one at a time.

    Args:
        folder: that :func:`write` wrote into, or the ``data`` in it.

    Attributes:
        folder: the dataset's, above ``data``.
        sheet: its datasheet.

    Raises:
        ConfigError: h5py is not installed.
        RunError: there is no such dataset, or no episode of it can be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.parent if folder.name == DATA and (folder / METADATA).is_file() else folder
        self._path = self.folder / DATA / FILE
        told = _metadata(self.folder)
        self.sheet = Sheet.read(told["sheet"])
        self._digests: list[str] = told["digests"]
        self._rescued: Path | None = None
        self._cut = ""
        self._file = self._opened(int(told["bytes"]))

    def __len__(self) -> int:
        """Episodes that were written, whether or not they can still be read."""
        return len(self._digests)

    def episode(self, index: int) -> Episode:
        """One episode.

        Raises:
            RunError: it is broken; the message names it.
        """
        try:
            found = _episode(self._file[f"episode_{index}"])
            why = "is not what was written" if found.digest != self._digests[index] else ""
        except (OSError, KeyError, ValueError, TypeError, RuntimeError, AttributeError, VlmrlError) as cause:
            raise self._broken(index, self._cut or str(cause)) from cause
        if why:
            raise self._broken(index, self._cut or why)
        return found

    def episodes(
        self, skip_broken: bool = False, say: Callable[[str], object] = lambda line: None
    ) -> Iterator[tuple[int, Episode]]:
        """Every episode with its number.

        Args:
            skip_broken: leave out what is broken, and say so.
            say: tells the user.

        Raises:
            RunError: an episode is broken; the message names it.
        """
        for index in range(len(self)):
            try:
                found = self.episode(index)
            except RunError as broken:
                if not skip_broken:
                    raise
                say(f"left out: {broken}")
                continue
            yield index, found

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        if self._rescued is not None:
            self._rescued.unlink(missing_ok=True)

    def __enter__(self) -> Dataset:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _broken(self, index: int, why: str) -> RunError:
        return RunError(
            f"dataset={self.folder}: episode {index} of {len(self)} in {DATA}/{FILE} is broken ({why}); "
            "skip_broken=true goes on with those that are whole"
        )

    def _opened(self, size: int) -> Any:
        """The file; one that was cut off is filled up with zeros elsewhere, as HDF5 opens no other."""
        h5py, path = _h5py(), self._path
        try:
            left = path.stat().st_size
            if left < size:
                self._cut = f"the file was cut off after {left:,} of {size:,} bytes"
                handle, name = tempfile.mkstemp(suffix=".hdf5")
                os.close(handle)
                path = self._rescued = Path(name)
                shutil.copyfile(self._path, path)
                os.truncate(path, size)
            return h5py.File(path, "r")
        except OSError as cause:
            if self._rescued is not None:
                self._rescued.unlink(missing_ok=True)
            raise RunError(
                f"dataset={self.folder}: {DATA}/{FILE} cannot be read ({self._cut or cause}); none of its {len(self)} "
                "episodes, from episode 0 on, is left: fetch or collect it anew"
            ) from cause


def sheet_of(folder: Path) -> Sheet:
    """The datasheet of a dataset's folder, no episode read.

    Raises:
        RunError: there is no such dataset.
    """
    return Sheet.read(_metadata(folder.parent if folder.name == DATA else folder)["sheet"])


def _metadata(folder: Path) -> dict[str, Any]:
    path = folder / DATA / METADATA
    try:
        told = json.loads(path.read_text(encoding="utf-8"))["vlmrl"]
        assert {"sheet", "bytes", "digests"} <= set(told)
        return dict(told)
    except FileNotFoundError as cause:
        raise RunError(
            f"dataset={folder}: is no dataset, it has no {DATA}/{METADATA}; `vlmrl collect task=NAME out=DIR` makes one"
        ) from cause
    except (OSError, ValueError, KeyError, TypeError, AssertionError) as cause:
        raise RunError(
            f"dataset={folder}: {DATA}/{METADATA} cannot be read as one of `vlmrl collect` ({cause}); fetch it anew"
        ) from cause


def _lay_out(path: Path) -> None:
    """Put the table of contents first and the episodes after it, in order.

    As Minari writes it, the table ends up last: a file that lost its end would have lost all. In the new order the
    episodes before the cut can still be found. Small arrays are no longer in chunks, which took most of the room.
    """
    h5py, draft = _h5py(), path.with_suffix(".draft")
    with h5py.File(path, "r") as found, h5py.File(draft, "w") as new:
        names = [f"episode_{index}" for index in range(len(found))]  # HDF5's own order has 10 before 2
        for name in names:
            new.create_group(name).attrs.update(found[name].attrs)
        new.flush()
        for name in names:
            _copy(found[name], new[name])
    os.replace(draft, path)


def _copy(found: Any, new: Any) -> None:
    for name, item in found.items():
        if hasattr(item, "keys"):
            _copy(item, new.create_group(name))
        else:
            new.create_dataset(name, data=item[()])


def _buffer(episode: Episode) -> Any:
    from minari.data_collector import EpisodeBuffer

    steps = len(episode)
    ends = np.zeros(steps, dtype=np.bool_)
    ends[-1] = True
    never = np.zeros(steps, dtype=np.bool_)
    infos: dict[str, Any] = {name: getattr(episode, name) for name in ("oracle", "success", "start", "push")}
    infos["states"] = dict(episode.states)
    infos |= {name: dict(getattr(episode, name)) for name in ("model", "model_states") if getattr(episode, name)}
    seen = episode.observations
    return EpisodeBuffer(
        seed=episode.seed,
        observations=dict(seen) if isinstance(seen, Mapping) else seen,
        actions=episode.actions,
        rewards=episode.rewards,
        terminations=ends if episode.terminated else never,
        truncations=never if episode.terminated else ends,
        infos=infos,
    )


def _episode(group: Any) -> Episode:
    facts = {name: group.attrs[name] for name in FACTS}
    infos = group["infos"]
    return Episode(
        **{**facts, "seed": int(facts["seed"]), "terminated": bool(facts["terminated"])},
        actions=group["actions"][()],
        observations=_tree(group["observations"]),
        **{name: infos[name][()] for name in ("oracle", "success", "start", "push")},
        states=_tree(infos["states"]),  # type: ignore[arg-type]
        **{name: _tree(infos[name]) for name in ("model", "model_states") if name in infos},  # type: ignore[arg-type]
    )


def _tree(found: Any) -> Tree:
    if hasattr(found, "keys"):
        return {str(name): _array(found[name]) for name in found}
    return _array(found)


def _array(found: Any) -> Array:
    return np.asarray(found[()])


def _minari() -> tuple[Any, str]:
    try:
        import minari
        from minari.dataset.minari_storage import MinariStorage
    except ImportError as cause:
        raise ConfigError(f"format=minari: Minari is not installed ({cause}); {_EXTRA}") from cause
    return MinariStorage, str(minari.__version__)


def _h5py() -> ModuleType:
    try:
        import h5py
    except ImportError as cause:
        raise ConfigError(f"format=minari: h5py is not installed ({cause}); {_EXTRA}") from cause
    return h5py  # type: ignore[no-any-return]
