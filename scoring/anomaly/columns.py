"""A table's columns beside those that a model was trained on: the same names, in its order.

Parameters are told apart by name alone. A column under another name is refused rather than
guessed, with the nearest name of the model; a column that came in another order is put in order.
Whether the values of a column are in the unit of the model is judged by
:mod:`scoring.anomaly.units`.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

from scoring.anomaly.table import ParameterTable
from scoring.errors import ParametersDiffer

#: Names told in one message.
_TOLD: Final = 5


def align(table: ParameterTable, names: Sequence[str]) -> ParameterTable:
    """The table with its columns in the order of the model's ``names``.

    Raises:
        ParametersDiffer: a parameter is missing, or one that the model does not know came.
    """
    if table.names == tuple(names):
        return table
    missing = [name for name in names if name not in set(table.names)]
    unknown = [name for name in table.names if name not in set(names)]
    if missing or unknown:
        raise ParametersDiffer(_difference(missing, unknown))
    at = {name: n for n, name in enumerate(table.names)}
    return table.columns([at[name] for name in names])


def _difference(missing: list[str], unknown: list[str]) -> str:
    told = []
    if missing:
        told.append(f"expected {_listed(missing)}, found no such parameter")
    if unknown:
        near = [_near(name, missing) for name in unknown[:_TOLD]]
        told.append(f"found {', '.join(near)}{_more(unknown)}, which the model does not know")
    return "; ".join(told) + ": train a model on these parameters, or name them as before"


def _near(name: str, missing: list[str]) -> str:
    folded = {other.casefold(): other for other in missing}
    found = get_close_matches(name.casefold(), list(folded), n=1)
    return f"{name!r} (is it {folded[found[0]]!r}?)" if found else repr(name)


def _listed(names: list[str]) -> str:
    return ", ".join(map(repr, names[:_TOLD])) + _more(names)


def _more(names: list[str]) -> str:
    return f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
