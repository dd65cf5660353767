"""Export to LeRobot's format, version 3: Parquet, films and JSON, with the progress of every frame.

Each row is a state in which an action was chosen, so T rows an episode; the last state, to which the last action led,
is in the Minari dataset alone, and so are the simulator's states. Every episode has Parquet and films of its own: what
is broken has a number. ``progress_sparse`` stands in the rows, and once more in ``sarm_progress.parquet``, where
LeRobot's RA-BC (reward-aligned behaviour cloning of SARM, ICLR 2026, arXiv 2509.25358) looks for it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlmrl.config import atomic
from vlmrl.datasets.episode import Episode
from vlmrl.datasets.scene import Scene
from vlmrl.datasets.sheet import Sheet
from vlmrl.datasets.videos import PROFILE
from vlmrl.envs.task import Camera, Task
from vlmrl.errors import ConfigError, ShapeError
from vlmrl.types import Array
from vlmrl.video.film import Film

VERSION = "v3.0"
CHUNK = 1000
"""Files a folder."""
FILE = "chunk-{chunk_index:03d}/file-{file_index:03d}"
INFO, STATS, TASKS, PROGRESS = "meta/info.json", "meta/stats.json", "meta/tasks.parquet", "sarm_progress.parquet"
EPISODES = f"meta/episodes/{FILE.format(chunk_index=0, file_index=0)}.parquet"
DATA, VIDEO = f"data/{FILE}.parquet", f"videos/{{video_key}}/{FILE}.mp4"
READING = """```python
from lerobot.datasets.lerobot_dataset import LeRobotDataset

dataset = LeRobotDataset("local/dataset", root=".", video_backend="pyav")  # in this folder
print(dataset.num_episodes, dataset[0]["task"], dataset[0]["progress_sparse"])
```
"""
_INDICES = ("episode_index", "frame_index", "index", "task_index")
_QUANTILES = {"q01": 0.01, "q10": 0.1, "q50": 0.5, "q90": 0.9, "q99": 0.99}
_SAMPLED = 10
"""Frames of an episode whose colours are measured."""


def check_installed() -> None:
    """Nothing, where pyarrow is installed.

    Raises:
        ConfigError: it is not; the message has the line that mends it.
    """
    arrow()


def write(
    folder: Path,
    task: Task,
    episodes: Sequence[Episode],
    sheet: Sheet,
    cameras: Mapping[str, Camera],
    progress: Sequence[Array] | None = None,
    say: Callable[[str], object] = lambda line: None,
) -> None:
    """Write a dataset into a folder that has none.

    Args:
        folder: its root.
        task: whose episodes they are.
        episodes: in their order.
        sheet: the datasheet, which says how large each camera's films are.
        cameras: by their names; ``observation.images.<name>`` in the dataset.
        progress: of each episode ``(T + 1,)`` in [0, 1]; None takes the oracle.
        say: tells the user what is under way.

    Raises:
        ConfigError: pyarrow is not installed, there is no episode or no such camera.
        ShapeError: progress that does not fit the episodes.
        OSError: it cannot be written.
    """
    pa, pq = arrow()
    if not episodes:
        raise ConfigError("episodes: there are none; a dataset needs at least one")
    known = [one.oracle for one in episodes] if progress is None else list(progress)
    if [len(one) for one in known] != [len(one) + 1 for one in episodes]:
        raise ShapeError("progress: must have T + 1 numbers for each episode")
    sentences = list(dict.fromkeys(one.instruction for one in episodes))
    rows = [_rows(one, gained, sheet.fps) for one, gained in zip(episodes, known, strict=True)]
    begins = np.concatenate([[0], np.cumsum([len(one) for one in episodes])]).astype(np.int64)
    colours: dict[str, list[Array]] = {name: [] for name in cameras}
    for index, (episode, columns) in enumerate(zip(episodes, rows, strict=True)):
        columns |= _numbered(index, int(begins[index]), len(episode), sentences.index(episode.instruction))
        _put(pq, folder / DATA.format(**_at(index)), _table(pa, columns))
    with Scene(task) as scene:
        for name, camera in cameras.items():
            for index, episode in enumerate(episodes):
                path = folder / VIDEO.format(video_key=_key(name), **_at(index))
                frames = scene.frames(episode, camera, sheet.cameras[name], PROFILE, np.arange(len(episode)))
                with Film(path, round(sheet.fps), seekable=True) as film:
                    for frame in frames:
                        film.write(frame)
                colours[name].append(frames[:: max(1, len(frames) // _SAMPLED)])
            say(f"camera {name}: {len(episodes)} episodes filmed")
    _put(pq, folder / TASKS, _tasks(pa, sentences))
    told = [_told(task, one, index, begins, cameras, sheet.fps) for index, one in enumerate(episodes)]
    _put(pq, folder / EPISODES, pa.Table.from_pylist(told))
    joined = {name: np.concatenate([one[name] for one in rows]) for name in rows[0]}
    picked = {name: joined[name] for name in ("index", "episode_index", "frame_index", "progress_sparse")}
    _put(pq, folder / PROGRESS, _table(pa, picked))
    stats = {name: _stats(values) for name, values in joined.items()}
    stats |= {_key(name): _colours(np.concatenate(frames)) for name, frames in colours.items()}
    atomic.write_json(folder / STATS, stats)
    atomic.write_json(folder / INFO, _info(episodes, sheet, rows[0], sentences))


def unit_range(scores: Sequence[Array]) -> list[NDArray[np.float32]]:
    """Scores of any range as progress in [0, 1]: the dataset's 1st and 99th percentile become 0 and 1.

    Args:
        scores: of each episode ``(T + 1,)``.
    """
    low, high = np.quantile(np.concatenate(list(scores)), [0.01, 0.99])
    return [np.clip((one - low) / max(high - low, 1e-12), 0, 1).astype(np.float32) for one in scores]


def state_of(episode: Episode) -> NDArray[np.float32]:
    """What the policy saw as one row a state, several parts one after the other by name: float32 ``(T + 1, D)``."""
    seen = episode.observations
    parts = [seen[name] for name in sorted(seen)] if isinstance(seen, Mapping) else [seen]
    return np.concatenate([np.asarray(part, np.float32).reshape(len(part), -1) for part in parts], axis=1)


def arrow() -> tuple[ModuleType, ModuleType]:
    """pyarrow, and its module for Parquet.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as cause:
        raise ConfigError(f"format=lerobot: pyarrow is not installed ({cause}); pip install 'vlmrl[data]'") from cause
    return pyarrow, pyarrow.parquet


