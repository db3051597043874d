"""What people upload of themselves, and what becomes of it."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from apps.accounts.models import Avatar, User
from apps.accounts.users import avatars, views


@pytest.fixture
def ana(client, db):
    person = User.objects.create_user("ana", name="Ana")
    client.force_login(person)
    return person


def drawing(kind: str = "PNG", size: tuple[int, int] = (300, 200), mode: str = "RGB", **options) -> bytes:
    """A picture, red at the left and blue at the right."""
    picture = Image.new("RGB", size, "red")
    picture.paste("blue", (size[0] // 2, 0, *size))
    file = BytesIO()
    picture.convert(mode).save(file, kind, **options)
    return file.getvalue()


def drawn(content: bytes) -> Image.Image:
    return Image.open(BytesIO(avatars.reencoded(BytesIO(content))))


def is_red(pixel: tuple[int, ...]) -> bool:
    return pixel[0] > 150 > pixel[2]


@pytest.mark.parametrize("content", [drawing("PNG"), drawing("JPEG"), drawing("WEBP"), drawing("JPEG", mode="CMYK")])
def test_a_picture_becomes_a_small_square_of_its_middle(content):
    square = drawn(content)
    assert (square.format, square.size) == ("WEBP", (128, 128))
    assert is_red(square.getpixel((10, 64)))
    assert not is_red(square.getpixel((118, 64)))


def test_avatar_is_upright_and_without_camera_metadata():
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    exif[0x010F] = "Camera"
    exif.get_ifd(0x8825)[1] = "N"  # the place
    square = drawn(drawing("JPEG", exif=exif))
    assert not is_red(square.getpixel((10, 64)))
    assert not square.getexif()
    assert set(square.info) <= {"loop", "background", "timestamp", "duration"}


def test_what_is_clear_becomes_white():
    clear = Image.new("RGBA", (50, 50), (255, 0, 0, 0))
    file = BytesIO()
    clear.save(file, "PNG")
    assert min(drawn(file.getvalue()).getpixel((64, 64))) > 250


def moving() -> bytes:
    file = BytesIO()
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:])
    return file.getvalue()


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (SVG, "not a picture we can read"),
        (drawing("GIF"), "not a picture we can read"),
        (drawing("PNG")[:200], "not a picture we can read"),
        (drawing("JPEG")[:-300], "not a picture we can read"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "not a picture we can read"),
        (drawing("PNG", (5000, 4000)), "more than 16 megapixels"),
        (moving(), "That picture moves"),
        (b"\0" * (avatars.MOST_BYTES + 1), "larger than 2 MB"),
    ],
)
def test_anything_else_is_refused_with_the_reason(client, ana, content, reason):
    page = upload(client, content)
    assert page.status_code == 422
    assert reason in page.content.decode()
    ana.refresh_from_db()
    assert (ana.avatar, ana.hue) == ("", "sky")


def upload(client, content: bytes, hue: str = "plum"):
    file = SimpleUploadedFile("me.png", content, "image/png")
    return client.post(reverse("accounts:avatar"), {"hue": hue, "file": file})


def test_avatar_stays_with_new_hue_and_goes_when_removed(client, ana):
    assert upload(client, drawing()).status_code == 302
    ana.refresh_from_db()
    first = ana.avatar
    assert len(first) == 32
    assert f"/avatars/{first}/" in client.get(reverse("accounts:profile")).content.decode()
    client.post(reverse("accounts:avatar"), {"hue": "leaf"})
    ana.refresh_from_db()
    assert (ana.hue, ana.avatar) == ("leaf", first)
    upload(client, drawing(size=(400, 100)))
    ana.refresh_from_db()
    assert ana.avatar not in ("", first)
    assert Avatar.objects.count() == 1
    client.post(reverse("accounts:remove-avatar"))
    ana.refresh_from_db()
    assert (ana.hue, ana.avatar) == ("plum", "")
    assert not Avatar.objects.exists()


def test_a_hue_that_does_not_exist_is_refused(client, ana):
    assert upload(client, drawing(), hue="neon").status_code == 422
    assert not Avatar.objects.exists()


@pytest.mark.req("S3")
def test_avatar_uploads_are_limited_and_hues_are_not(client, ana, monkeypatch):
    monkeypatch.setattr(views, "UPLOADS_PER_MINUTE", 2)
    page = [upload(client, SVG) for _ in range(6)][-1]  # at worst the minute ends in between
    assert page.status_code == 429
    assert 1 <= int(page["Retry-After"]) <= 61
    assert "wait a minute" in page.content.decode()
    assert client.post(reverse("accounts:avatar"), {"hue": "leaf"}).status_code == 302
    client.force_login(User.objects.create_user("ben", name="Ben"))
    assert upload(client, drawing()).status_code == 302
