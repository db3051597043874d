"""The board, and what is done on it: adding and moving tasks, more cards, updates for the poor in sockets."""

from dataclasses import dataclass

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.request_types import MemberRequest
from apps.accounts.sessions import engine
from apps.projects import permissions
from apps.projects.models import Project
from apps.projects.permissions import Action
from apps.projects.realtime import frames
from apps.rest.numbers import whole
from apps.rest.problems import refusal_response
from apps.tasks.actions.create import create as create_task
from apps.tasks.actions.move import OpenSubtasks
from apps.tasks.actions.move import move as move_task
from apps.tasks.board import cards as board_cards
from apps.tasks.board.js_messages import board_words
from apps.tasks.forms import MoveForm, TaskForm
from apps.tasks.models import Column, Task


@dataclass
class Card:
    """A place in a column's list: what the list sorts by, and the face."""

    pk: int
    rank: str
    html: SafeString


@dataclass
class Shelf:
    """A column with the cards that come with the page."""

    column: Column
    cards: list[Card]
    count: int

    @property
    def more_after(self) -> str:
        """The rank to go on from, if cards are left."""
        return self.cards[-1].rank if self.cards and self.count > len(self.cards) else ""


@require_GET
def board(request: MemberRequest, key: str) -> HttpResponse:
    return render(request, "tasks/board/board.html", board_context(request, project_of(request, key)))


def project_of(request: MemberRequest, key: str, action: Action = Action.VIEW) -> Project:
    """The project with the person's `role` in it, if they may see it (else 404) and do `action` (else 403)."""
    return permissions.project_for(request.user, key, action)


def board_context(request: MemberRequest, project: Project) -> dict:
    """What the board's page shows.

    `project` must be read before: its `last_seq` stands on the page, and rows read after that
    can only be newer, which the first frame repeats harmlessly.
    """
    found = board_cards.first_pages(project)
    people = board_cards.people_of(project, found)
    counts = board_cards.column_counts(project)
    placed: dict[int, list[Card]] = {}
    for face in found:
        placed.setdefault(face.column, []).append(card_of(project, face, people))
    return {
        "project": project,
        "shelves": [
            Shelf(column, placed.get(column.pk, []), counts.get(column.pk, 0)) for column in project.columns.all()
        ],
        "sum": mark_safe(board_cards.sum_html(project, people)),  # noqa: S308 - a rendered template
        "lesson": not counts,
        "words": board_words(),
        "can_write": permissions.role_may(project.role, Action.WRITE),
        "can_comment": permissions.role_may(project.role, Action.COMMENT),
        "can_run": permissions.role_may(project.role, Action.RUN),
    }


def card_of(project: Project, face: board_cards.Face, people: dict[int, board_cards.Who]) -> Card:
    return Card(face.pk, face.rank, mark_safe(board_cards.drawn(project.key, face, people)))  # noqa: S308


@require_GET
def more(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    """The next cards of a column: list items for the board's script, a page for everybody else."""
    project = project_of(request, key)
    column = get_object_or_404(project.columns, pk=pk)
    found = board_cards.next_page(column, after=request.GET.get("after", ""))
    people = board_cards.people_of(project, found)
    cards = [card_of(project, face, people) for face in found]
    context = {
        "project": project,
        "column": column,
        "cards": cards,
        "more_after": cards[-1].rank if len(cards) == board_cards.NEXT_PAGE else "",
        "can_write": permissions.role_may(project.role, Action.WRITE),
    }
    is_for_script = "X-Fragment" in request.headers
    return render(request, "tasks/board/_cards.html" if is_for_script else "tasks/board/column.html", context)


@require_POST
def create(request: MemberRequest, key: str) -> HttpResponse:
    project = project_of(request, key, Action.WRITE)
    form = TaskForm(request.POST, project=project)
    if not form.is_valid():
        return not_understood(request, form, "tasks/detail/create.html", {"project": project})
    task = create_task(project, **form.cleaned_data, by=request.user)
    parent = form.cleaned_data["parent"]
    return frame_or(request, project, parent.get_absolute_url() if parent else place_of(project, task))


@require_http_methods(["GET", "POST"])
def move(request: MemberRequest, key: str, number: int) -> HttpResponse:
    """The drag's door, and a page of its own for moving without a mouse or a script."""
    project = project_of(request, key, Action.WRITE)
    task = get_object_or_404(project.tasks.select_related("column"), number=number)
    form = MoveForm(request.POST or None, task=task, project=project)
    page = {"project": project, "task": task, "form": form}
    if request.method == "GET":
        return render(request, "tasks/board/move.html", page)
    if not form.is_valid():
        return not_understood(request, form, "tasks/board/move.html", page)
    try:
        move_task(task, **form.cleaned_data, by=request.user)
    except OpenSubtasks as question:
        if wants_json(request):
            raise
        return render(request, "tasks/board/move.html", page | {"question": question}, status=422)
    return frame_or(request, project, place_of(project, task))


@engine.asked_by_page
@require_GET
def updates(request: MemberRequest, key: str) -> JsonResponse:
    """The frame since `?since=` for a page without a socket."""
    project = project_of(request, key)
    return JsonResponse(frame_for(request, project, request.GET))


def frame_for(request: MemberRequest, project: Project, page: dict) -> dict:
    """What takes the page to now; `page` says where it is: `since`, `epoch` and the open `task`."""
    since = whole(page.get("since", ""))
    return frames.frame_since(
        project.pk,
        -1 if since is None else since,
        epoch=page.get("epoch", ""),
        language=get_language(),
        open_task=whole(page.get("task", "")),
    )


def frame_or(request: MemberRequest, project: Project, place: str) -> HttpResponse:
    """The answer to a change: a frame for the script, the way to `place` for a plain form."""
    if wants_json(request):
        return JsonResponse(frame_for(request, project, request.POST))
    return redirect(place)


def not_understood(request: MemberRequest, form, template: str, context: dict) -> HttpResponse:
    if wants_json(request):
        sentence = " ".join(error for errors in form.errors.values() for error in errors)
        return refusal_response(422, sentence, "invalid")
    return render(request, template, context | {"form": form}, status=422)


def wants_json(request: MemberRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def place_of(project: Project, task: Task) -> str:
    """Where the task stands on the board."""
    return f"{reverse('tasks:board', args=[project.key])}#task-{task.pk}"
