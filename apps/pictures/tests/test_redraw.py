"""A picture may take only so much memory and time, and never from the process that serves the pages."""

import resource
import threading
from io import BytesIO

import pytest
from PIL import Image

from apps.pictures import redraw as module
from apps.pictures.redraw import PictureRefused, redraw

pytestmark = pytest.mark.req("FLT-37")
FORMATS = ["PNG", "JPEG", "GIF", "WEBP"]


def picture(form: str = "PNG", size: tuple[int, int] = (900, 600), mode: str = "RGB", **options) -> BytesIO:
    file = BytesIO()
    Image.new(mode, size, None if mode == "P" else "teal").save(file, form, **options)
    return file


def drawn(file: BytesIO, **wishes):
    return redraw(file, **{"formats": FORMATS, "size": (480, 360), "most_pixels": 20_000_000} | wishes)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("mode", ["RGB", "L", "P"])
def test_every_format_is_drawn_as_webp(form, mode):
    picture_of_it = drawn(picture(form, mode=mode if (form, mode) not in (("JPEG", "P"), ("WEBP", "P")) else "RGB"))
    assert (picture_of_it.format, picture_of_it.width, picture_of_it.height) == (form, 480, 320)
    assert Image.open(BytesIO(picture_of_it.webp)).size == (480, 320)


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (picture(size=(5000, 4001)), "too_many_pixels"),
        (picture("GIF", (5000, 4001), "P"), "too_many_pixels"),
        (picture("WEBP", (5000, 4001)), "too_many_pixels"),
        (picture("JPEG", (10_000, 8_001)), "too_many_pixels"),
        (picture("BMP"), "unreadable"),
        (BytesIO(b""), "unreadable"),
        (BytesIO(picture().getvalue()[:-40]), "unreadable"),
        (BytesIO(b"\x89PNG\r\n\x1a\n" + b"\0" * 50), "unreadable"),
    ],
    ids=["PNG", "GIF", "WEBP", "JPEG", "BMP", "empty", "cut off", "zeros"],
)
def test_what_is_no_picture_or_too_large_is_refused(file, reason):
    with pytest.raises(PictureRefused) as refusal:
        drawn(file)
    assert refusal.value.reason == reason


def test_largest_pictures_stay_within_the_memory():
    for form, mode, size in [
        ("PNG", "RGBA", (5000, 4000)),
        ("WEBP", "RGB", (5000, 4000)),
        ("JPEG", "RGB", (10_000, 8_000)),
    ]:
        assert drawn(picture(form, size, mode)).format == form


@pytest.mark.parametrize(
    "program",
    [
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**28, 2**28)); bytearray(2**29)",  # out of memory
        "import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass",
        "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",  # a decoder's own fault
    ],
    ids=["memory", "time", "crash"],
)
def test_process_that_breaks_off_is_a_refusal_and_the_next_has_its_turn(monkeypatch, tmp_path, program):
    broken = tmp_path / "draw.py"
    broken.write_text(program)
    with monkeypatch.context() as patched:
        patched.setattr(module, "PROGRAM", broken)
        with pytest.raises(PictureRefused) as refusal:
            drawn(picture())
    assert refusal.value.reason == "too_much"
    assert drawn(picture()).format == "PNG"


def test_program_that_hangs_is_ended(monkeypatch, tmp_path):
    asleep = tmp_path / "draw.py"
    asleep.write_text("import time; time.sleep(600)")
    monkeypatch.setattr(module, "PROGRAM", asleep)
    monkeypatch.setattr(module, "SECONDS", 0.5)
    with pytest.raises(PictureRefused) as refusal:
        drawn(picture())
    assert refusal.value.reason == "too_much"


def test_who_waits_in_vain_for_a_turn_is_refused(monkeypatch):
    monkeypatch.setattr(module, "TURN", threading.BoundedSemaphore(1))
    monkeypatch.setattr(module, "TURN_SECONDS", 0.05)
    assert module.TURN.acquire()
    with pytest.raises(PictureRefused) as refusal:
        drawn(picture())
    assert refusal.value.reason == "too_much"


def test_limits_are_set_and_nothing_of_the_environment_is_handed_on(monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET_KEY", "not for decoders")
    tells = tmp_path / "draw.py"
    tells.write_text(
        f"import json, os, runpy, sys; sys.path.insert(0, {str(module.PROGRAM.parent)!r}); import draw\n"
        "draw.draw = lambda *_, **__: ({'format': json.dumps([draw.resource.getrlimit(draw.resource.RLIMIT_AS)[0],"
        " 'SECRET_KEY' in os.environ]), 'width': 1, 'height': 1}, b'')\ndraw.main()"
    )
    monkeypatch.setattr(module, "PROGRAM", tells)
    assert drawn(picture()).format == f"[{512 * 1024 * 1024}, false]"
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY


def test_picture_that_needs_too_much_memory_is_no_unreadable_one(monkeypatch, tmp_path):
    """The program's own limit, met by Pillow in the middle of a good picture."""
    tight = tmp_path / "draw.py"
    tight.write_text(
        f"import runpy, sys; sys.path.insert(0, {str(module.PROGRAM.parent)!r}); import draw\n"
        "draw.Image.init()\n"
        "taken = int(open('/proc/self/statm').read().split()[0]) * draw.resource.getpagesize()\n"
        "draw.MEMORY = taken + 16 * 2**20\ndraw.main()"
    )
    monkeypatch.setattr(module, "PROGRAM", tight)
    assert drawn(picture(size=(64, 64))).format == "PNG"
    with pytest.raises(PictureRefused) as refusal:
        drawn(picture(size=(4000, 4000)))
    assert refusal.value.reason == "too_much"
