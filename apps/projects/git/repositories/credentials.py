"""Opening a server: the credential for one call, and the address that was checked for it."""

import base64
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apps.projects.git.mirror.errors import GitFailed
from apps.projects.git.mirror.git_cli import Access
from apps.projects.git.repositories import deploy_keys
from apps.projects.git.repositories.urls import Address, parsed
from apps.projects.models import Repository

# As whom a token signs in; the others take any name.
USERS: dict[str, str] = {Repository.Forge.GITHUB: "x-access-token", Repository.Forge.GITLAB: "oauth2"}


@contextmanager
def access_to(repository: Repository) -> Iterator[Access]:
    """The way to `repository` for one call: held to the addresses that were looked up and checked just now.

    A key lies in a file of its own only as long as this. A host key that was not known before is kept
    in `repository.host_keys`; saving it is the caller's. Raises GitFailed and BadAddress.
    """
    address = parsed(repository.url)
    found = address.checked()
    if address.scheme == "ssh":
        with _by_ssh(repository, address, found[0]) as access:
            yield access
    else:
        yield _by_http(repository, address, found)


def _by_http(repository: Repository, address: Address, found: list[str]) -> Access:
    pinned = ",".join(f"[{each}]" if ":" in each else each for each in found)
    config = {"http.curloptResolve": f"{address.bare_host}:{address.port}:{pinned}"}
    if repository.credential_kind == Repository.Credential.TOKEN:
        config[f"http.{address}.extraHeader"] = f"Authorization: Basic {basic(repository)}"
    return Access(config, {"GIT_ALLOW_PROTOCOL": address.scheme})


def basic(repository: Repository) -> str:
    """The token as a password; "name:token" where a server wants a certain name."""
    token = repository.credential
    pair = token if ":" in token else f"{USERS.get(repository.forge, 'git')}:{token}"
    return base64.b64encode(pair.encode()).decode()


@contextmanager
def _by_ssh(repository: Repository, address: Address, pinned: str) -> Iterator[Access]:
    if shutil.which("ssh") is None:
        raise GitFailed("no_ssh")
    with tempfile.TemporaryDirectory(prefix="teamboard-ssh-") as name:  # 0700
        folder = Path(name)
        key, hosts = folder / "key", folder / "known_hosts"
        key.touch(mode=0o600)
        key.write_text(deploy_keys.normalized(repository.credential))  # those stored earlier came as pasted
        hosts.write_text(repository.host_keys)
        command = ssh_command(key, hosts, address, pinned, is_known=bool(repository.host_keys))
        yield Access({}, {"GIT_ALLOW_PROTOCOL": "ssh", "GIT_SSH_COMMAND": command, "GIT_SSH_VARIANT": "ssh"})
        repository.host_keys = hosts.read_text()


def ssh_command(key: Path, hosts: Path, address: Address, pinned: str, *, is_known: bool) -> str:
    """ssh with our key alone, to the checked address, under the name whose host key is remembered."""
    options = {
        "IdentitiesOnly": "yes",
        "BatchMode": "yes",
        "StrictHostKeyChecking": "yes" if is_known else "accept-new",
        "UserKnownHostsFile": str(hosts),
        "GlobalKnownHostsFile": "/dev/null",
        "HashKnownHosts": "no",
        "HostName": pinned,
        "HostKeyAlias": address.bare_host,
        "CheckHostIP": "no",
        "ProxyCommand": "none",
        "ForwardAgent": "no",
        "PermitLocalCommand": "no",
        "ClearAllForwardings": "yes",
        "ConnectTimeout": "10",
    }
    words = ["ssh", "-F", "/dev/null", "-i", str(key)]
    for option, value in options.items():
        words += ["-o", f"{option}={value}"]
    return shlex.join(words)
