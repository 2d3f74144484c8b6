"""Addresses of clients, as far as quotas tell them apart."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

_PREFIX_BITS = 64


@lru_cache(maxsize=4_096)
def flow_of_address(host: str) -> str:
    """The flow of an address; one site's IPv6 addresses, a /64, are one."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return "address:unknown"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return f"address:{ipaddress.ip_network((address, _PREFIX_BITS), strict=False)}"
    return f"address:{host}"
