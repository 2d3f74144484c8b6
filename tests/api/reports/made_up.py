"""Records made up from the schema of their type, with texts that spreadsheets take for more."""

from __future__ import annotations

import json
import unicodedata
from datetime import date
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st

from tests.api.cli.tables import KINDS

#: What a spreadsheet computes, turns into a date or a number, or what a report means by it.
NASTY: Final = (
    *("=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK(1)", "1-3", "2026-11-20", "03/04/05", "1E5"),
    *("007", "12.50", "1e400", "TRUE", "–", "'–", "'", "''", "null", "#N/A", "#place", "/lot/x"),
    *(
        "_x0041_",
        "_x005F_x0041_",
        " a ",
        "a  b",
        "\ufffe",
        "批号 A",
        "Größe",
        "a/b",
        "𠀀",
        "<&>\"'",
    ),
)
#: The bounds of made-up arrays: enough for positions to be told apart.
_ITEMS_MAX: Final = 3
_LETTERS: Final = st.characters(
    exclude_categories=("Cc", "Cs"),
    exclude_characters="\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
)
_DECIMALS: Final = st.from_regex(
    r"(0|[1-9][0-9]{0,14})(\.[0-9]{1,10})?|-[1-9][0-9]{0,16}(\.[0-9]{1,16})?", fullmatch=True
) | st.sampled_from(("12.50", "0", "0.000000000000001", "1000000", "0.10"))
_DAYS: Final = st.dates(date(1990, 1, 1), date(2199, 12, 31)).map(date.isoformat)
_INSTANTS: Final = st.tuples(
    _DAYS, st.sampled_from(("T09:30:00+08:00", "T00:00:00Z", "T23:59:59.123456-05:00"))
).map("".join)


@cache
def records(vct: str) -> st.SearchStrategy[dict[str, Any]]:
    """The groups of records of a business type."""
    schema = json.loads(KINDS[vct].text)["schema"]
    return _values(schema, schema["$defs"])


def _values(schema: dict[str, Any], known: dict[str, Any]) -> st.SearchStrategy[Any]:
    match schema:
        case {"$ref": str(reference)}:
            name = reference.rpartition("/")[2]
            special = {"decimal": _DECIMALS, "day": _DAYS, "instant": _INSTANTS}
            return special[name] if name in special else _values(known[name], known)
        case {"enum": list(words)}:
            return st.sampled_from(words)
        case {"anyOf": list(choices)}:
            return st.one_of([_values(choice, known) for choice in choices])
        case {"type": "null"}:
            return st.none()
        case {"type": "boolean"}:
            return st.booleans()
        case {"type": "integer"}:
            return st.integers(schema.get("minimum", 0), schema.get("maximum", 10**9))
        case {"type": "array"}:
            most = min(_ITEMS_MAX, schema["maxItems"])
            items = _values(schema["items"], known)
            return st.lists(items, min_size=schema.get("minItems", 0), max_size=most)
        case {"type": "object"}:
            return _objects(schema, known)
    return _texts(schema)


def _objects(schema: dict[str, Any], known: dict[str, Any]) -> st.SearchStrategy[Any]:
    required = set(schema.get("required", ()))
    members = {name: _values(item, known) for name, item in schema["properties"].items()}
    made = st.fixed_dictionaries(
        {name: item for name, item in members.items() if name in required},
        optional={name: item for name, item in members.items() if name not in required},
    )
    least = schema.get("minProperties", 0)
    return made.filter(lambda found: len(found) >= least) if least else made


def _texts(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    least, most = schema.get("minLength", 0), min(20, schema.get("maxLength", 20))
    pattern = schema.get("pattern", "")
    if pattern and pattern != "^[^\\n]+$":
        return st.from_regex(pattern, fullmatch=True).filter(
            lambda text: len(text) <= schema.get("maxLength", 700)
        )
    made = st.text(_LETTERS, min_size=least, max_size=most)
    if not pattern:
        made = made | st.just("two\nlines\n")
    plain = (made | st.sampled_from(NASTY)).map(lambda text: unicodedata.normalize("NFC", text))
    return plain.filter(lambda text: least <= len(text))
