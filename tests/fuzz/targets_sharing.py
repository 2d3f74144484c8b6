"""Targets of sharing: signed decisions and refusals."""

from __future__ import annotations

from typing import Final

from ledger.errors import LedgerError
from ledger.sharing.errors import MalformedDecision, MalformedRefusal
from ledger.sharing.members import decision_members, refusal_members
from ledger.sharing.signed import parse_decision, parse_refusal, verify_decision, verify_refusal
from ledger.strict_json import encode_json, parse_json_object
from tests.fuzz.choices import edited
from tests.fuzz.target import Target, raw_text_of
from tests.ledger.sharing.decisions import (
    DECISION,
    a_signed_decision,
    a_signed_refusal,
    an_anchor,
)

_PROGRAMS: Final = (b"", b"\x00\x01\x02A", b"\x10\x00\x00\x05", b"\x20\x00\x01\x02abc")


def _parse_decision(data: bytes) -> None:
    found = parse_decision(raw_text_of(data))
    shown = parse_json_object(found.note.text.split("\n")[2].encode(), bytes_max=len(data))
    assert decision_members(found.decision) == shown
    assert len(encode_json(shown)) <= len(data)


def _parse_refusal(data: bytes) -> None:
    found = parse_refusal(raw_text_of(data))
    shown = parse_json_object(found.note.text.split("\n")[2].encode(), bytes_max=len(data))
    assert refusal_members(found.refusal) == shown


def _verify_edited(data: bytes) -> None:
    changed = edited(a_signed_decision().encode(), data)
    assert verify_decision(raw_text_of(changed), anchor=an_anchor()) == DECISION


def _verify_edited_refusal(data: bytes) -> None:
    changed = edited(a_signed_refusal().encode(), data)
    honest = parse_refusal(a_signed_refusal()).refusal
    assert verify_refusal(raw_text_of(changed), anchor=an_anchor()) == honest


def _decisions() -> list[bytes]:
    anyone = DECISION._replace(reader=None, groups=())
    return [a_signed_decision().encode(), a_signed_decision(anyone).encode()]


TARGETS: Final = (
    Target(
        "decision",
        _parse_decision,
        (MalformedDecision,),
        (parse_decision,),
        _decisions,
        bytes_max=4096,
        words=("lotmark decision v1\n", '"needs":[]', '"by":null', '"rule":"none"'),
    ),
    Target(
        "refusal",
        _parse_refusal,
        (MalformedRefusal,),
        (parse_refusal,),
        lambda: [a_signed_refusal().encode()],
        bytes_max=4096,
        words=("lotmark refusal v1\n", '"faults":[]', '"record":null'),
    ),
    Target(
        "decision-edits",
        _verify_edited,
        (LedgerError,),
        (),
        lambda: _PROGRAMS,
        bytes_max=64,
    ),
    Target(
        "refusal-edits",
        _verify_edited_refusal,
        (LedgerError,),
        (),
        lambda: _PROGRAMS,
        bytes_max=64,
    ),
)
