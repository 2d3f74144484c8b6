"""The signed name of a request target: ``@target-uri`` (RFC 9421, section 2.2.2).

Behind a proxy the service sees neither the scheme nor the name that the client used, and
the Host and Forwarded fields are whatever the client wrote. So the service is told its
public base URL, and the target of a request is that base, then the path and query exactly
as they were received: ``<public base><path>?<query>``. No field of the request can change
the base. A signature made for another service, or for another name of this one, fails.

Nothing is decoded, re-encoded or normalised: two spellings of one path are two targets.
A ``?`` with nothing behind it is not part of the target, since servers drop it.
"""

from __future__ import annotations

import re
from typing import NewType

from api.request_errors import MalformedTarget
from ledger.limits import TARGET_URI_BYTES_MAX

PublicBase = NewType("PublicBase", str)
TargetUri = NewType("TargetUri", str)

_BASE = re.compile(
    r"(?P<scheme>https?)://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?:/[A-Za-z0-9._~-]+)*",
    re.ASCII,
)
_TARGET = re.compile(r"https?://[!-~]+", re.ASCII)
_DEFAULT_PORTS = {"http": "80", "https": "443"}


def parse_public_base(text: str) -> PublicBase:
    """Accept the URL under which clients reach the service, in its one spelling.

    Raises:
        MalformedTarget: not http or https, an upper-case host, user information, the
            scheme's own port, a trailing slash, a query or a fragment.
    """
    match = _BASE.fullmatch(text)
    if not match or match["port"] == _DEFAULT_PORTS[match["scheme"]]:
        raise MalformedTarget(
            "expected a public base URL such as https://log.example/quality without a trailing "
            f"slash, default port, query or fragment, found {text[:200]!r}"
        )
    return PublicBase(text)


def build_target_uri(base: PublicBase, path: bytes, *, query: bytes = b"") -> TargetUri:
    """Join the public base with the path and query as they were received.

    Args:
        base: the configured public base URL.
        path: the raw path, percent-encoding untouched, beginning with ``/``.
        query: the raw query without its ``?``; empty when there is none.

    Raises:
        MalformedTarget: the path has no leading slash, or a byte is not visible ASCII.
    """
    if not path.startswith(b"/"):
        raise MalformedTarget(f"expected a path that begins with a slash, found {path[:40]!r}")
    suffix = path + b"?" + query if query else path
    return parse_target_uri(base + suffix.decode("latin-1"))


def parse_target_uri(text: str) -> TargetUri:
    """Accept an absolute http or https URL as the client will send it.

    Raises:
        MalformedTarget: a relative URL, a fragment, a character that is not visible ASCII
            (a line feed here would forge lines of the signature base) or too many bytes.
    """
    if not _TARGET.fullmatch(text) or "#" in text:
        raise MalformedTarget(
            f"expected an absolute URL of visible ASCII without a fragment, found {text[:200]!r}"
        )
    if len(text) > TARGET_URI_BYTES_MAX:
        raise MalformedTarget(
            f"expected at most {TARGET_URI_BYTES_MAX} bytes of target, found {len(text)}"
        )
    return TargetUri(text)
