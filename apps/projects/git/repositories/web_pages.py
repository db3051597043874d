"""Addresses of a forge's pages, which people copy from the browser instead of the one for cloning."""

# Where every repository is a name below its owner's.
OWNER_AND_NAME = {"github.com", "www.github.com", "codeberg.org", "gitea.com", "bitbucket.org", "notabug.org"}
# What follows a repository's name in the addresses of its pages, at one forge or another.
PAGES = {
    *("tree", "blob", "raw", "blame", "commit", "commits", "branches", "tags", "releases", "compare", "src"),
    *("issues", "pull", "pulls", "pull-requests", "merge_requests", "milestones", "labels", "projects", "pipelines"),
    *("actions", "wiki", "settings", "activity", "network", "graphs", "security", "packages", "stargazers", "forks"),
}
# At github.com these are no owners.
NO_OWNERS = {
    *("orgs", "users", "settings", "topics", "marketplace", "explore", "search", "notifications", "login", "sponsors"),
    *("features", "about", "apps", "collections", "codespaces"),
}


def is_page(host: str, names: list[str]) -> bool:
    """Whether the path of `names` at `host` leads to a page about a repository, or about nothing that is one."""
    if any(name.endswith(".git") for name in names[:-1]):
        return True
    if host in OWNER_AND_NAME:
        return len(names) != 2 or (host.endswith("github.com") and names[0].lower() in NO_OWNERS)
    if host == "gitlab.com" and len(names) < 2:
        return True
    if host == "dev.azure.com":
        return "_git" not in names[:-1] or names[-2] != "_git"
    return len(names) > 2 and names[2] in PAGES and not names[-1].endswith(".git")
