"""The Ed25519 edge cases of C2SP/CCTV: what is decided about each, and that it stays so.

A libsodium that decides otherwise would split verifiers that run different versions, so a
change here is a change of the format.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache

import pytest

from keys.ed25519 import verify
from keys.errors import BadSignature
from tests.keys import slow_ed25519
from tests.keys.decisions import is_registrable, verifies
from tests.vectors import vectors_dir

pytestmark = pytest.mark.item("2.2")

REFUSED_FLAGS = frozenset(
    {"low_order_A", "low_order_R", "non_canonical_A", "non_canonical_R", "low_order_residue"}
)


@dataclass(frozen=True, slots=True)
class EdgeCase:
    number: int
    key: bytes
    message: bytes
    signature: bytes
    flags: frozenset[str]


@cache
def edge_cases() -> tuple[EdgeCase, ...]:
    path = vectors_dir() / "tlog" / "c2sp-cctv" / "ed25519vectors.json"
    return tuple(
        EdgeCase(
            number=item["number"],
            key=bytes.fromhex(item["key"]),
            message=item["msg"].encode(),
            signature=bytes.fromhex(item["sig"]),
            flags=frozenset(item["flags"] or ()),
        )
        for item in json.loads(path.read_text("utf-8"))
    )


def test_exactly_the_cases_without_a_refused_flag_verify() -> None:
    for case in edge_cases():
        assert _verifies(case) == (not case.flags & REFUSED_FLAGS), case


def test_the_specification_states_the_counts() -> None:
    keys = {case.key for case in edge_cases()}
    assert len(edge_cases()) == 914
    assert sum(map(_verifies, edge_cases())) == 43
    assert len(keys) == 22
    assert sum(map(is_registrable, keys)) == 1


def test_no_flagged_key_is_registered() -> None:
    flags = {"low_order_A", "non_canonical_A", "low_order_component_A"}
    for case in edge_cases():
        assert is_registrable(case.key) == (not case.flags & flags), case


def test_libsodium_decides_every_case_as_the_slow_reading_of_the_specification() -> None:
    for case in edge_cases():
        slow = slow_ed25519.is_valid(case.key, case.message, case.signature)
        assert _verifies(case) == slow, case


def test_every_valid_case_fails_with_one_changed_bit() -> None:
    for case in filter(_verifies, edge_cases()):
        last = len(case.signature) - 1
        for position in (0, 31, 32, last):
            changed = bytearray(case.signature)
            changed[position] ^= 1
            with pytest.raises(BadSignature):
                verify(case.key, case.message, bytes(changed))
        with pytest.raises(BadSignature):
            verify(case.key, case.message + b"\x00", case.signature)


def _verifies(case: EdgeCase) -> bool:
    return verifies(case.key, case.message, case.signature)
