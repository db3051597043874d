"""Draws a picture anew: a program of its own, for a small file can unfold into any amount of memory and time.

    python -I draw.py WISH < picture > answer

WISH is `{"formats": […], "size": [width, height], "is_square": …, "most_pixels": …}` in JSON. The answer is a line of
JSON, `{"format": "PNG", "width": …, "height": …}`, and behind it a WebP; or `{"refused": "unreadable"}`,
`"too_many_pixels"`, `"animated"`. It imports nothing of the project. What exceeds the limits, which are set before a
byte is read, ends this process alone.
"""

import json
import resource
import sys
from io import BytesIO
from typing import Any

from PIL import Image, ImageOps

Image.MAX_IMAGE_PIXELS = None  # ours is stricter
MEMORY = 512 * 1024 * 1024  # of addresses, a third of which Python and the decoders' libraries take
CPU_SECONDS = 4
JPEG_BONUS = 4  # a JPEG may have more pixels: it is decoded at an eighth of its width and height
SCALED_AS_THEY_ARE = ("RGB", "RGBA", "L", "LA", "CMYK")


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    try:
        answer, drawn = draw(sys.stdin.buffer.read(), **json.loads(sys.argv[1]))
    except MemoryError:  # ends the process, as any other limit does: the picture may be a good one
        raise
    except Exception:  # decoders raise whatever they stumble over
        answer, drawn = {"refused": "unreadable"}, b""
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + drawn)


def draw(
    content: bytes, *, formats: list[str], size: tuple[int, int], is_square: bool, most_pixels: int
) -> tuple[dict[str, Any], bytes]:
    with Image.open(BytesIO(content), formats=formats) as picture:  # reads the head alone
        pixels = picture.width * picture.height
        if pixels > most_pixels * (JPEG_BONUS if picture.format == "JPEG" else 1):
            return {"refused": "too_many_pixels"}, b""
        if is_square and getattr(picture, "n_frames", 1) > 1:
            return {"refused": "animated"}, b""
        picture.draft("RGB", (size[0] * 2, size[1] * 2))
        whole = picture if picture.mode in SCALED_AS_THEY_ARE else picture.convert("RGBA")
        small = _square(whole, size) if is_square else _inside(whole, max(size) * 2)
        upright = ImageOps.exif_transpose(small).convert("RGBA")
        form = picture.format
    if is_square:
        drawn = Image.new("RGB", size, "white")
        drawn.paste(upright, mask=upright)
    else:
        upright.thumbnail(size)
        drawn = Image.new("RGBA", upright.size)  # which has nothing else in it: no place, no camera, no date
        drawn.paste(upright)
    file = BytesIO()
    drawn.save(file, "WEBP", quality=85)
    return {"format": form, "width": drawn.width, "height": drawn.height}, file.getvalue()


def _square(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The middle of `picture`, of which no copy is made at full size."""
    side = min(picture.size)
    left, top = (picture.width - side) / 2, (picture.height - side) / 2
    return picture.resize(size, box=(left, top, left + side, top + side), reducing_gap=2)


def _inside(picture: Image.Image, side: int) -> Image.Image:
    picture.thumbnail((side, side))
    return picture


if __name__ == "__main__":
    main()
