"""What is kept beside a record, as one text: its disclosures, then its envelopes.

``D~...~!E~...~``: each ended by ``~``. An envelope (:mod:`ledger.sealed`) begins with ``!``,
which base64url does not have. Whoever reads a kept text splits it here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

ENVELOPE_MARK: Final = "!"


class Kept(NamedTuple):
    """The disclosures and the envelopes of a record, each a text without its ``~``."""

    disclosures: list[str]
    envelopes: list[str]


def split_kept(text: str | None) -> Kept:
    """Take a kept text apart; none, and an empty one, hold nothing.

    Whatever stands after the last ``~``, and whatever stands behind an envelope without being
    one, is taken for a disclosure: it is refused as one.
    """
    parts = text.split("~") if text else [""]
    return split_elements(parts if parts[-1] else parts[:-1])


def split_elements(parts: Sequence[str]) -> Kept:
    """The same of what stood between the ``~``."""
    first = next((at for at, part in enumerate(parts) if part.startswith(ENVELOPE_MARK)), None)
    if first is None:
        return Kept([*parts], [])
    envelopes = [part for part in parts[first:] if part.startswith(ENVELOPE_MARK)]
    stray = [part for part in parts[first:] if not part.startswith(ENVELOPE_MARK)]
    return Kept([*parts[:first], *stray], envelopes)


def join_kept(kept: Kept) -> str:
    """The text that :func:`split_kept` takes apart."""
    return "".join(f"{part}~" for part in (*kept.disclosures, *kept.envelopes))
