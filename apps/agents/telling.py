"""What a task's history says about its runs."""

from django.utils.translation import gettext as _

from apps.agents.models import Run
from apps.tasks.timeline import Sentence


def _closed(payload: dict) -> str:
    status = Run.Status(payload["status"])
    if status == Run.Status.SUCCEEDED:
        return _("brought a result.")
    return _("ended the run: {status}. {error}").format(status=status.label, error=payload.get("error", "")).strip()


SENTENCES: dict[str, tuple[str, Sentence]] = {
    "run.queued": ("hourglass", lambda payload: _("asked {agent}, attempt {attempt}.").format(**payload)),
    "run.started": ("play", lambda payload: _("started attempt {attempt}.").format(**payload)),
    "run.closed": ("flag", _closed),
    "run.delayed": ("clock", lambda payload: _("could not hand it over. {error}").format(**payload)),
    "run.doubted": ("circle-alert", lambda payload: _("lost an answer: nobody knows whether the run started.")),
    "run.interrupted": ("rotate-ccw", lambda payload: _("was interrupted by a restart of the gateway.")),
    "run.reopened": ("clock", lambda payload: _("finished after its time was up.")),
    "run.accepted": ("check", lambda payload: _("accepted attempt {attempt}.").format(**payload)),
    "run.sent_back": ("undo-2", lambda payload: _("sent attempt {attempt} back.").format(**payload)),
}
