"""What the places of a record are called in a report."""

from __future__ import annotations

import re

from api.cli.content_words import Labels
from api.reports.words import bare_name, word

_POSITION = re.compile(r"/(\d+)(?=/|$)")


def name_of(pointer: str, labels: Labels) -> str:
    """What a place is called: by its type's label, else by its last name.

    A place below a member of the group is called after that member too, so that it is known
    when it stands alone.
    """
    found = _last(pointer, labels)
    parts = pointer.split("/")[2:]
    if len(parts) < 2 or parts[-2] in {"*", "links"} or parts[-2].isdecimal():
        return found
    above = pointer.rpartition("/")[0]
    return f"{_last(above, labels)}: {found}"


def _last(pointer: str, labels: Labels) -> str:
    last = pointer.rpartition("/")[2]
    if last.isdecimal():
        return f"{_last(pointer.rpartition('/')[0], labels)} {int(last) + 1}"
    if last in {"", "-"}:
        above = _last(pointer.rstrip("-").rstrip("/"), labels)
        return f"{above} ({word('nothing', labels.language)})"
    found = labels.name(_POSITION.sub("/*", pointer))
    return bare_name(last, labels.language) if found == last else found
