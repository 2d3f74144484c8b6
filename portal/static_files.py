"""The portal's own files, read once and served with what makes them quick and safe to cache.

A file's address on a page carries its digest, so a browser may keep it for ever; asked for
without it (a script imports its neighbour by name), it is compared by ETag each time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import NotModifiedResponse

MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
IMMUTABLE: Final = "public, max-age=31536000, immutable"
REVALIDATE: Final = "public, no-cache"
#: A file that is opened by itself is a document too.
FILE_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file as it is served; ``sha256`` in hexadecimal, as ``sha256sum`` prints it."""

    data: bytes
    media_type: str
    sha256: str

    @property
    def version(self) -> str:
        """As much of the digest as addresses and ETags carry."""
        return self.sha256[:16]


class StaticFiles:
    """All files of the portal, by name."""

    def __init__(self, files: Mapping[str, StaticFile]) -> None:
        """Serve ``files``."""
        self._files = files

    def __iter__(self) -> Iterator[str]:
        """The names."""
        return iter(self._files)

    def __getitem__(self, name: str) -> StaticFile:
        """One file."""
        return self._files[name]

    def address(self, name: str) -> str:
        """The path of a file on a page: it changes when the file does."""
        return f"/static/{name}?v={self._files[name].version}"

    def serve(self, request: Request) -> Response:
        """``GET /static/...``: only paths of files that are there lead here."""
        file = self._files[request.url.path.rpartition("/")[2]]
        is_versioned = request.query_params.get("v") == file.version
        headers = {
            **FILE_HEADERS,
            "Cache-Control": IMMUTABLE if is_versioned else REVALIDATE,
            "ETag": f'"{file.version}"',
        }
        response = Response(file.data, media_type=file.media_type, headers=headers)
        known = [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]
        return NotModifiedResponse(response.headers) if headers["ETag"] in known else response


def load_static_files() -> StaticFiles:
    """Read every file of the folder ``static``."""
    found = {}
    for entry in (resources.files("portal") / "static").iterdir():
        suffix = entry.name[entry.name.rfind(".") :]
        if suffix in MEDIA_TYPES:
            data = entry.read_bytes()
            digest = hashlib.sha256(data).hexdigest()
            found[entry.name] = StaticFile(data, MEDIA_TYPES[suffix], digest)
    return StaticFiles(found)
