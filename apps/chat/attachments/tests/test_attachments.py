"""Files in a room: kept whole or not at all, served as what they are, to those who read the room."""

import errno
import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.db import OperationalError, connection
from django.utils import timezone, translation
from PIL import Image
from psycopg import errors

from apps.accounts.tests.programs import Program
from apps.chat import jobs
from apps.chat.attachments import attachments
from apps.chat.messages.actions.delete import delete
from apps.chat.messages.actions.post import post
from apps.chat.models import Attachment, FileChunk, Message
from apps.chat.search import search
from apps.chat.tests.factories import message_in
from apps.errors import Refused
from apps.projects.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
CHAT = "/projects/TIDE/chat/"


def file_of(content: bytes = b"tide", name: str = "tide.txt", kind: str = "text/plain") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, kind)


def picture(form: str = "PNG", size: tuple[int, int] = (900, 600)) -> bytes:
    drawn = BytesIO()
    Image.new("RGB", size, "teal").save(drawn, form)
    return drawn.getvalue()


def kept(room, by, content: bytes = b"tide", name: str = "tide.txt") -> Attachment:
    return attachments.upload(room, file_of(content, name), name=name, by=by)


def sent(room, by, *files: Attachment, text: str = "") -> Message:
    return post(room, text=text, by=by, client_message_id=uuid4(), files=[file.pk for file in files])


def content_of(answer) -> bytes:
    return b"".join(answer.streaming_content)


class FullDisk:
    """The server's disk fills up at the second chunk."""

    def create(self, *, number: int, **row) -> None:
        if number:
            raise OperationalError from errors.DiskFull("could not extend file")
        FileChunk(number=number, **row).save()


@pytest.mark.req("FLT-34")
def test_upload_on_a_full_disk_is_refused_and_leaves_nothing(client, room, ana, settings, monkeypatch):
    settings.DEBUG = False
    client.raise_request_exception = False
    client.force_login(ana)
    program = Program(ana)
    program.client.raise_request_exception = False
    monkeypatch.setattr(FileChunk, "objects", FullDisk())
    large = b"x" * (attachments.CHUNK_BYTES + 1)
    answers = [
        client.post(f"{CHAT}{room.pk}/files/", {"file": file_of(large)}, headers={"accept": "application/json"}),
        program.client.post(f"/api/v1/rooms/{room.pk}/files/", {"file": file_of(large)}),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(507, "disk_full")] * 2
    monkeypatch.undo()
    assert not Attachment.objects.exists()
    assert not FileChunk.objects.exists()


