"""The purge report: what one erasure destroyed and when, what still exists, and what never goes.

Pure. It tells the words of :mod:`api.erasing.rules` along, so that it can be read alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from api.erasing.book import Done
from api.erasing.rules import BACKUPS, RULES, Rule
from ledger.sharing.agreements import Erasure
from ledger.vault.epoch_file import epoch_of
from ledger.vault.shelf_copies import ShelfCopy

ORDERED: Final = "ordered"
DONE: Final = "done"


def describe_erasure(erasure: Erasure, done: Done | None) -> dict[str, Any]:
    """One line of a list: what was ordered, by whom, and whether it is done."""
    return {
        "act": erasure.record_id,
        "entry": erasure.index,
        "record": erasure.of,
        "groups": sorted(erasure.groups),
        "by": erasure.by,
        "basis": erasure.basis,
        "state": DONE if done else ORDERED,
        "done_ms": done.done_ms if done else None,
    }


def purge_report(
    erasure: Erasure, done: Done | None, copies: Sequence[ShelfCopy], *, record_entry: int
) -> dict[str, Any]:
    """What became of one erasure.

    Args:
        erasure: what was ordered.
        done: what was destroyed; None while it waits.
        copies: those of the key shelf that still hold the key of before.
        record_entry: the entry of the record.
    """
    return {
        **describe_erasure(erasure, done),
        "record_entry": record_entry,
        "destroyed": _destroyed(done, record_entry) if done else [],
        "shelf_copies": [
            {"where": copy.where, "made_ms": copy.made_ms, "expires_ms": copy.expires_ms}
            for copy in copies
        ],
        "backups": _words(BACKUPS),
        "derived": [_words(rule) for rule in RULES],
    }


def _destroyed(done: Done, record_entry: int) -> list[dict[str, Any]]:
    purged, at = done.purged, done.done_ms
    return [
        {"what": "contents", "count": 1, "at_ms": at},
        {"what": "epoch-key", "epoch": epoch_of(record_entry), "count": 1, "at_ms": at},
        {"what": "index-rows", "count": purged.index_rows, "at_ms": at},
        {"what": "uploads", "count": purged.blobs, "kept": purged.kept_blobs, "at_ms": at},
    ]


def _words(rule: Rule) -> dict[str, str]:
    return rule._asdict()
