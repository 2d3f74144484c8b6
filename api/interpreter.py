"""How the interpreter of a long-lived service is set up."""

from __future__ import annotations

import gc
from typing import Final

_NEW_OBJECTS: Final = 20_000


def settle() -> None:
    """Look for garbage less often, and never among what was there at the start.

    A group of records makes tens of thousands of objects and no cycles; the defaults would
    walk the code, the schemas and the index of the log again and again in search of some.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, 20, 20)
