"""Pictures that people upload are never shown: each is drawn anew, small, by a process that may take only so much."""

import json
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

PROGRAM = Path(__file__).with_name("draw.py")
SECONDS = 8  # for the whole of it, on a busy machine as well
# One at a time in a web process, and whoever waits in vain for its turn is told that the picture is too much.
TURN = threading.BoundedSemaphore(1)
TURN_SECONDS = 10


class PictureRefused(Exception):
    """`reason` is `unreadable`, `too_many_pixels`, `animated` or `too_much` (memory or time)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Drawn:
    format: str  # of what was uploaded, in Pillow's words: PNG, JPEG …
    width: int
    height: int
    webp: bytes


def redraw(
    upload: BinaryIO, *, formats: list[str], size: tuple[int, int], most_pixels: int, is_square: bool = False
) -> Drawn:
    """The picture in `upload` as a WebP that fits into `size`, in pixels, or fills it when `is_square`.

    Raises PictureRefused.
    """
    wish = {"formats": formats, "size": size, "is_square": is_square, "most_pixels": most_pixels}
    upload.seek(0)
    if not TURN.acquire(timeout=TURN_SECONDS):
        raise PictureRefused("too_much")
    try:
        answer, webp = _run(upload.read(), wish)
    finally:
        TURN.release()
    if "refused" in answer:
        raise PictureRefused(answer["refused"])
    return Drawn(webp=webp, **answer)


def _run(content: bytes, wish: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    command = [sys.executable, "-I", str(PROGRAM), json.dumps(wish)]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=SECONDS, env={}, check=True)
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        raise PictureRefused("too_much") from error
    head, _, webp = done.stdout.partition(b"\n")
    return json.loads(head), webp
