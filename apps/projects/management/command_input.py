"""What is typed to `manage.py user` and `manage.py service_account`, read alike."""

from django.core.management.base import CommandError

from apps.accounts.forms import AccountForm
from apps.projects.models import Project, Role


def account(username: str, called: str) -> dict[str, str]:
    """Username and name of a new account. Raises CommandError with what is wrong with them."""
    form = AccountForm({"username": username, "name": called or username})
    if not form.is_valid():
        raise CommandError(" ".join(str(error) for errors in form.errors.values() for error in errors))
    return form.cleaned_data


def place(words: str) -> tuple[Project, str]:
    """The project and the role that `KEY=ROLE` means. Raises CommandError."""
    key, _equals, role = words.partition("=")
    project = Project.objects.filter(key=key.upper()).first()
    if project is None or role not in Role.values:
        raise CommandError(f"{words} is no KEY=ROLE. Roles are {', '.join(Role.values)}.")
    return project, role
