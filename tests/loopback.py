"""The network is off in tests, but for this machine's own loopback.

An audit hook sees every connection and name look-up that Python makes, whoever makes it, and
cannot be taken away by the code under test. It does not see uvloop's own connections or child
processes.
"""

from __future__ import annotations

import ipaddress
import sys
from functools import cache
from typing import Any

LOOK_UPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})
CONNECTIONS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})


class NetworkUsed(BaseException):
    """Something reached for another machine.

    Not an ``Exception``: code that handles a failed connection must not hide it.
    """


def is_loopback(host: object) -> bool:
    """Whether a host name or address stays on this machine; no name stands for itself."""
    if host is None:
        return True
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    if name in {"", "localhost"}:
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


@cache
def refuse_other_hosts() -> None:
    """Install the hook, once a process: a hook stays for the life of the interpreter."""
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in LOOK_UPS:
        _expect_loopback(arguments[0])
    elif event in CONNECTIONS and isinstance(arguments[1], tuple):
        # A Unix socket's address is text or bytes, and a message on a connected socket has none.
        _expect_loopback(arguments[1][0])


def _expect_loopback(host: object) -> None:
    if not is_loopback(host):
        raise NetworkUsed(f"expected an address on this machine, found {host!r}")
