"""Where a forge shows a file of a repository, for links that stand in its texts as `docs/setup.md`."""

from collections.abc import Callable
from functools import cache
from posixpath import normpath
from urllib.parse import quote, urlsplit

from apps.projects.git.forges.address import address_of
from apps.projects.models import Project, Repository

# https://docs.github.com, docs.gitlab.com and docs.gitea.com agree on this, but for the middle.
FILES_AT = {Repository.Forge.GITHUB: "blob", Repository.Forge.GITLAB: "-/blob", Repository.Forge.GITEA: "src/branch"}


def file_page_in(project: Project) -> Callable[[str], str | None]:
    """What tells where a relative link of the project's texts leads. The database is asked at the first one."""

    @cache
    def repository() -> Repository | None:
        return _repository_of_links(project)

    return lambda link: page_of(found, link) if (found := repository()) else None


def _repository_of_links(project: Project) -> Repository | None:
    """The only one of the project; None when its forge has no pages, or no telling which of them is meant."""
    found = list(project.repositories.exclude(default_branch="")[:2])
    return found[0] if len(found) == 1 and found[0].forge in FILES_AT else None


def page_of(repository: Repository, link: str) -> str | None:
    """The page of the file that `link`, such as `./docs/a.md#top`, leads to from the top of `repository`."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return None
    path = normpath("/" + parts.path.lstrip("/")).lstrip("/")
    if parts.scheme or parts.netloc or not path:
        return None
    where = address_of(repository.url)
    place = FILES_AT[Repository.Forge(repository.forge)]
    fragment = f"#{quote(parts.fragment)}" if parts.fragment else ""
    return (
        f"{where.origin}/{where.quoted}/{place}/{quote(repository.default_branch)}/{quote(path, safe='/%')}{fragment}"
    )