def _rows(episode: Episode, progress: Array, fps: float) -> dict[str, Array]:
    """The columns of an episode, T rows each, but for those that count over the whole dataset."""
    steps = len(episode)
    action = np.asarray(episode.actions, np.float32).reshape(steps, -1)
    return {
        "observation.state": state_of(episode)[:-1],
        "action": action,
        "next.reward": episode.rewards.astype(np.float32),
        "next.success": episode.success[1:],
        "next.done": np.arange(steps) == steps - 1,
        "progress_sparse": np.asarray(progress[:-1], np.float32),
        "timestamp": (np.arange(steps) / round(fps)).astype(np.float32),
    }


def _numbered(episode: int, first: int, steps: int, sentence: int) -> dict[str, Array]:
    frame = np.arange(steps, dtype=np.int64)
    values = (np.full(steps, episode), frame, first + frame, np.full(steps, sentence))
    return dict(zip(_INDICES, values, strict=True))


def _told(
    task: Task, episode: Episode, index: int, begins: Array, cameras: Mapping[str, Camera], fps: float
) -> dict[str, Any]:
    """What the table of episodes says of one; the last four columns are ours."""
    place = _at(index)
    videos = {
        f"videos/{_key(name)}/{what}": value
        for name in cameras
        for what, value in {**place, "from_timestamp": 0.0, "to_timestamp": len(episode) / round(fps)}.items()
    }
    return {
        "episode_index": index,
        "tasks": [episode.instruction],
        "length": len(episode),
        **{f"data/{name}": value for name, value in place.items()},
        "dataset_from_index": int(begins[index]),
        "dataset_to_index": int(begins[index + 1]),
        **videos,
        "meta/episodes/chunk_index": 0,
        "meta/episodes/file_index": 0,
        "actor": episode.actor,
        "about": episode.about,
        "seed": episode.seed,
        "succeeded": episode.succeeded(task),
    }


