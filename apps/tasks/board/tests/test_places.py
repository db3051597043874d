"""Where a card stands that was just put somewhere: what its page is told, and how the board shows it."""

import re

import pytest

from apps.tasks.board import cards
from apps.tasks.board.places import Place, place_of
from apps.tasks.tests.factories import BoardFactory, task_in

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-31")]


@pytest.fixture
def ana_visits(client, ana):
    client.force_login(ana)
    return client


@pytest.fixture
def long(columns):
    return [task_in(columns["ready"], f"Task {number}") for number in range(1, 41)]


def order(html: str) -> list[str]:
    """Titles of the cards, and … for each gap."""
    found = re.findall(r'class="card__link"[^>]*><bdi>(.*?)</bdi>|class="(column__more)"', html)
    return [title or "…" for title, _ in found]


def ask(client, url, **fields):
    return client.post(url, fields, headers={"Accept": "application/json"}).json()["placed"]


def test_place_counts_from_one_and_names_both_neighbours(columns, long):
    assert place_of(long[0]) == Place(1, 40, "", long[1].rank)
    assert place_of(long[30]) == Place(31, 40, long[29].rank, long[31].rank)
    assert place_of(long[39]) == Place(40, 40, long[38].rank, "")


def test_new_task_is_told_its_place(ana_visits, columns, long):
    placed = ask(ana_visits, "/projects/TIDE/tasks/", title="Buy rope", column=columns["ready"].pk)
    assert (placed["place"], placed["count"], placed["next"]) == (41, 41, "")
    assert (placed["previous"], placed["name"], placed["title"]) == (long[39].rank, "To do", "Buy rope")
    assert placed["is_new"]
    assert placed["url"] == f"/projects/TIDE/?show={placed['number']}#task-{placed['task']}"


def test_moved_task_is_told_its_place(ana_visits, columns, long):
    placed = ask(ana_visits, f"{long[0].get_absolute_url()}move/", to=columns["doing"].pk)
    assert (placed["place"], placed["count"], placed["is_new"]) == (1, 1, False)
    assert placed["url"] == f"/projects/TIDE/#task-{long[0].pk}"


def test_place_is_read_after_the_frame(ana_visits, columns, long, monkeypatch):
    """Somebody comes between: what the frame has not yet told is no neighbour that makes a gap look empty."""
    frame_of, ben_comes = cards.with_counts, []

    def counted(*args):
        if not ben_comes:
            ben_comes.append(task_in(columns["ready"], "Ben's"))
        return frame_of(*args)

    monkeypatch.setattr(cards, "with_counts", counted)
    placed = ask(ana_visits, "/projects/TIDE/tasks/", title="Buy rope", column=columns["ready"].pk)
    assert placed["next"] == ben_comes[0].rank


def test_plain_form_leads_to_the_card(ana_visits, board, columns, long):
    answer = ana_visits.post("/projects/TIDE/tasks/", {"title": "Buy rope", "column": columns["ready"].pk})
    task = board.tasks.get(title="Buy rope")
    assert answer.url == f"/projects/TIDE/?show={task.number}#task-{task.pk}"
    assert order(ana_visits.get(answer.url).content.decode()) == [
        *[f"Task {number}" for number in range(1, 26)],
        "…",
        "Buy rope",
    ]


@pytest.mark.parametrize(
    ("at", "wanted"),
    [(0, ["Task 25", "…"]), (25, ["Task 25", "Task 26", "…"]), (30, ["Task 25", "…", "Task 31", "…"])],
)
def test_board_shows_the_card_that_is_asked_for(ana_visits, columns, long, at, wanted):
    html = ana_visits.get(f"/projects/TIDE/?show={long[at].number}").content.decode()
    assert order(html)[24:] == wanted


@pytest.mark.parametrize("asked", ["", "x", "0", "-1", "999999", "99999999999999999999", "1.5"])
def test_board_is_shown_whatever_is_asked_for(ana_visits, columns, long, asked):
    assert len(order(ana_visits.get("/projects/TIDE/", {"show": asked}).content.decode())) == 26


def test_board_shows_no_card_of_another_project(ana_visits, columns, long):
    other = BoardFactory(name="Elsewhere", key="ELSE")
    for number in range(60):
        task_in(other.columns.first(), f"Secret {number}")
    assert "Secret" not in ana_visits.get("/projects/TIDE/?show=50").content.decode()


def test_gap_gives_what_is_between_and_no_more(ana_visits, columns, long):
    html = ana_visits.get(f"/projects/TIDE/?show={long[39].number}").content.decode()
    url = re.search(r'column__more.*?href="(.*?)"', html)[1].replace("&amp;", "&")
    rest = ana_visits.get(url, headers={"X-Fragment": "1"}).content.decode()
    assert order(rest) == [f"Task {number}" for number in range(26, 40)]


def test_gap_goes_on_to_the_same_end(ana_visits, columns, long, monkeypatch):
    monkeypatch.setattr(cards, "NEXT_PAGE", 5)
    html = ana_visits.get(f"/projects/TIDE/?show={long[39].number}").content.decode()
    url, seen = re.search(r'column__more.*?href="(.*?)"', html)[1], []
    while url:
        page = ana_visits.get(url.replace("&amp;", "&"), headers={"X-Fragment": "1"}).content.decode()
        seen += [title for title in order(page) if title != "…"]
        found = re.search(r'column__more.*?href="(.*?)"', page)
        url = found and found[1]
    assert seen == [f"Task {number}" for number in range(26, 40)]
