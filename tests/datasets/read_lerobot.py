"""Run by another Python, which has LeRobot and nothing of ours: what LeRobot itself makes of a dataset.

python read_lerobot.py FOLDER OUT.npz
"""

import json
import sys

import numpy as np


def main(folder: str, out: str) -> None:
    from lerobot.datasets.lerobot_dataset import LeRobotDataset
    from lerobot.utils.rabc import RABCWeights

    dataset = LeRobotDataset("local/dataset", root=folder, video_backend="pyav")
    items = [dataset[index] for index in range(len(dataset))]
    columns = [name for name, value in items[0].items() if hasattr(value, "numpy")]
    weights = RABCWeights(f"{folder}/sarm_progress.parquet", chunk_size=3)
    told = {
        "episodes": dataset.num_episodes,
        "frames": dataset.num_frames,
        "fps": dataset.fps,
        "tasks": [item["task"] for item in items],
        "progress": [weights.progress_lookup[index] for index in range(len(items))],
        "mean": dataset.meta.stats["action"]["mean"].tolist(),
    }
    arrays = {name: np.stack([item[name].numpy() for item in items]) for name in columns}
    np.savez(out, told=np.array(json.dumps(told)), **arrays)


if __name__ == "__main__":
    main(*sys.argv[1:])
