"""The board, and what is done on it: adding and moving tasks, more cards, updates for pages without a socket."""

from dataclasses import dataclass
from typing import Any

from django.forms import Form
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.models import User
from apps.accounts.request_types import MemberRequest
from apps.accounts.sessions import engine
from apps.projects import permissions
from apps.projects.models import Project
from apps.projects.permissions import Action
from apps.projects.realtime import frames
from apps.rest.numbers import whole
from apps.rest.problems import refusal_response
from apps.tasks.actions.create import create as create_task
from apps.tasks.actions.move import move as move_task
from apps.tasks.board import banner
from apps.tasks.board import cards as board_cards
from apps.tasks.board.forms import MoveForm, TaskForm
from apps.tasks.board.js_messages import board_words
from apps.tasks.board.places import Gap, Place, facts_for_script, place_of, url_on_board
from apps.tasks.models import Column, Task
from apps.tasks.open_subtasks import OpenSubtasks


@dataclass
class RenderedCard:
    """An item of a column's list: what the list sorts by, and the item's HTML."""

    rank: str
    html: SafeString


def joined(cards: list[RenderedCard]) -> SafeString:
    return mark_safe("".join(card.html for card in cards))  # noqa: S308 - each is safe


@dataclass
class ColumnPage:
    """A column with the cards that come with the page."""

    column: Column
    cards: list[RenderedCard]
    count: int

    @property
    def items(self) -> list[SafeString | Gap]:
        """The cards, and behind them the gap if some are left."""
        gap = [Gap(self.cards[-1].rank)] if self.cards and self.count > len(self.cards) else []
        return [joined(self.cards), *gap]


@dataclass
class ShownCardPage(ColumnPage):
    """The same with one card that is not among them, behind a gap."""

    shown: RenderedCard
    place: Place

    @property
    def items(self) -> list[SafeString | Gap]:
        gap = [Gap(self.cards[-1].rank, before=self.shown.rank)] if self.place.number > len(self.cards) + 1 else []
        rest = [Gap(self.shown.rank)] if self.place.next else []
        return [joined(self.cards), *gap, self.shown.html, *rest]


@require_GET
def board(request: MemberRequest, key: str) -> HttpResponse:
    return render(request, "tasks/board/board.html", board_context(request, permissions.project_for(request.user, key)))


def board_context(request: MemberRequest, project: Project) -> dict[str, Any]:
    """What the board's page shows.

    `project` must be read before: its `last_seq` stands on the page, and rows read after that
    can only be newer, which the first frame repeats harmlessly. `?show=` is the number of a task
    whose card is there in any case.
    """
    found = board_cards.first_pages(project)
    shown = shown_task(request, project, {row.pk for row in found})
    shown_rows = board_cards.of_tasks(project, [shown.pk]) if shown else []
    users = board_cards.users_on([*found, *shown_rows])
    columns = Column.objects.of(project)
    by_column: dict[int, list[RenderedCard]] = {}
    for row in found:
        by_column.setdefault(row.column, []).append(rendered(project, row, users))
    pages = [ColumnPage(column, by_column.get(column.pk, []), column.task_count) for column in columns]
    if shown and shown_rows:  # it may be gone meanwhile
        pages = [with_shown(page, shown, rendered(project, shown_rows[0], users)) for page in pages]
    return {
        "project": project,
        "column_pages": pages,
        "summary": board_cards.summary_html(project),
        "banner": banner.html_of(project),
        "lesson": not any(column.task_count for column in columns),
        "words": board_words(),
        "can_write": permissions.role_may(project.role, Action.WRITE),
        "can_comment": permissions.role_may(project.role, Action.COMMENT),
        "can_run": permissions.role_may(project.role, Action.RUN),
    }


def shown_task(request: MemberRequest, project: Project, on_page: set[int]) -> Task | None:
    """The one that `?show=` asks for, unless it is on the page anyway."""
    number = whole(request.GET.get("show", ""))
    return None if number is None else project.tasks.filter(number=number).exclude(pk__in=on_page).first()


def with_shown(page: ColumnPage, task: Task, card: RenderedCard) -> ColumnPage:
    if page.column.pk != task.column_id:
        return page
    return ShownCardPage(page.column, page.cards, page.count, card, place_of(task))


def rendered(project: Project, row: board_cards.CardRow, users: dict[int, board_cards.UserSummary]) -> RenderedCard:
    card = board_cards.render(project.key, row, users)
    return RenderedCard(row.rank, format_html('<li id="task-{}" data-rank="{}">{}</li>\n', row.pk, row.rank, card))