@pytest.mark.req("FLT-34")
def test_upload_that_finds_no_room_on_its_way_is_refused(client, room, ana, settings, monkeypatch):
    """Django keeps a large file in TMPDIR while it comes."""
    settings.DEBUG = False
    client.raise_request_exception = False
    client.force_login(ana)

    def full(self, content: bytes, start: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(TemporaryFileUploadHandler, "receive_data_chunk", full)
    large = file_of(b"x" * (settings.FILE_UPLOAD_MAX_MEMORY_SIZE + 1))
    answer = client.post(f"{CHAT}{room.pk}/files/", {"file": large}, headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
    assert not Attachment.objects.exists()


@pytest.mark.req("I5")
def test_download_returns_the_uploaded_bytes(client, room, ana, ben):
    content = bytes(range(256)) * 10_000  # three chunks
    file = kept(room, ana, content, "tables of 2027.bin")
    sent(room, ana, file, text="The tables")
    client.force_login(ben)
    answer = client.get(f"{CHAT}files/{file.pk}/")
    assert content_of(answer) == content
    assert Attachment.objects.get().sha256 == hashlib.sha256(content).hexdigest()
    assert FileChunk.objects.count() == 3
    assert answer["Content-Length"] == str(len(content))


@pytest.mark.req("X3")
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("evil.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
        ("evil.html", b"<!doctype html><script>alert(1)</script>"),
        ("evil.png", b"<!doctype html><script>alert(1)</script>"),
        ("evil.xml", b"<?xml version='1.0'?><x/>"),
        ("evil.js", b"alert(1)"),
        ("evil.pdf", b"%PDF-1.7"),
        ("bomb.zip", b"PK\x03\x04"),
        ("polyglot.gif", b"GIF89a/*" + b"x" * 100 + b"*/=alert(1)"),
    ],
)
def test_download_offers_other_types_as_attachment(client, room, ana, name, content):
    file = kept(room, ana, content, name)
    sent(room, ana, file)
    client.force_login(ana)
    answer = client.get(f"{CHAT}files/{file.pk}/")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert client.get(f"{CHAT}files/{file.pk}/thumbnail/").status_code == 404


@pytest.mark.req("X3")
@pytest.mark.parametrize(("form", "kind"), attachments.PICTURES.items())
def test_thumbnail_is_rendered_from_the_picture(client, room, ana, form, kind):
    file = kept(room, ana, picture(form), "pier.exe")
    message = sent(room, ana, file)
    client.force_login(ana)
    answer = client.get(f"{CHAT}files/{file.pk}/")
    assert (answer["Content-Type"], answer["Content-Disposition"]) == (kind, 'inline; filename="pier.exe"')
    assert "sandbox" in answer["Content-Security-Policy"]
    thumbnail = Image.open(BytesIO(client.get(f"{CHAT}files/{file.pk}/thumbnail/").content))
    assert (thumbnail.format, thumbnail.size) == ("WEBP", (480, 320))
    assert f"files/{file.pk}/thumbnail/" in client.get(f"{CHAT}{room.pk}/?around={message.pk}").content.decode()


@pytest.mark.req("X3")
def test_thumbnail_skips_pictures_with_too_many_pixels(room, ana, monkeypatch):
    monkeypatch.setattr(attachments, "MOST_PIXELS", 1000)
    assert kept(room, ana, picture()).content_type == ""


@pytest.mark.req("X3", "FLT-34")
@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ana\\tide.txt", "tide.txt"),
        ("evil\u202etxt.exe", "eviltxt.exe"),
        ("two\r\nlines.txt", "two lines.txt"),
        ("", "file"),
        ("...", "file"),
        (".env", ".env"),
        (" .gitignore ", ".gitignore"),
        ("quo%22te.txt", 'quo"te.txt'),
        ('quo"te.txt', 'quo"te.txt'),
        ("100%25.txt", "100%25.txt"),
        ("приливы.txt", "приливы.txt"),
    ],
)
def test_file_name_is_cleaned(given, seen):
    assert attachments.clean_name(given) == seen
    with translation.override("ru"):
        assert attachments.clean_name(given) == seen
    assert len(attachments.clean_name("x" * 1000 + ".txt")) == 150


@pytest.mark.req("Z5")
def test_download_is_for_readers_of_the_room(client, room, ana, ben):
    file = kept(room, ana)
    paths = [f"{CHAT}files/{file.pk}/", f"/api/v1/files/{file.pk}/"]
    client.force_login(ana)
    assert client.get(paths[0]).status_code == 404  # not even its uploader's, before a message carries it
    message = sent(room, ana, file)
    assert client.get(paths[0]).status_code == 200
    for stranger in (UserFactory(), None):
        client.force_login(stranger) if stranger else client.logout()
        assert client.get(paths[0]).status_code in (302, 404)
        assert client.get(paths[1]).status_code in (401, 404)
    delete(message, by=ana)
    client.force_login(ben)
    assert client.get(paths[0]).status_code == 404
    assert not FileChunk.objects.exists()


def test_post_with_files_alone_is_sent_once(client, room, ana):
    file = kept(room, ana)
    client.force_login(ana)
    form = {"text": "", "client_message_id": str(uuid4()), "files": str(file.pk)}
    for _ in range(2):
        assert client.post(f"{CHAT}{room.pk}/messages/", form).status_code == 302
    assert list(Message.objects.get().files.all()) == [file]
    assert client.post(f"{CHAT}{room.pk}/messages/", {"text": " ", "client_message_id": uuid4()}).status_code == 422