def _info(
    episodes: Sequence[Episode], sheet: Sheet, columns: Mapping[str, Array], sentences: Sequence[str]
) -> dict[str, Any]:
    fps = round(sheet.fps)
    features: dict[str, Any] = {}
    for name, values in columns.items():
        width = values.shape[1] if values.ndim == 2 else 1
        features[name] = {"dtype": str(values.dtype), "shape": [width], "names": None}
    for name, (height, width) in sheet.cameras.items():
        even = height + height % 2, width + width % 2  # as films are
        about = {"video.height": even[0], "video.width": even[1], "video.codec": "h264", "video.pix_fmt": "yuv420p"}
        about |= {"video.is_depth_map": False, "video.fps": fps, "video.channels": 3, "has_audio": False}
        names = ["height", "width", "channels"]
        features[_key(name)] = {"dtype": "video", "shape": [*even, 3], "names": names, "info": about}
    return {
        "codebase_version": VERSION,
        "robot_type": sheet.task.partition("/")[0],
        "total_episodes": len(episodes),
        "total_frames": sum(len(one) for one in episodes),
        "total_tasks": len(sentences),
        "chunks_size": CHUNK,
        "data_files_size_in_mb": 100,
        "video_files_size_in_mb": 200,
        "fps": fps,
        "splits": {"train": f"0:{len(episodes)}"},
        "data_path": DATA,
        "video_path": VIDEO if sheet.cameras else None,
        "features": features,
        "vlmrl": sheet.to_json(),
    }


def _key(camera: str) -> str:
    return f"observation.images.{camera}"


def _at(index: int) -> dict[str, int]:
    return {"chunk_index": index // CHUNK, "file_index": index % CHUNK}


def _table(pa: ModuleType, columns: Mapping[str, Array]) -> Any:
    made = {}
    for name, values in columns.items():
        if values.ndim == 2 and values.shape[1] > 1:
            flat = pa.array(np.ascontiguousarray(values).ravel())
            made[name] = pa.FixedSizeListArray.from_arrays(flat, values.shape[1])
        else:  # a row of one number is a number, as LeRobot has it
            made[name] = pa.array(np.ascontiguousarray(values).ravel())
    return pa.table(made)


def _tasks(pa: ModuleType, sentences: Sequence[str]) -> Any:
    """The sentences as the index of a table, as pandas reads it."""
    index = "__index_level_0__"
    told = [
        {"name": name, "field_name": field, "pandas_type": kind, "numpy_type": numpy, "metadata": None}
        for name, field, kind, numpy in (
            ("task_index", "task_index", "int64", "int64"),
            (None, index, "unicode", "object"),
        )
    ]
    top = {"name": None, "field_name": None, "pandas_type": "unicode", "numpy_type": "object"}
    top["metadata"] = {"encoding": "UTF-8"}  # type: ignore[assignment]
    about = {"index_columns": [index], "column_indexes": [top], "columns": told, "pandas_version": "2.2.0"}
    table = pa.table({"task_index": np.arange(len(sentences), dtype=np.int64), index: list(sentences)})
    return table.replace_schema_metadata({b"pandas": json.dumps(about).encode()})


def _put(pq: ModuleType, path: Path, table: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)


def _stats(values: Array) -> dict[str, list[float]]:
    """Of each number of a column over all rows."""
    rows = values.reshape(len(values), -1).astype(np.float64)
    found = {"min": rows.min(0), "max": rows.max(0), "mean": rows.mean(0), "std": rows.std(0)}
    found |= {name: np.quantile(rows, share, axis=0) for name, share in _QUANTILES.items()}
    return {name: value.tolist() for name, value in found.items()} | {"count": [len(rows)]}


def _colours(frames: Array) -> dict[str, Any]:
    """Of each colour over uint8 ``(B, H, W, 3)`` frames, in [0, 1] and shaped as LeRobot's pictures."""
    found = _stats(frames.reshape(-1, 3) / np.float32(255))
    shaped = {name: np.reshape(value, (3, 1, 1)).tolist() for name, value in found.items() if name != "count"}
    return {**shaped, "count": [len(frames)]}
