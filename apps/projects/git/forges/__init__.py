"""The forges behind one interface: is a delivery theirs, what does it say, and what do they know now.

Each adapter has `kind_of` and `delivery_id_of` (of a request's headers), `PING` and `KINDS` (of deliveries),
`verify`, `read`, and a `Client`.
"""

from types import ModuleType

from apps import outbound
from apps.projects.git.forges import gitea, github, gitlab
from apps.projects.git.forges.address import address_of
from apps.projects.git.forges.api import ForgeError, ForgeNotFound
from apps.projects.git.forges.payload import UnreadablePayload
from apps.projects.models import Repository

__all__ = ["Client", "ForgeError", "ForgeNotFound", "UnreadablePayload", "adapter_of", "client_of"]
ADAPTERS: dict[str, ModuleType] = {
    Repository.Forge.GITHUB: github,
    Repository.Forge.GITLAB: gitlab,
    Repository.Forge.GITEA: gitea,
}
Client = github.Client | gitlab.Client | gitea.Client


def adapter_of(repository: Repository) -> ModuleType | None:
    """None for Git alone."""
    return ADAPTERS.get(repository.forge)


def client_of(repository: Repository, *, transport: outbound.Transport | None = None) -> Client:
    """Asks with the repository's token, or as anybody. Raises ForgeError when nothing can be asked."""
    adapter = adapter_of(repository)
    if adapter is None:
        raise ForgeError("no_forge")
    if repository.credential_kind == Repository.Credential.KEY:
        raise ForgeError("no_token")
    is_token = repository.credential_kind == Repository.Credential.TOKEN
    token = repository.credential.rpartition(":")[2] if is_token else ""  # Git may want a name before it
    client: Client = adapter.Client(address_of(repository.url), token, transport=transport)
    return client
