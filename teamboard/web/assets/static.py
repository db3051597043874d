"""Static files under names that say what is in them."""

from functools import cache
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from servestatic.storage import CompressedManifestStaticFilesStorage

from teamboard.web.assets import bundles


class HashedModules(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # servestatic has no types
    """Modules import each other by these names as well, so that a browser has each once, and anew when it changes.

    By its plain name, which Django leaves in an import, a module that the page loads too would run twice.
    """

    support_js_module_import_aggregation = True
    max_post_process_passes = 10  # one for each step of an import's way
    is_bundled = True

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Any:
        """With the bundles, which take the place of the modules that they are made of; a dry run writes none."""
        made = {} if dry_run else self._bundles(paths)
        return super().post_process(paths | made, dry_run=dry_run, **options)

    def _bundles(self, paths: dict[str, Any]) -> dict[str, Any]:
        """As `paths`: each with the storage that has it. Nothing where only other files than ours are collected."""
        if bundles.PRINT_STYLESHEET not in paths:
            return {}
        made = bundles.made_of(Path(paths[bundles.PRINT_STYLESHEET][0].location))
        for name, content in made.items():
            self.delete(name)
            self.save(name, ContentFile(content))
        return {name: (self, name) for name in made}

    def url(self, name: str, force: bool = False) -> str:
        """Looked up once: a page asks for some twenty, and what is collected stays while the process runs."""
        return self._url_once(name) if not force else super().url(name, force=True)

    @cache  # noqa: B019 - there is one storage a process
    def _url_once(self, name: str) -> str:
        return str(super().url(name))
