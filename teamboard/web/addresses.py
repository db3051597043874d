"""Whose connection it is."""

import ipaddress


def network_of(address: str) -> str:
    """By which limits count: an IPv6 customer has 2^64 addresses, and is one all the same."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))
