"""Free ports, on the loopback address unless another is named."""

import errno
import socket

HOST = "127.0.0.1"
NEXT_PORTS = 50


def is_free(port: int, host: str = HOST) -> bool:
    """Raises OSError when `host` is no address of this machine."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except socket.gaierror:
            raise
        except OSError as exc:
            if exc.errno == errno.EADDRNOTAVAIL:
                raise
            return False
        return True


def next_free(wanted: int, host: str = HOST) -> int:
    """`wanted`, or the first free one of the fifty behind it, or any."""
    return next((port for port in range(wanted, wanted + NEXT_PORTS) if is_free(port, host)), None) or any_free()


def url(host: str, port: int) -> str:
    """Where to reach from this machine what listens on `host`, which may mean every address it has."""
    reached = {"0.0.0.0": HOST, "::": "::1"}.get(host, host)  # noqa: S104 - compared, not listened on
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"


def any_free() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
