"""The one place that starts `git`.

A repository is somebody else's words, and so is everything in it. So git gets fixed arguments, an
environment of our own and no configuration but ours; no hook, submodule, filter or helper of a
repository ever runs, for nothing is ever checked out. What it writes is read only up to a limit,
the folder it writes to is watched, and at the end its whole process group is killed.
"""

import os
import resource
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, cast

from apps.projects.git.mirror.errors import GitFailed, failure_in

SECONDS = 60
MEBIBYTE = 1024 * 1024
LARGEST_MIRROR = 500 * MEBIBYTE
LARGEST_ANSWER = 64 * MEBIBYTE
LARGEST_HEAP = 1024 * MEBIBYTE
CAN_BE_LIMITED = hasattr(resource, "prlimit")  # on Linux; `manage.py doctor git` says where it is not so
LONGEST_COMPLAINT = 16 * 1024
LOOKS_EVERY = 0.25  # seconds between two looks at the clock and at the folder

# Holds for every call, whatever a repository or a home folder says.
CONFIG = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.attributesFile": os.devnull,
    "core.bigFileThreshold": "4m",  # larger ones are streamed, never held in memory
    "core.packedGitLimit": "256m",
    "core.deltaBaseCacheLimit": "32m",
    "pack.threads": "1",
    "pack.windowMemory": "64m",
    "gc.autoDetach": "false",
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false",
    "fetch.unpackLimit": "1",  # one file for each fetch, so that a stopped one leaves one
    "credential.helper": "",
    "http.followRedirects": "false",
    "http.proxy": "",
    "http.lowSpeedLimit": "1",
    "http.lowSpeedTime": "20",
    "log.showSignature": "false",
    "diff.renameLimit": "400",
}


@dataclass(frozen=True)
class Access:
    """How one call gets at a server: what only it may know stands in its environment, never in its arguments."""

    config: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)


@cache
def program() -> str | None:
    return shutil.which("git")


def is_installed() -> bool:
    return program() is not None


def run(
    command: str,
    *arguments: str,
    names: tuple[str, ...] = (),
    folder: Path,
    way: Access = Access(),
    given: bytes = b"",
    seconds: float = SECONDS,
    limit: int = LARGEST_ANSWER,
    largest: int | None = None,
) -> bytes:
    """What `git command` answers about the mirror in `folder`, cut off after `limit` bytes.

    `arguments` are options of ours; `names` (refs, addresses) can't be taken for options. `given` is its
    standard input. `largest` is how many bytes the folder may come to hold. Raises GitFailed.
    """
    answer = bytearray()
    for chunk in stream(
        command, *arguments, names=names, folder=folder, way=way, given=given, seconds=seconds, largest=largest
    ):
        answer += chunk
        if len(answer) >= limit:
            break
    return bytes(answer[:limit])


def stream(
    command: str,
    *arguments: str,
    names: tuple[str, ...] = (),
    folder: Path,
    way: Access = Access(),
    given: bytes = b"",
    seconds: float = SECONDS,
    largest: int | None = None,
) -> Iterator[bytes]:
    """The same piece by piece, however long; whoever stops reading ends it."""
    if (git := program()) is None:
        raise GitFailed("no_git")
    argv = [git, command, *arguments, *(["--end-of-options", *names] if names else [])]
    with _started(argv, folder, way, given) as process:
        complaint = bytearray()
        deadline = time.monotonic() + seconds
        for chunk, is_complaint in _read(process):
            if time.monotonic() > deadline:
                raise GitFailed("timed_out")
            if largest is not None and size_of(folder) > largest:
                raise GitFailed("too_large", megabytes=largest // MEBIBYTE)
            if is_complaint:
                complaint += chunk[: LONGEST_COMPLAINT - len(complaint)]
            elif chunk:
                yield chunk
        if process.wait(max(0.1, deadline - time.monotonic())) != 0:
            raise failure_in(bytes(complaint))


@contextmanager
def _started(argv: list[str], folder: Path, way: Access, given: bytes) -> Iterator[subprocess.Popen[bytes]]:
    """The process in a session of its own, whose every member is gone afterwards."""
    process = subprocess.Popen(
        argv,
        cwd=folder,
        env=environment(folder, way),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        _bound(process.pid)
        with suppress(BrokenPipeError):
            _pipe(process.stdin).write(given)
            _pipe(process.stdin).close()
        yield process
    except subprocess.TimeoutExpired as exc:
        raise GitFailed("timed_out") from exc
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        _pipe(process.stdout).close()
        _pipe(process.stderr).close()


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    """All three are pipes: `_started` asks for them."""
    return cast("IO[bytes]", stream)


def _bound(pid: int) -> None:
    """No file of it outgrows a mirror and its memory stays small, as far as the system can say so."""
    if CAN_BE_LIMITED:
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (LARGEST_MIRROR, LARGEST_MIRROR))
            resource.prlimit(pid, resource.RLIMIT_DATA, (LARGEST_HEAP, LARGEST_HEAP))
            resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))


def _read(process: subprocess.Popen[bytes]) -> Iterator[tuple[bytes, bool]]:
    """(bytes, whether it complains) as they come, and nothing at least every quarter of a second."""
    with selectors.DefaultSelector() as waiting:
        for pipe in (process.stdout, process.stderr):
            waiting.register(_pipe(pipe), selectors.EVENT_READ, pipe is process.stderr)
        while waiting.get_map():
            ready = waiting.select(LOOKS_EVERY)
            if not ready:
                yield b"", False
            for key, _mask in ready:
                chunk = os.read(key.fd, 256 * 1024)
                if not chunk:
                    waiting.unregister(key.fileobj)
                yield chunk, key.data


def environment(folder: Path, way: Access = Access()) -> dict[str, str]:
    """All that git knows of the world: nothing of ours but where programs are."""
    config = CONFIG | way.config
    settings_of_call = {"GIT_CONFIG_COUNT": str(len(config))}
    for number, (key, value) in enumerate(config.items()):
        settings_of_call |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "GIT_DIR": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "false",
        "SSH_ASKPASS": "false",
        "GIT_PAGER": "cat",
        "GIT_ALLOW_PROTOCOL": "none",
        **settings_of_call,
        **way.environment,
    }


def size_of(folder: Path) -> int:
    """Bytes in `folder`; files that go while it looks count as nothing."""
    total = 0
    for place, _folders, files in os.walk(folder):
        for name in files:
            with suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_size
    return total
