"""The sharing policies that a new log starts with: documents that its charter lists.

Their texts are fixed by digest once a log is founded; a later version is brought by the
members' vote. The file of ``quality/policies/`` is laid out for people; the text that a log
gets is the same JSON without white space. This module does not judge them; the ledger does.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Final

from quality.builtin_codebooks import BuiltinDocument

#: (name on the log, file): records name the newest version of the first, unless told otherwise.
_POLICIES: Final = (("default", "default.v1.json"),)


@cache
def builtin_policies() -> tuple[BuiltinDocument, ...]:
    """The built-in policies, always in the same order; compact, as each log keeps them."""
    folder = resources.files("quality").joinpath("policies")
    texts = ((name, folder.joinpath(file).read_text(encoding="utf-8")) for name, file in _POLICIES)
    return tuple(
        BuiltinDocument(
            name, json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))
        )
        for name, text in texts
    )
