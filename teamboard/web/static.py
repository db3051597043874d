"""Static files under names that say what is in them."""

from functools import cache

from servestatic.storage import CompressedManifestStaticFilesStorage


class HashedModules(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # servestatic has no types
    """Modules import each other by these names as well, so that a browser has each once, and anew when it changes.

    By its plain name, which Django leaves in an import, a module that the page loads too would run twice.
    """

    support_js_module_import_aggregation = True
    max_post_process_passes = 10  # one for each step of an import's way

    def url(self, name: str, force: bool = False) -> str:
        """Looked up once: a page asks for some fifty, and what is collected stays while the process runs."""
        return self._url_once(name) if not force else super().url(name, force=True)

    @cache  # noqa: B019 - there is one storage a process
    def _url_once(self, name: str) -> str:
        return str(super().url(name))
