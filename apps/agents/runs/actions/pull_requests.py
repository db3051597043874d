"""Pull requests that came of agents' work: tied to the run, and merged when a person accepts it."""

from typing import Any, cast

from django.db.models import Exists, F, OuterRef
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.agents.models import Run, RunPullRequest
from apps.agents.runs import card_moves, targets
from apps.agents.runs.actions.review import accept
from apps.agents.runs.states import Review
from apps.errors import Conflict
from apps.projects import events
from apps.projects.changes import locked_for_change
from apps.projects.git.repositories import pull_request_merge
from apps.projects.models import Event, PullRequest, Repository
from apps.projects.permissions import Action
from apps.tasks.models import CodeLink, Task
from apps.tasks.open_subtasks import require_subtasks_done


def on_pull_request(event: Event) -> None:
    """A pull request on the very branch that a run was told to use is that run's; of several attempts the latest's.

    A fork's branch is called `owner:branch` here, so it is nobody's. Logs `run.pull_request_linked` once for each.
    """
    request = PullRequest.objects.select_related("repository").filter(pk=event.payload["request"]).first()
    if request is None:
        return
    with locked_for_change(event.project_id) as project:
        sent = project.runs.with_related().filter(branch=request.head_branch, first_sent_at__isnull=False)
        run = sent.order_by("-first_sent_at").first()
        if run is None:
            return
        _, is_new = RunPullRequest.objects.get_or_create(run=run, pull_request=request)
        if is_new:
            about: dict[str, Any] = {
                "number": request.number,
                "name": request.repository.name,
                "agent": str(run.agent.user),
            }
            events.record(project, "run.pull_request_linked", by=None, **targets.event_facts(run), **about)


def mergeable(run: Run) -> PullRequest | None:
    """The one open pull request into the default branch that came of work on this task and may be merged from here.

    One whose link somebody has taken off the task is not meant.
    """
    linked = CodeLink.objects.active().filter(task=run.task_id, pull_request=OuterRef("pk"))
    open_ones = PullRequest.objects.filter(
        Exists(linked),
        run_links__run__task=run.task_id,
        state=PullRequest.State.OPEN,
        base_branch=F("repository__default_branch"),
    )
    allowed = open_ones.exclude(repository__merging=Repository.Merging.NOBODY)
    found = list(allowed.select_related("repository__project").distinct()[:2])
    return found[0] if len(found) == 1 else None


def nothing_to_merge() -> Conflict:
    return Conflict(_("There is no pull request here any more that waits to be merged."))


def accept_and_merge(run: Run, *, sha: str, by: User, anyway: bool = False) -> Run:
    """Have the forge merge the pull request at `sha`, then accept the run; log `run.merged`.

    Call it outside a transaction. When the forge refuses, nothing is accepted; when somebody has decided otherwise
    meanwhile, it is merged all the same and the log says so. Raises what `pull_request_merge.merge` and `accept`
    raise, OpenSubtasks before anything is merged.
    """
    with locked_for_change(run.project_id, run, by=by, needs=Action.RUN) as project:
        card_moves.require_person(by, project)
        request = mergeable(run)
        if request is None or run.review != Review.WAITING:
            raise nothing_to_merge()
        if not anyway:
            require_subtasks_done(cast(Task, run.task))
    pull_request_merge.merge(request, sha=sha, by=by)
    with locked_for_change(run.project_id) as project:
        about: dict[str, Any] = {"number": request.number, "name": request.repository.name, "sha": sha}
        events.record(project, "run.merged", by=by, **targets.event_facts(run), **about)
    return accept(run, by=by, anyway=True)
