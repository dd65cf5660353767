"""A film as a file: frames go in one at a time, and the file appears whole or not at all."""

from __future__ import annotations

import os
import re
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from vlmrl.config import atomic
from vlmrl.errors import ConfigError, RunError, ShapeError
from vlmrl.types import Array
from vlmrl.video.pipe import Pipe
from vlmrl.video.spool import Spool, checked

ENDINGS = (".mp4", ".gif")
FASTEST_GIF = 50
"""Browsers slow down any gif that shows a frame for less than 20 ms."""

# Plays everywhere, starts before it is loaded whole, and says which of the two colour matrices was used.
MP4 = (
    *("-crf", "20", "-movflags", "+faststart", "-vf", "scale=out_color_matrix=bt709,format=yuv420p"),
    *("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"),
)

# A whole picture every few frames, and each frame in its place: half a second of a film is decoded to show one frame.
SEEKABLE = ("-g", "12", "-bf", "0")


class Film:
    """Streams frames into an mp4 (H.264, yuv420p) or a gif (one palette over the whole film, endless loop).

    Memory does not grow with length: an mp4 is encoded as it comes, a gif waits on disk until its palette is known.
    The film is written under a temporary name beside ``path`` and takes its place when closed; an error, or leaving the
    ``with`` block by an exception, leaves an earlier file as it was.

    Args:
        path: ends in ``.mp4`` or ``.gif``; its directory is made.
        fps: frames a second, above 0; 50 at most for a gif.
        seekable: an mp4 in which whoever scrubs finds any frame at once, somewhat larger.

    Raises:
        ConfigError: another ending, or a rate out of range.
        RunError: the directory cannot be written.
    """

    def __init__(self, path: Path, fps: float, seekable: bool = False) -> None:
        path = Path(path)
        if path.suffix.lower() not in ENDINGS:
            raise ConfigError(f"film={path}: must end in {' or '.join(ENDINGS)}")
        if not 0 < fps <= 1000 or (path.suffix.lower() == ".gif" and fps > FASTEST_GIF):
            raise ConfigError(f"fps={fps}: must be above 0, and {FASTEST_GIF} at most for a gif")
        self.path, self.fps = path, fps
        self._options = (*MP4, *SEEKABLE) if seekable else MP4
        self._part = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix.lower()}")
        self._palette = self._part.with_suffix(".png")
        self._pipe: Pipe | None = None
        self._spool: Spool | None = None
        self._size: tuple[int, int] | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._part.touch()
        except OSError as cause:
            raise RunError(f"film={path}: cannot be written ({cause.strerror}); choose another directory") from cause

    def write(self, frame: Array) -> None:
        """Add one uint8 ``(H, W, 3)`` frame; all have the size of the first.

        Raises:
            ShapeError: another size than the first frame's, or no picture.
            RunError: it cannot be written.
        """
        size = self._size = checked(frame, self._size)
        if self._pipe is None:
            self._pipe = self._opened(size)
        frame = _even(frame)
        self._pipe.write(frame)
        if self._spool is not None:
            self._spool.write(frame)

    def close(self) -> None:
        """Finish the file and put it in its place.

        Raises:
            ShapeError: no frame was written.
            RunError: it cannot be finished; nothing is left behind.
        """
        try:
            if self._pipe is None:
                raise ShapeError(f"film={self.path}: no frame was written; a film needs at least one")
            pipe, self._pipe = self._pipe, None
            pipe.close()
            if self._spool is not None:
                self._paint(self._spool)
            atomic.flush(self._part)
            os.replace(self._part, self.path)
        except OSError as cause:
            raise RunError(f"film={self.path}: cannot be written ({cause.strerror}); choose another place") from cause
        finally:
            self.abort()

    def abort(self) -> None:
        """Give the film up and delete its temporary files; closing twice is no error."""
        if self._pipe is not None:
            self._pipe.abort()
            self._pipe = None
        if self._spool is not None:
            self._spool.close()
            self._spool = None
        self._part.unlink(missing_ok=True)
        self._palette.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    def _opened(self, size: tuple[int, int]) -> Pipe:
        even = self._even = (size[0] + size[0] % 2, size[1] + size[1] % 2)
        if self.path.suffix.lower() == ".mp4":
            return Pipe(self._part, even, self.fps, "libx264", self._options)
        self._spool = Spool(self.path.parent)
        options = ("-vf", "palettegen=stats_mode=full", "-frames:v", "1", "-update", "1")
        return Pipe(self._palette, even, self.fps, "png", options)

    def _paint(self, spool: Spool) -> None:
        """Write the gif from the frames put aside, now that the palette has seen them all."""
        # Ordered dither keeps still parts still, so that only what moves costs bytes.
        use = "paletteuse=dither=bayer:bayer_scale=4:diff_mode=rectangle"
        options = ("-lavfi", f"movie={_escaped(self._palette)}[palette];[0:v][palette]{use}", "-loop", "0")
        pipe = Pipe(self._part, self._even, self.fps, "gif", options)
        try:
            for frame in spool:
                pipe.write(frame)
        except BaseException:
            pipe.abort()
            raise
        pipe.close()


def _escaped(path: Path) -> str:
    """A file's name for ffmpeg's filter language, which unescapes twice: a graph, then an option in it."""
    option = re.sub(r"([\\':])", r"\\\1", str(path))
    return re.sub(r"([\\'\[\],;])", r"\\\1", option)


def _even(frame: Array) -> Array:
    """Repeat the last row or column where a side is odd: yuv420p halves both."""
    height, width = frame.shape[:2]
    if height % 2 or width % 2:
        return np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return frame