@require_GET
def column(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    """The next cards of a column: list items for the board's script, a page for everybody else."""
    project = permissions.project_for(request.user, key)
    shown = get_object_or_404(project.columns, pk=pk)
    before = request.GET.get("before", "")
    found = board_cards.next_page(shown, after=request.GET.get("after", ""), before=before)
    users = board_cards.users_on(found)
    cards = [rendered(project, row, users) for row in found]
    context = {
        "project": project,
        "column": shown,
        "items": [joined(cards), *([Gap(cards[-1].rank, before)] if len(cards) == board_cards.NEXT_PAGE else [])],
        "can_write": permissions.role_may(project.role, Action.WRITE),
    }
    is_for_script = "X-Fragment" in request.headers
    return render(request, "tasks/board/_cards.html" if is_for_script else "tasks/board/column.html", context)


@require_POST
def create(request: MemberRequest, key: str) -> HttpResponse:
    project = permissions.project_for(request.user, key)
    form = TaskForm(request.POST, project=project)
    if not form.is_valid():
        return invalid_form(request, form, "tasks/detail/create.html", {"project": project})
    try:
        task = create_task(project, **form.cleaned_data, by=request.user)
    except OpenSubtasks as question:
        if wants_json(request):
            raise
        page = {"project": project, "form": form, "question": question}
        return render(request, "tasks/detail/create.html", page, status=422)
    if wants_json(request):
        return frame_with_place(request, project, task, is_new=True)
    parent = form.cleaned_data["parent"]
    return redirect(parent.get_absolute_url() if parent else url_on_board(project, task, place_of(task)))


@require_http_methods(["GET", "POST"])
def move(request: MemberRequest, key: str, number: int) -> HttpResponse:
    """The drag's request, and a page of its own for moving without a mouse or a script."""
    task = find_task(request.user, key, number)
    project = task.project
    form = MoveForm(request.POST or None, task=task, project=project)
    page = {"project": project, "task": task, "form": form}
    if request.method == "GET" or not form.is_valid():
        permissions.require(request.user, Action.WRITE, project)  # the page is for those who may move
    if request.method == "GET":
        return render(request, "tasks/board/move.html", page)
    if not form.is_valid():
        return invalid_form(request, form, "tasks/board/move.html", page)
    try:
        move_task(task, **form.cleaned_data, by=request.user)
    except OpenSubtasks as question:
        if wants_json(request):
            raise
        return render(request, "tasks/board/move.html", page | {"question": question}, status=422)
    if wants_json(request):
        return frame_with_place(request, project, task)
    return redirect(url_on_board(project, task, place_of(task)))


def find_task(user: User, key: str, number: int) -> Task:
    """The task `number` of the project `key`, found or 404."""
    task = Task.objects.seen_by(user, key, number)
    if task is None:
        raise Http404(f"No task {key}-{number} for {user.pk}.")
    return task


@engine.asked_by_page
@require_GET
def updates(request: MemberRequest, key: str) -> JsonResponse:
    """The frame since `?since=` for a page without a socket."""
    project = permissions.project_for(request.user, key)
    return JsonResponse(frame_for(request, project, request.GET))


def frame_for(
    request: MemberRequest, project: Project, page: dict[str, Any], changed: Project | None = None
) -> dict[str, Any]:
    """What takes the page to now, or to what has just `changed` the project.

    `page` says where it is: `since`, `epoch` and the open `task`.
    """
    since = whole(page.get("since", ""))
    return frames.frame_since(
        project.pk,
        -1 if since is None else since,
        epoch=page.get("epoch", ""),
        language=get_language(),
        open_task=whole(page.get("task", "")),
        changed=changed,
    )


def frame_or_redirect(request: MemberRequest, project: Project, url: str) -> HttpResponse:
    """The answer to a change: a frame for the script, a redirect to `url` for a plain form."""
    if wants_json(request):
        return JsonResponse(frame_for(request, project, request.POST))
    return redirect(url)


def frame_with_place(request: MemberRequest, project: Project, task: Task, *, is_new: bool = False) -> JsonResponse:
    """The frame, and where the `task` stands that was put somewhere: read after it, never behind it."""
    frame = frame_for(request, project, request.POST, changed=task.project)
    return JsonResponse(frame | {"placed": facts_for_script(project, task, is_new=is_new)})


def invalid_form(request: MemberRequest, form: Form, template: str, context: dict[str, Any]) -> HttpResponse:
    if wants_json(request):
        sentence = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return refusal_response(422, sentence, "invalid")
    return render(request, template, context | {"form": form}, status=422)


def wants_json(request: MemberRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"
