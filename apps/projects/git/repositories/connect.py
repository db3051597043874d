"""Connecting repositories to a project: where they are, what opens them, and the secret of their webhook."""

import asyncio
import base64
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps import names, outbound
from apps.accounts.models import User
from apps.constraints import violates
from apps.errors import Refused
from apps.max_length import max_length
from apps.projects import events, permissions
from apps.projects.changes import RowGone, locked_for_change
from apps.projects.git import forges
from apps.projects.git.mirror import fetch, mirror
from apps.projects.git.mirror.errors import GitFailed
from apps.projects.git.repositories import deploy_keys
from apps.projects.git.repositories.urls import Address, BadAddress, parsed
from apps.projects.models import Project, Repository
from apps.projects.permissions import Action
from apps.rest import webhook_signatures

PREVIOUS_SECRET_IS_VALID = timedelta(days=1)
TEST_SECONDS = 15
KNOWN_HOSTS = {
    "github.com": Repository.Forge.GITHUB,
    "gitlab.com": Repository.Forge.GITLAB,
    "codeberg.org": Repository.Forge.GITEA,
    "gitea.com": Repository.Forge.GITEA,
}
# What only that forge answers at, and with which statuses.
PROBES = {"/api/v4/version": (Repository.Forge.GITLAB, {200, 401}), "/api/v1/version": (Repository.Forge.GITEA, {200})}
CHANGEABLE = (
    "name",
    "forge",
    "merging",
    "credential_kind",
    "credential",
    "url",
    "host_keys",
    "fetched_at",
    "fingerprint",
)
PROBE_LIMITS = outbound.Limits(connect=2, read=3, total=4)


class AlreadyConnected(Refused):
    code = "already_connected"


class WrongCredential(Refused):
    code = "wrong_credential"
    api_status = 400


@dataclass(frozen=True)
class Finding:
    is_well: bool
    sentence: str


def connect(
    project: Project,
    *,
    url: str,
    name: str = "",
    forge: str = "",
    credential_kind: str = Repository.Credential.NONE,
    credential: str = "",
    merging: str = "",
    by: User,
) -> Repository:
    """Connect the repository at `url` and have it mirrored; log `repository.connected`.

    Without `name` it is called as in its address, without `forge` the host is asked what it is, and nobody merges
    from the board unless `merging` says who. The secret of its webhook is in the answer. Raises NotAllowed,
    BadAddress, WrongCredential and AlreadyConnected.
    """
    permissions.require(by, Action.MANAGE, project)  # before a host is asked, which is not done under the lock
    address = parsed(url)
    repository = Repository(
        project=project,
        url=str(address),
        name=name or names.tidy(address.name)[: max_length(Repository, "name")],
        forge=forge or forge_of(address),
        credential_kind=credential_kind,
        credential="" if credential_kind == Repository.Credential.NONE else credential,
        merging=merging or Repository.Merging.NOBODY,
        webhook_secret=new_secret(),
        created_by=by,
    )
    _check_credential(repository, address)
    repository.credential = _readable(repository.credential, credential_kind)
    with _unique(), locked_for_change(project, by=by, needs=Action.MANAGE) as project:
        repository.save(force_insert=True)
        _record(project, repository, "repository.connected", by=by)
    return repository


def change(
    repository: Repository,
    *,
    url: str | None = None,
    name: str | None = None,
    forge: str | None = None,
    credential_kind: str | None = None,
    credential: str = "",
    merging: str | None = None,
    by: User,
) -> Repository:
    """Change what is given; an empty `credential` keeps the stored one. Log `repository.changed`.

    A new address, also the same one given again, forgets the host's key; one at another server wants the
    credential anew. Raises NotAllowed and what `connect` raises.
    """
    chosen = {"name": name, "forge": forge, "credential_kind": credential_kind, "merging": merging}
    if credential:  # read before the lock, and only for those who may: reading starts a program
        permissions.require(by, Action.MANAGE, repository.project)
        credential = _readable(credential, credential_kind or repository.credential_kind)
    with (
        _unique(),
        locked_for_change(repository.project_id, repository, by=by, needs=Action.MANAGE) as project,
    ):
        before = {name: getattr(repository, name) for name in CHANGEABLE}
        moved = set() if url is None else _move(repository, str(parsed(url)))
        for field, value in chosen.items():
            setattr(repository, field, value or getattr(repository, field))
        repository.credential = credential or repository.credential
        if repository.credential_kind == Repository.Credential.NONE:
            repository.credential = ""
        _check_credential(repository, parsed(repository.url))
        # A worker fetches without this lock: what it writes meanwhile stays, unless the address is another.
        changed = {name for name, value in before.items() if getattr(repository, name) != value}
        repository.save(update_fields=changed | moved)
        _record(project, repository, "repository.changed", by=by)
    return repository


def _move(repository: Repository, url: str) -> set[str]:
    """Have it at `url`. What is there is read as for the first time: its commits were written before we knew it.

    The fields to be saved, whatever stood there: what is forgotten may have been written since it was read.
    """
    forgotten = {"host_keys"}
    if url != repository.url:
        forgotten |= {"fetched_at", "fingerprint"}
        repository.fetched_at, repository.fingerprint = None, ""
    if urlsplit(url)[:2] != urlsplit(repository.url)[:2]:
        repository.credential = ""  # given for the former server: nobody may have it sent to one of their own
    repository.url, repository.host_keys = url, ""
    return forgotten


