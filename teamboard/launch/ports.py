"""Free ports on the loopback address."""

import socket

HOST = "127.0.0.1"
NEXT_PORTS = 50


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def next_free(wanted: int) -> int:
    """`wanted`, or the first free one of the fifty behind it, or any."""
    return next((port for port in range(wanted, wanted + NEXT_PORTS) if is_free(port)), None) or any_free()


def any_free() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
