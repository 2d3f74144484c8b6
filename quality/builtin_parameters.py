"""Every parameters document that a new log starts with: the codebooks, and the one of sampling.

Their texts are fixed by digest once a log is founded; a later version is brought by the
members' vote. A file of ``quality/parameters/`` is laid out for people; the text that a log gets
is the same JSON without white space.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

from quality.builtin_codebooks import BuiltinDocument, builtin_codebooks
from quality.sampling.parameters import SAMPLING


@cache
def builtin_parameters() -> tuple[BuiltinDocument, ...]:
    """The built-in parameters, always in the same order; compact, as each log keeps them."""
    return (*builtin_codebooks(), builtin_sampling())


@cache
def builtin_sampling() -> BuiltinDocument:
    """The defaults of sampling that this version brings."""
    folder = resources.files("quality").joinpath("parameters")
    document = json.loads(folder.joinpath("sampling.v1.json").read_text(encoding="utf-8"))
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return BuiltinDocument(SAMPLING, text)
