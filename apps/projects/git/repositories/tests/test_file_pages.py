"""Where the links of a README lead: to the forge's page of that file."""

import pytest

from apps.projects.git.repositories.file_pages import file_page_in
from apps.projects.tests.factories import RepositoryFactory

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-32")]
TOP = {
    "github": "https://github.com/acme/tide/blob/main/",
    "gitlab": "https://github.com/acme/tide/-/blob/main/",
    "gitea": "https://github.com/acme/tide/src/branch/main/",
}


def connect(project, **values):
    values = {"url": "https://github.com/acme/tide.git", "forge": "github", "default_branch": "main"} | values
    return RepositoryFactory(project=project, **values)


@pytest.mark.parametrize("forge", TOP)
@pytest.mark.parametrize(
    ("link", "path"),
    [
        ("docs/setup.md", "docs/setup.md"),
        ("./docs/setup.md#top", "docs/setup.md#top"),
        ("/docs/setup.md", "docs/setup.md"),
        ("../../etc/passwd", "etc/passwd"),
        ("a b/ц.md", "a%20b/%D1%86.md"),
        ("a%20b.md", "a%20b.md"),
        ("x?raw=1", "x"),
    ],
)
def test_relative_link_leads_to_the_file(tide, forge, link, path):
    connect(tide, forge=forge)
    assert file_page_in(tide)(link) == TOP[forge] + path


def test_ssh_address_and_branch_with_slash(tide):
    connect(tide, url="git@git.example:acme/tide.git", forge="gitea", default_branch="dev/next")
    assert file_page_in(tide)("a.md") == "https://git.example/acme/tide/src/branch/dev/next/a.md"


@pytest.mark.parametrize("link", ["#top", "", ".", "..", "https://evil.example/x", "//evil.example/x", "http://[::1"])
def test_what_is_no_file_leads_nowhere(tide, link):
    connect(tide)
    assert file_page_in(tide)(link) is None


@pytest.mark.parametrize(
    "repositories",
    [[], [{"forge": "plain"}], [{"default_branch": ""}], [{}, {"name": "b", "url": "https://b.example/c/d"}]],
)
def test_without_one_repository_with_pages_it_leads_nowhere(tide, repositories):
    for values in repositories:
        connect(tide, **values)
    assert file_page_in(tide)("docs/a.md") is None


def test_database_is_asked_once_and_only_for_a_relative_link(tide, django_assert_num_queries):
    connect(tide)
    with django_assert_num_queries(0):
        file_page = file_page_in(tide)
    with django_assert_num_queries(1):
        assert file_page("a.md") != file_page("b.md")