def test_quote_of_a_message_with_files_alone(client, room, ana):
    message = sent(room, ana, kept(room, ana))
    message_in(room, ana, "Read it.", reply_to=message)
    client.force_login(ana)
    assert "<bdi>Files</bdi></a>" in client.get(CHAT).content.decode()


def test_attach_refuses_files_of_others_and_deleted_ones(room, ana, ben):
    for files in ([kept(room, ben).pk], [uuid4()], [kept(room, ana).pk, uuid4()]):
        with pytest.raises(attachments.FileGone):
            post(room, text="See", by=ana, client_message_id=uuid4(), files=files)
    assert not Message.objects.exists()


def test_upload_refuses_beyond_its_limits(client, room, ana, settings):
    settings.LARGEST_FILE, settings.PROJECT_FILES = 10, 25
    with pytest.raises(attachments.TooLarge, match="10"):
        kept(room, ana, b"x" * 11)
    with pytest.raises(attachments.Empty):
        kept(room, ana, b"")
    kept(room, ana, b"x" * 10), kept(room, ana, b"x" * 10)
    with pytest.raises(attachments.NoSpace):
        kept(room, ana, b"x" * 10)
    with pytest.raises(attachments.TooLarge, match="10"):
        post(room, text="", by=ana, client_message_id=uuid4(), files=[uuid4() for _ in range(11)])
    client.force_login(ana)
    answer = client.post(
        f"{CHAT}{room.pk}/files/", {"file": file_of(b"x" * 11)}, headers={"Accept": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert client.post(f"{CHAT}{room.pk}/files/").status_code == 422


@pytest.mark.django_db(transaction=True)
def test_upload_twice_at_once_keeps_the_space_limit(room, ana, settings):
    settings.PROJECT_FILES = 15

    def upload(_: int) -> bool:
        try:
            return bool(kept(room, ana, b"x" * 10))
        except Refused:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(upload, range(4))) == 1


@pytest.mark.req("I5")
def test_upload_that_breaks_off_leaves_nothing(room, ana):
    class Broken(SimpleUploadedFile):
        def read(self, size=-1):
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        attachments.upload(room, Broken("x", b"half of it"), name="x", by=ana)
    assert not Attachment.objects.exists()


@pytest.mark.req("I5")
def test_unsent_files_are_deleted_after_a_day(room, ana):
    unsent, carried = kept(room, ana), kept(room, ana)
    sent(room, ana, carried)
    jobs.delete_unsent_files()
    assert Attachment.objects.count() == 2
    Attachment.objects.update(created_at=timezone.now() - timedelta(hours=25))
    jobs.delete_unsent_files()
    assert Attachment.objects.get() == carried
    assert unsent.pk != carried.pk


@pytest.mark.req("CHT-10")
def test_search_finds_messages_that_have_a_file(board, room, ana):
    message_in(room, ana, "Without")
    message = sent(room, ana, kept(room, ana), text="With")
    assert search.search(board, "has:file")[0] == [message.pk]
    assert search.search(board, "with has:file")[0] == [message.pk]
    with pytest.raises(search.NotUnderstood):
        search.search(board, "has:nothing")


def test_api_uploads_and_downloads(room, ana):
    program = Program(ana)
    upload = program.client.post(f"/api/v1/rooms/{room.pk}/files/", {"file": file_of()})
    assert upload.status_code == 201
    posted = program.post(
        f"rooms/{room.pk}/messages/", {"client_message_id": str(uuid4()), "files": [upload.json()["id"]]}
    ).json()
    assert [(file["name"], file["size"]) for file in posted["files"]] == [("tide.txt", 4)]
    assert content_of(program.get(f"files/{upload.json()['id']}/")) == b"tide"
    assert program.client.post(f"/api/v1/rooms/{room.pk}/files/", {}).status_code == 400
    assert (
        program.post(f"rooms/{room.pk}/messages/", {"client_message_id": str(uuid4()), "text": ""}).status_code == 400
    )


def test_files_cost_a_page_two_statements(client, room, ana, django_assert_max_num_queries):
    for _ in range(12):
        sent(room, ana, kept(room, ana), kept(room, ana))
    client.force_login(ana)
    with django_assert_max_num_queries(17):
        client.get(CHAT)
