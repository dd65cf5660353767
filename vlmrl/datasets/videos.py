"""Films of kept episodes, one a camera and episode, drawn from their states."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from vlmrl.datasets.episode import Episode
from vlmrl.datasets.scene import Scene
from vlmrl.envs.task import Camera, Profile, Task
from vlmrl.video.film import Film

VIDEOS = "videos"
PROFILE: Profile = "vlm"


def video_of(folder: Path, camera: str, index: int) -> Path:
    """Where the film of an episode lies in a dataset's folder."""
    return folder / VIDEOS / camera / f"episode_{index:06d}.mp4"


def write_videos(
    folder: Path,
    task: Task,
    episodes: Sequence[Episode],
    cameras: Mapping[str, Camera],
    size: tuple[int, int],
    fps: float,
    say: Callable[[str], object] = lambda line: None,
) -> None:
    """Film every episode through every camera, all T + 1 states; frame ``t`` is state ``t``.

    Args:
        folder: the dataset's.
        task: whose episodes they are.
        episodes: in their order.
        cameras: by the name of their folder.
        size: ``(height, width)`` in pixels.
        fps: states a second.
        say: tells the user what is under way.

    Raises:
        ConfigError: the model has no such camera.
        RunError: a film cannot be written.
    """
    with Scene(task) as scene:
        for name, camera in cameras.items():
            for index, episode in enumerate(episodes):
                with Film(video_of(folder, name, index), fps, seekable=True) as film:
                    for frame in scene.frames(episode, camera, size, PROFILE):
                        film.write(frame)
                if (index + 1) % max(1, len(episodes) // 4) == 0 or index + 1 == len(episodes):
                    say(f"camera {name}: {index + 1} of {len(episodes)} episodes filmed")
