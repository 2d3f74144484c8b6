"""Files that hold records: texts, submissions, journals."""

from __future__ import annotations

import json
from collections.abc import Iterator


def parse_records(data: bytes) -> Iterator[str]:
    """The records in a file, one a line: texts, submissions, a journal; the rest is passed over."""
    for line in data.decode("utf-8", "replace").splitlines():
        text = line.strip()
        if text.startswith("{"):
            try:
                members = json.loads(text)
            # A long row of brackets exhausts the decoder's stack.
            except (ValueError, RecursionError):
                continue
            sd_jwt = members.get("sd_jwt")
            if isinstance(sd_jwt, str):
                yield sd_jwt
        elif text:
            yield text
