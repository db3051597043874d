"""The name of a task's branch, by which what is pushed there is linked with the task."""

import re
import unicodedata

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.errors import Refused
from apps.projects import events
from apps.projects.changes import locked_for_change
from apps.projects.models import Project
from apps.projects.permissions import Action
from apps.tasks.models import BranchNameTemplate, Task

DEFAULT = "{key}-{title}"
MAX_LENGTH = 60
MAX_USER_LENGTH = 15
MAX_FIXED_LENGTH = 24  # with the longest key and name there is room for it
# The key begins the name or stands behind a slash, and no letter follows: so task_references.in_branch finds it again.
TEMPLATE = re.compile(
    r"(?:[A-Za-z0-9_/-]|\{(?:title|user)\})*(?<![^/])\{key\}(?![A-Za-z0-9{])(?:[A-Za-z0-9_/-]|\{(?:title|user)\})*"
)
# What taking the accents off does not get right: letters of their own, and how Germans and Danes spell theirs.
_LETTERS = str.maketrans(
    {
        **{"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "æ": "ae", "œ": "oe", "å": "aa", "ł": "l"},
        **{"đ": "d", "ð": "d", "þ": "th", "ı": "i"},  # noqa: RUF001
        **dict(zip("абвгдезийклмнопрстуфыэ", "abvgdeziyklmnoprstufye", strict=True)),
        **{"ё": "yo", "ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ь": ""},  # noqa: RUF001
        **{"ю": "yu", "я": "ya", "і": "i", "ї": "yi", "є": "ye", "ґ": "g"},  # noqa: RUF001
    }
)


class BadTemplate(Refused):
    code = "bad_template"
    api_status = 400


def template_of(project: Project) -> str:
    """Such as `{user}/{key}-{title}`."""
    return BranchNameTemplate.objects.filter(project=project).values_list("template", flat=True).first() or DEFAULT


def set_template(project: Project, template: str, *, by: User) -> None:
    """Have branches named by `template`, which holds {key} and optionally {title} and {user}.

    An empty one brings back the default. Logs `branch_names.changed`. Raises BadTemplate.
    """
    if template:
        _check(template)
    template = template or DEFAULT
    with locked_for_change(project, by=by, needs=Action.MANAGE) as project:
        before = template_of(project)
        if template == before:
            return
        if template == DEFAULT:
            BranchNameTemplate.objects.filter(project=project).delete()
        else:
            BranchNameTemplate.objects.update_or_create(project=project, defaults={"template": template})
        events.record(project, "branch_names.changed", by=by, template=template, before=before)


def _check(template: str) -> None:
    fixed = re.sub(r"\{\w+\}", "", template)
    if not TEMPLATE.fullmatch(template) or any(template.count(each) > 1 for each in ("{key}", "{title}", "{user}")):
        sentence = _(
            "Use letters, digits, - _ and / with {title} and {user}; {key} begins it or stands behind a slash."
        )
        raise BadTemplate(sentence)
    if len(fixed) > MAX_FIXED_LENGTH:
        raise BadTemplate(_("Besides what is filled in there is room for {n} characters.").format(n=MAX_FIXED_LENGTH))


def name_for(task: Task, *, user: User | None = None) -> str:
    """`tb-12-ask-for-a-deposit`: at most MAX_LENGTH characters, cut between words, a valid name for any ref.

    Without a `user` the part for their name is left out.
    """
    return _fill(template_of(task.project), task, user_slug(user) if user else "")


def shared_name_for(task: Task) -> str:
    """The same for HTML that all readers share: `{user}` stands where each one's own name belongs."""
    return _fill(template_of(task.project), task, "{user}")


def user_slug(user: User) -> str:
    """What stands for `user` in a branch's name."""
    return _slug(user.username)[:MAX_USER_LENGTH].strip("-")


def _fill(template: str, task: Task, user: str) -> str:
    name = template.replace("{key}", task.key.lower())
    taken = len(name.replace("{title}", "").replace("{user}", "u" * MAX_USER_LENGTH))
    name = name.replace("{title}", _cut(_slug(task.title), MAX_LENGTH - taken)).replace("{user}", user)
    parts = (part.strip("-_") for part in name.split("/"))
    return "/".join(part for part in parts if part)


def _cut(words: str, longest: int) -> str:
    """Whole words, or a piece of the first when that alone is too long."""
    if len(words) <= longest:
        return words
    return words[: longest + 1].rpartition("-")[0] or words[:longest]


def _slug(title: str) -> str:
    """In Latin letters and digits with dashes between; what has no letter for it (emoji) is left out."""
    spelled = unicodedata.normalize("NFC", title).lower().translate(_LETTERS)
    bare = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", re.sub("['`]", "", bare)).strip("-")
