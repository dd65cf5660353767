"""One ffmpeg process behind moviepy's writer, whose failures become errors instead of broken files."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from moviepy.video.io.ffmpeg_writer import FFMPEG_VideoWriter

from vlmrl.errors import RunError
from vlmrl.types import Array


class Pipe:
    """Feeds frames of one size to ffmpeg, one at a time; nothing is kept here.

    Args:
        path: the file that ffmpeg writes; its ending names the container.
        size: ``(height, width)`` of every frame in pixels.
        fps: frames a second.
        codec: ffmpeg's name of the encoder.
        options: ffmpeg's options for the output.

    Raises:
        RunError: ffmpeg cannot be started.
    """

    def __init__(self, path: Path, size: tuple[int, int], fps: float, codec: str, options: Sequence[str] = ()) -> None:
        self._path = path
        # moviepy would read ffmpeg's messages from a pipe that nobody empties, and never asks how it ended.
        self._log = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115  # closed with the pipe
        try:
            self._writer = FFMPEG_VideoWriter(
                str(path),
                (size[1], size[0]),
                fps,
                codec=codec,
                preset="veryfast",
                logfile=self._log,
                ffmpeg_params=["-nostats", *options],
            )
        except OSError as cause:
            self._log.close()
            raise RunError(f"{path}: ffmpeg cannot be started ({cause}); set FFMPEG_BINARY to its path") from cause
        self._process = self._writer.proc

    def write(self, frame: Array) -> None:
        """Hand over one uint8 ``(H, W, 3)`` frame.

        Raises:
            RunError: ffmpeg has ended, most often because the disk is full; its own words are quoted.
        """
        try:
            self._writer.write_frame(frame)
        except OSError as cause:
            self._process.wait()
            raise self._failure() from cause

    def close(self) -> None:
        """Let ffmpeg finish the file.

        Raises:
            RunError: it could not; its own words are quoted.
        """
        try:
            with suppress(OSError):  # ffmpeg has ended before; its exit status below says why
                self._writer.close()
            if self._process.wait() != 0:
                raise self._failure()
        finally:
            self._log.close()

    def abort(self) -> None:
        """Stop ffmpeg and leave what it has written so far to the caller."""
        self._process.kill()
        with suppress(OSError):
            self._writer.close()
        self._process.wait()
        self._log.close()

    def _failure(self) -> RunError:
        self._log.seek(0)
        said = [line.strip() for line in self._log.read().splitlines() if line.strip()]
        return RunError(f"{self._path}: ffmpeg could not write it: {'; '.join(said[-3:]) or 'it gave no reason'}")
