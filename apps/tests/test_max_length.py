"""A text that is too long is refused whole and kept, with its length and the limit, at every door; nothing is cut."""

import re
from importlib import import_module
from pathlib import Path
from uuid import uuid4

import pytest
from django import forms
from django.conf import settings
from django.forms.models import BaseModelForm
from django.template import Context, Template
from django.utils import translation

from apps.accounts.tests.programs import Program
from apps.chat.search.search import MAX_QUERY_LENGTH
from apps.chat.tests.factories import room_of
from apps.max_length import max_length
from apps.names import NameFormField
from apps.tasks.models import Task
from apps.tasks.tests.factories import task_in

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-30")]
TEMPLATES = sorted(Path(settings.BASE_DIR, "templates").rglob("*.html"))
FORMS = sorted(
    path.relative_to(settings.BASE_DIR).with_suffix("").as_posix().replace("/", ".")
    for path in Path(settings.BASE_DIR, "apps").rglob("forms.py")
)


@pytest.fixture
def task(columns, ana) -> Task:
    return task_in(columns["ready"], "Paint the quay", description="Two coats.", by=ana)


def too_long(count: int, limit: int) -> str:
    return f"That is too long: {count} characters, {limit} at most."


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_template_lets_no_browser_cut(path):
    assert not re.search(r"\bmaxlength\s*=", path.read_text())


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_template_reads_its_limits_from_the_models(path):
    """But for the prompt's: that is a size in bytes, which a model does not know."""
    assert set(re.findall(r'data-limit="(\d+)"', path.read_text())) <= {"200000"}


@pytest.mark.parametrize("module", FORMS)
def test_form_draws_its_limits_and_no_maxlength(module):
    found = [each for each in vars(import_module(module)).values() if isinstance(each, type)]
    for form in [each for each in found if issubclass(each, forms.BaseForm) and not issubclass(each, BaseModelForm)]:
        for name, field in form.base_fields.items():
            html = field.widget.render(name, "", field.widget_attrs(field.widget))
            assert "maxlength" not in html
            limit = getattr(field, "max_length", None)
            assert not limit or field.widget.is_hidden or f'data-limit="{limit}"' in html


def test_admin_draws_no_maxlength(client, ana):
    ana.is_staff = ana.is_superuser = True
    ana.save()
    client.force_login(ana)
    html = client.get("/admin/agents/gateway/add/").content.decode()
    assert "data-limit=" in html
    assert "maxlength" not in html


@pytest.mark.parametrize(("field", "limit"), [("title", 200), ("description", 50_000)])
def test_page_and_api_refuse_a_field_alike(client, task, ana, field, limit):
    client.force_login(ana)
    text = "ё" * (limit + 7)
    sent = {field: text, "version": task.version}
    page = client.post(f"{task.get_absolute_url()}edit/", sent)
    assert page.status_code == 422
    assert too_long(limit + 7, limit) in page.content.decode()
    assert text in page.content.decode()
    script = client.post(f"{task.get_absolute_url()}edit/", sent, headers={"Accept": "application/json"})
    assert script.json()["message"] == too_long(limit + 7, limit)
    assert too_long(limit + 7, limit) in Program(ana).patch(f"tasks/{task.pk}/", sent).content.decode()
    task.refresh_from_db()
    assert (task.title, task.description) == ("Paint the quay", "Two coats.")


def test_comment_is_refused_alike(client, task, ana):
    client.force_login(ana)
    page = client.post(f"{task.get_absolute_url()}comment/", {"text": "y" * 50_001})
    assert too_long(50_001, 50_000) in page.content.decode()
    assert "y" * 50_001 in page.content.decode()
    refused = Program(ana).post(f"tasks/{task.pk}/comments/", {"text": "y" * 262_145})
    assert refused.status_code == 400
    assert too_long(262_145, 262_144) in refused.content.decode()
    assert not task.comments.exists()


def test_sentence_is_in_the_readers_language(client, task, ana):
    client.force_login(ana)
    json = {"Accept": "application/json", "Accept-Language": "ru"}
    answer = client.post(f"{task.get_absolute_url()}edit/", {"title": "x" * 201}, headers=json).json()
    with translation.override("ru"):
        assert answer["message"] == translation.gettext(
            "That is too long: {count} characters, {limit} at most."
        ).format(count=201, limit=200)
    assert "That" not in answer["message"]


def test_command_refuses_a_long_title_and_makes_no_task(client, board, ana):
    client.force_login(ana)
    sent = {"text": f"/task {'Rope ' * 50}", "client_message_id": uuid4()}
    answer = client.post(f"/projects/TIDE/chat/{room_of(board).pk}/messages/", sent)
    assert answer.status_code == 422
    assert too_long(249, 200) in answer.content.decode()
    assert "Rope Rope" in answer.content.decode().split("<textarea")[1]
    assert not Task.objects.exists()


def test_search_refuses_a_long_query_and_keeps_it(client, board, ana):
    client.force_login(ana)
    answer = client.get("/projects/TIDE/chat/search/", {"q": "quay " * 101}).content.decode()
    assert too_long(504, MAX_QUERY_LENGTH) in answer
    assert ("quay " * 101).strip() in answer


def test_line_breaks_count_as_typed(client, task, ana):
    client.force_login(ana)
    text = "\r\n".join(["y"] * 25_000)
    assert client.post(f"{task.get_absolute_url()}comment/", {"text": text}).status_code == 302
    assert task.comments.get().text == text.replace("\r\n", "\n")


def test_saving_one_field_leaves_the_others_as_they_were(client, task, ana):
    Task.objects.filter(pk=task.pk).update(title="Paint the quay\nbefore winter", description="One.\n\nTwo.")
    task.refresh_from_db()
    client.force_login(ana)
    page = client.get(f"{task.get_absolute_url()}?full").content.decode()
    shown = re.search(r'name="title"[^>]* value="([^"]*)"', page)
    assert shown is not None
    assert shown[1] == "Paint the quay before winter"
    form = {"title": shown[1], "description": "One.\r\n\r\nTwo.", "version": task.version}
    client.post(f"{task.get_absolute_url()}edit/", form)
    task.refresh_from_db()
    assert (task.title, task.description) == ("Paint the quay\nbefore winter", "One.\n\nTwo.")
    assert task.version == form["version"]
    client.post(f"{task.get_absolute_url()}edit/", form | {"description": "One.\r\n\r\nThree."})
    task.refresh_from_db()
    assert (task.title, task.description) == ("Paint the quay\nbefore winter", "One.\n\nThree.")


def test_line_shows_a_line_break_as_a_space():
    html = NameFormField(max_length=80).widget.render("name", "North\nSea", {})
    assert 'value="North Sea"' in html


def test_templates_say_the_limits_of_their_own_fields():
    for path, field in (
        ("tasks/board/_column.html", "title"),
        ("tasks/detail/_subtasks.html", "title"),
        ("tasks/detail/_description.html", "title"),
        ("tasks/detail/_description.html", "description"),
    ):
        html = Path(settings.BASE_DIR, "templates", path).read_text()
        assert re.search(rf"""name="{field}"[^>]*data-limit="{{% limit 'tasks.Task' '{field}' %}}\"""", html), path
    assert Template("{% limit 'tasks.Task' 'title' %}").render(Context()) == str(max_length(Task, "title"))
