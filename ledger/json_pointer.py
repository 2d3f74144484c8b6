"""JSON pointers (RFC 6901): how a fault and a record type name a place in a document."""

from __future__ import annotations

from functools import lru_cache

from ledger.strict_json import JsonValue

_POINTERS_CACHED_MAX = 1024
_INDEX_CHARACTERS_MAX = 16


def extend_pointer(pointer: str, step: str | int) -> str:
    """The pointer to a member or an element of what ``pointer`` names (section 3)."""
    return f"{pointer}/{str(step).replace('~', '~0').replace('/', '~1')}"


def resolve_pointer(value: JsonValue, pointer: str) -> JsonValue:
    """Follow a pointer (section 4); None where it leads nowhere."""
    for step in _steps(pointer):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and _is_index(step) and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


# The pointers of the types in force, of which every record asks the same few.
@lru_cache(maxsize=_POINTERS_CACHED_MAX)
def _steps(pointer: str) -> tuple[str, ...]:
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def _is_index(step: str) -> bool:
    # The grammar has no leading zero and no digits but ASCII's.
    is_decimal = step.isascii() and step.isdecimal() and len(step) <= _INDEX_CHARACTERS_MAX
    return is_decimal and (step == "0" or not step.startswith("0"))