def _check_credential(repository: Repository, address: Address) -> None:
    kinds = Repository.Credential
    if repository.credential_kind != kinds.NONE and not repository.credential.strip():
        raise WrongCredential(_("Enter the token or the key."))
    if repository.credential_kind == kinds.KEY and address.scheme != "ssh":
        raise WrongCredential(_("A deploy key opens addresses by ssh, such as git@git.example.org:team/board.git."))
    if repository.credential_kind != kinds.KEY and address.scheme == "ssh":
        raise WrongCredential(_("An address by ssh is opened with a deploy key. Enter the private key."))
    if repository.credential_kind == kinds.TOKEN and not repository.credential.isprintable():
        raise WrongCredential(_("A token is a single line without spaces around it."))


def _readable(credential: str, kind: str) -> str:
    """`credential` as it is stored: a key in the lines that ssh reads. Raises WrongCredential for one it can't."""
    if kind != Repository.Credential.KEY:
        return credential
    key = deploy_keys.normalized(credential)
    if problem := deploy_keys.problem_of(key):
        raise WrongCredential(problem)
    return key


@contextmanager
def _unique() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        if not violates(error, "repository_name_once_per_project", "repository_url_once_per_project"):
            raise
        raise AlreadyConnected(_("This project already has a repository of that name or address.")) from error


def _record(project: Project, repository: Repository, kind: str, *, by: User) -> None:
    facts: dict[str, Any] = {"name": repository.name, "url": repository.url, "merging": repository.merging}
    events.record(project, kind, by=by, repository=repository.pk, **facts)
    fetch.want(repository)


def rotate(repository: Repository, *, by: User) -> str:
    """Give the webhook another secret, which is answered; the previous one is valid for a day still."""
    with locked_for_change(repository.project_id, repository, by=by, needs=Action.MANAGE) as project:
        repository.previous_webhook_secret = repository.webhook_secret
        repository.previous_webhook_secret_until = timezone.now() + PREVIOUS_SECRET_IS_VALID
        repository.webhook_secret = secret = new_secret()
        repository.save(update_fields=["webhook_secret", "previous_webhook_secret", "previous_webhook_secret_until"])
        events.record(project, "repository.secret_rotated", by=by, repository=repository.pk, name=repository.name)
    return secret


def remove(repository: Repository, *, by: User) -> None:
    """Take the repository off the board, with its mirror and all that was read from it; log `repository.removed`.

    Somebody else may have been faster: then there is nothing left to do.
    """
    with (
        suppress(RowGone),
        locked_for_change(repository.project_id, repository, by=by, needs=Action.MANAGE) as project,
    ):
        events.record(project, "repository.removed", by=by, repository=repository.pk, name=repository.name)
        uid = Repository(uid=repository.uid)
        repository.delete()
        transaction.on_commit(partial(mirror.forget, uid), robust=True)


def mirror_again(repository: Repository, *, by: User) -> None:
    """Have the mirror forgotten and made anew, as it was at first; log `repository.mirrored_again`."""
    with locked_for_change(repository.project_id, repository, by=by, needs=Action.MANAGE) as project:
        events.record(project, "repository.mirrored_again", by=by, repository=repository.pk, name=repository.name)
        fetch.want_anew(repository)


def new_secret() -> str:
    """In the form that GitLab wants of a signing token; to the others it is a secret like any."""
    return webhook_signatures.PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def webhook_url(repository: Repository) -> str:
    return f"{settings.PUBLIC_URL}/git/webhooks/{repository.uid}/"


def forge_of(address: Address) -> str:
    """The forge that runs at the host: known by its name, or by an address that only it answers at."""
    if forge := KNOWN_HOSTS.get(address.bare_host):
        return forge
    if address.scheme == "ssh":
        return Repository.Forge.PLAIN
    base = f"{address.scheme}://{address.host}:{address.port}"
    for path, (forge, statuses) in PROBES.items():
        try:
            answer = asyncio.run(outbound.request("GET", base + path, limits=PROBE_LIMITS))
        except outbound.OutboundError:
            return Repository.Forge.PLAIN
        if answer.status in statuses and answer.headers.get("Content-Type", "").startswith("application/json"):
            return forge
    return Repository.Forge.PLAIN


def test(repository: Repository) -> Finding:
    """Ask the server for its branches and try to fetch, which takes 15 seconds at most, and say how it went."""
    try:
        told = mirror.try_fetch(repository, seconds=TEST_SECONDS)
    except GitFailed as failure:
        return Finding(False, str(failure))
    except BadAddress as refusal:
        return Finding(False, str(refusal.message))
    number = told.count(f"\t{mirror.HEADS}".encode())
    if not number:
        return Finding(True, _("It answers. The repository is empty."))
    return _with_forge(repository, _branches(told, number))


def _with_forge(repository: Repository, sentence: str) -> Finding:
    """What came of asking Git, and what keeps the forge's API from being asked as well, if anything does."""
    if repository.forge == Repository.Forge.PLAIN:
        return Finding(True, sentence)
    try:
        forges.client_of(repository).test()
    except forges.ForgeError as trouble:
        return Finding(False, f"{sentence} {trouble}")
    return Finding(True, sentence)


def _branches(told: bytes, number: int) -> str:
    sentence = ngettext(
        "It answers. There is {number} branch; the default is {default}.",
        "It answers. There are {number} branches; the default is {default}.",
        number,
    )
    return sentence.format(number=number, default=mirror.default_of(told) or "?")
