"""What a browser has to fetch for a page: static files as collected for production, where esbuild is at hand."""

import gzip
import os
import shutil

import pytest
from django.conf import settings as django_settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from playwright.sync_api import Page, expect

from apps.chat.tests.factories import room_of
from apps.tasks.tests.factories import task_in
from tests.e2e.conftest import is_live

pytestmark = pytest.mark.skipif(
    not shutil.which(django_settings.ESBUILD) and os.environ.get("CI") != "true",
    reason="no esbuild: scripts/javascript lint",
)
MOST_REQUESTS = 20
MOST_JS, MOST_CSS = 70 * 1024, 35 * 1024  # compressed


@pytest.fixture
def collected(settings, tmp_path, product):
    """The product serves what was collected, under hashed names."""
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "teamboard.web.assets.static.HashedModules"}}
    call_command("collectstatic", interactive=False, verbosity=0)
    settings.STATICFILES_DIRS = [tmp_path]
    finders.get_finder.cache_clear()
    yield
    finders.get_finder.cache_clear()


def open_cold(visit, person) -> tuple[Page, dict[str, bytes]]:
    """The board in a browser that has nothing of it, and what each address answered."""
    page, answers = visit(person, "/healthz"), []
    page.on("response", lambda answer: answers.append(answer))
    page.goto("/projects/TIDE/")
    is_live(page)
    page.wait_for_load_state("networkidle")
    return page, {answer.url: answer.body() for answer in answers if answer.status == 200}


def compressed(got: dict[str, bytes], ending: str) -> int:
    return sum(len(gzip.compress(body, 9)) for url, body in got.items() if url.endswith(ending))


def test_cold_board_takes_few_requests(collected, visit, columns, ana):
    task_in(columns["ready"], title="Ask for a deposit")
    _page, got = open_cold(visit, ana)
    assert len(got) <= MOST_REQUESTS, "\n".join(sorted(got))
    assert 0 < compressed(got, ".js") <= MOST_JS
    assert 0 < compressed(got, ".css") <= MOST_CSS


def test_room_beside_the_board_brings_its_modules_when_it_is_opened(collected, visit, board, ana):
    room_of(board)
    page, got = open_cold(visit, ana)
    assert not any("/room-" in url for url in got)
    with page.expect_response(lambda answer: "/room-" in answer.url):
        page.locator("[data-chat-tab]").click()
    expect(page.locator(".chat textarea")).to_be_visible()


def test_bundled_board_opens_a_task_beside_it(collected, visit, columns, ana):
    task_in(columns["ready"], title="Ask for a deposit")
    page, _got = open_cold(visit, ana)
    page.get_by_role("link", name="Ask for a deposit").click()
    expect(page.locator(".drawer__title")).to_be_focused()
