"""Frames put aside on disk without loss and read back in order: a film of any length in the memory of one frame."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from moviepy.video.io.ffmpeg_reader import FFMPEG_VideoReader

from vlmrl.errors import ShapeError
from vlmrl.types import Array
from vlmrl.video.pipe import Pipe


class Spool:
    """A temporary store of equal-sized frames; leaving its ``with`` block deletes it.

    Args:
        folder: where to put the temporary file; None takes the system's place for such.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="vlmrl-film-", dir=folder)
        self._path = Path(self._folder.name) / "frames.mkv"
        self._pipe: Pipe | None = None
        self._size: tuple[int, int] | None = None
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def write(self, frame: Array) -> None:
        """Put one uint8 ``(H, W, 3)`` frame aside.

        Raises:
            ShapeError: another size than the first frame's, or no picture.
            RunError: it cannot be written.
        """
        size = self._size = checked(frame, self._size)
        if self._pipe is None:
            self._pipe = Pipe(self._path, size, 25, "libx264rgb", ("-crf", "0"))
        self._pipe.write(frame)
        self._count += 1

    def __iter__(self) -> Iterator[Array]:
        """Every frame as it was, in order; nothing can be put aside afterwards.

        Raises:
            RunError: the file could not be finished.
        """
        if self._count == 0:
            return
        if self._pipe is not None:
            pipe, self._pipe = self._pipe, None
            pipe.close()
        reader = FFMPEG_VideoReader(str(self._path), decode_file=False)
        try:
            yield reader.last_read  # moviepy reads the first frame ahead
            for _ in range(self._count - 1):
                yield reader.read_frame()
        finally:
            reader.close()

    def close(self) -> None:
        """Delete the store; closing twice is no error."""
        if self._pipe is not None:
            self._pipe.abort()
            self._pipe = None
        self._folder.cleanup()

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def checked(frame: Array, first: tuple[int, int] | None) -> tuple[int, int]:
    """The ``(height, width)`` of a uint8 ``(H, W, 3)`` frame, which is that of the ``first`` if there was one.

    Raises:
        ShapeError: it is no such frame, or of another size than the first.
    """
    if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != "uint8" or 0 in frame.shape:
        raise ShapeError(f"frame {frame.dtype} {frame.shape}: must be uint8 (H, W, 3), RGB")
    size = int(frame.shape[0]), int(frame.shape[1])
    if first is not None and size != first:
        raise ShapeError(f"frame {frame.shape}: must be {(*first, 3)} like the first")
    return size
