"""What must be kept is not erased: under a hold, in an open case, for the state of the log."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.compose import Filing
from tests.api.erasing.test_worker import Erasing, erasing
from tests.api.service import OEM, SUPPLIER

__all__ = ["erasing"]
pytestmark = pytest.mark.item("5.8")


def act(erasing: Erasing, state: dict[str, Any], *, by: str, to: str) -> dict[str, Any]:
    """An act of one side that the other one is given."""
    did = erasing.live.party(to).did
    filing = Filing(to=[did], subject=did)
    text = erasing.live.record({"state": state}, by=by, filing=filing, vct="act/v1")
    found: dict[str, Any] = erasing.live.submit(text).json()
    assert "record_id" in found, found
    return found


def test_record_under_a_hold_is_erased_only_after_its_release(erasing: Erasing) -> None:
    hold = {"act": "hold", "of": erasing.record_id, "reason": "dispute"}
    held = act(erasing, hold, by=OEM, to=SUPPLIER)
    assert erasing.erase("note")["code"] == "record-held"
    assert "note" in erasing.groups()
    act(erasing, {"act": "release", "of": held["record_id"]}, by=OEM, to=SUPPLIER)
    assert "record_id" in erasing.erase("note")
    assert "note" not in erasing.groups()


@pytest.mark.parametrize(
    ("groups", "code"),
    [(("manifest",), "state-kept"), (("nothing",), "invalid-claims"), (("note",), None)],
)
def test_what_the_log_rests_on_is_never_erased(
    erasing: Erasing, groups: tuple[str, ...], code: str | None
) -> None:
    assert erasing.erase(*groups).get("code") == code


def test_operator_erases_by_retention_only_what_is_over_its_maximum(erasing: Erasing) -> None:
    did = erasing.live.party(SUPPLIER).did
    state = {"act": "erase", "of": erasing.record_id, "groups": ["note"], "reason": "over"}
    text = erasing.live.record(
        {"state": state | {"basis": "retention"}},
        by=OEM,
        filing=Filing(to=[did], subject=did),
        vct="act/v1",
    )
    assert erasing.live.submit(text).json()["code"] == "retention-not-over"
    assert "note" in erasing.groups()
