"""A regime goes on after it was told: what is red in it makes its event red, and longer.

Without this, whoever changes a set-up has silenced the model until somebody trains another one.
The rows stay quiet by themselves: they are those of one event, and may train its next model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from api.anomaly.changes import Values, decode_facts, encode_facts, facts_of
from api.anomaly.places import Place
from api.anomaly.scored_rows import regime_rows
from api.anomaly.watching import Found
from scoring.anomaly.episodes import RowMark
from scoring.anomaly.verdict import Level


def regimes_after(
    place: Place, found: Found, facts: dict[str, Any], *, provenance: dict[str, Any]
) -> Iterator[Values]:
    """The rows of regimes that began with an upload, or that have red rows in it.

    ``facts["regime"]`` is the row of the event that is open, None where there is none.
    """
    begun = {row["id"]: row for row in regime_rows(place, found.regimes, provenance)}
    known = dict(begun)
    if facts["regime"] is not None:
        known.setdefault(facts["regime"]["id"], facts["regime"])
    for event, marks in found.loud.items():
        known[event] = begun[event] = raised(known[event], marks)
    out = found.watched.out
    facts["regime"] = None if out is None else known[out.event]
    yield from begun.values()


def raised(row: Values, marks: Sequence[RowMark]) -> Values:
    """The row of a regime's event with these red rows in it: once or again, it is the same."""
    facts = decode_facts(row["facts"])
    red = facts["regime"].get("red")
    told = [facts_of(mark) for mark in marks] + ([] if red is None else [red["first"], red["last"]])
    told.sort(key=_order)
    facts["regime"]["red"] = {"first": told[0], "last": told[-1]}
    return {
        **row,
        "level": str(Level.RED),
        "until_us": max(row["until_us"], told[-1]["at_us"]),
        "facts": encode_facts(facts),
    }


def _order(mark: Mapping[str, Any]) -> tuple[int, str, int]:
    return mark["at_us"], mark["source"], mark["row"]
