"""An audit that goes on from where one stopped says what one says that began anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.audit import Audit
from ledger.audit_errors import AuditStateDamaged, LogNotExtended
from ledger.audit_findings import AuditReport
from ledger.audit_memory import AuditMemory, encode_memory, parse_memory
from ledger.errors import LedgerError, LogRolledBack
from tests.ledger.audit_copies import (
    FIRST_REPORT,
    LAST,
    TEXTS,
    CopiedLog,
    Forgery,
    audited,
    remembered,
)
from tests.ledger.ledger_stories import FOUNDED
from tests.ledger.parties import NOW_S, ORIGIN, resign

pytestmark = pytest.mark.item("3.7.audit")

SIZES: Final = tuple(range(1, len(TEXTS) + 1))
HONEST: Final = Forgery(sizes=SIZES)
FIRST, SECOND, _ = FOUNDED.parties.values()
NEWEST: Final = TEXTS[LAST]


def _twice() -> Forgery:
    other = resign(TEXTS[FIRST_REPORT], SECOND.signing, claims={"iat": NOW_S - 1})
    return HONEST.with_text(FIRST_REPORT + 2, other).with_text(LAST, TEXTS[FIRST_REPORT])


def _earlier(head: str) -> str:
    return head.replace(f"{NOW_S * 1000 + 1000 * LAST}", f"{NOW_S * 1000}")


FORGERIES: Final = {
    "honest": HONEST,
    "jti used twice, and again": _twice(),
    "wrong key": HONEST.with_text(FIRST_REPORT, resign(TEXTS[FIRST_REPORT], SECOND.admin)),
    "time decreases": replace(HONEST, heads={LAST: _earlier}),
    "key entry refused": HONEST.with_text(3, resign(TEXTS[3], FIRST.another_key("stranger"))),
}


@cache
def _copy(name: str) -> CopiedLog:
    return FORGERIES[name].copy()


def resumed(log: CopiedLog, *sizes: int) -> AuditReport:
    """The report of the last of several audits, each at a size, each from a file."""
    memory: AuditMemory | None = None
    for size in sizes:
        if size:
            kept = remembered(log.until(size), memory)
            members = json.loads(json.dumps(encode_memory(kept)))
            # What a later audit appended before it was killed is not read.
            memory = parse_memory(members, kept.jtis + b"later")
    running = Audit(ORIGIN, log, memory=memory)
    list(running.run())
    return running.finish()


@pytest.mark.parametrize("name", FORGERIES)
@given(sizes=st.lists(st.integers(0, len(TEXTS)), max_size=4).map(sorted))
def test_any_number_of_resumed_audits_say_what_one_whole_audit_says(
    name: str, sizes: list[int]
) -> None:
    log = _copy(name)
    whole, last = audited(log), resumed(log, *sizes)
    assert last.resumed_at == (sizes[-1] if sizes else 0)
    assert replace(last, resumed_at=0) == whole
    assert whole.is_clean == (name == "honest")


def test_resumed_audit_reads_only_what_is_new() -> None:
    log = _copy("honest")
    memory = remembered(log.until(LAST))
    blank = replace(log, entries=((b"", None),) * LAST + log.entries[LAST:])

    class Watched:
        extent, read_tile = staticmethod(log.extent), staticmethod(log.read_tile)
        entry_texts, checkpoints = (
            staticmethod(blank.entry_texts),
            staticmethod(log.checkpoints),
        )
        cosigned, filings = staticmethod(log.cosigned), staticmethod(log.filings)

    running = Audit(ORIGIN, Watched(), memory=memory)
    assert list(running.run()) == [len(TEXTS)]
    assert running.finish().is_clean


# ---- what is not gone on from ----


def test_shorter_log_is_refused_by_name() -> None:
    log = _copy("honest")
    memory = remembered(log)
    with pytest.raises(LogRolledBack, match=f"at least {len(TEXTS)} entries as audited"):
        Audit(ORIGIN, log.until(LAST), memory=memory)


@pytest.mark.parametrize("size", [LAST, LAST - 1])
def test_another_history_is_refused_by_name(size: int) -> None:
    other = HONEST.with_text(LAST - 2, resign(TEXTS[LAST - 2], SECOND.signing, claims={"iat": 1}))
    log, memory = _copy("honest"), remembered(_copy("honest").until(size))
    Audit(ORIGIN, log, memory=memory)
    with pytest.raises(LogNotExtended, match=f"extends the {size} entries"):
        Audit(ORIGIN, other.copy(), memory=memory)


def test_log_of_the_same_size_and_another_root_is_refused() -> None:
    other = HONEST.with_text(LAST, resign(NEWEST, SECOND.signing, claims={"iat": NOW_S - 1}))
    with pytest.raises(LogNotExtended):
        Audit(ORIGIN, other.copy(), memory=remembered(_copy("honest")))


Members = dict[str, Any]


def _set(name: str, value: object) -> Callable[[Members], None]:
    def change(members: Members) -> None:
        assert members[name] != value
        members[name] = value

    return change


def _flip_leaf_of_tile(members: Members) -> None:
    row = members["tiles"][0]
    members["tiles"][0] = ("B" if row[0] == "A" else "A") + row[1:]


def _swap_governance(members: Members) -> None:
    members["governing"][3][2] = members["governing"][4][2]


def _strange_governance(members: Members) -> None:
    members["governing"][0][2] = "lotmark.entry/v1\n"


CHANGES: Final[dict[str, Callable[[Members], None]]] = {
    "size": _set("size", LAST),
    "root": _set("root", "A" * 43 + "="),
    "hash of a tile": _flip_leaf_of_tile,
    "no tiles": _set("tiles", []),
    "jti keys": _set("jtis", "00" * 32),
    "swapped governance": _swap_governance,
    "strange governance": _strange_governance,
    "unknown member": _set("more", 1),
    "text for a number": _set("admitted_ms", "1"),
    "tallies": _set("tallies", [1]),
    "findings": _set("findings", [["place", "code"]]),
}


@pytest.mark.parametrize("name", CHANGES)
def test_changed_memory_is_refused_by_name(name: str) -> None:
    log = _copy("honest")
    kept = remembered(log)
    members = (
        {"more": 0, **encode_memory(kept)} if name == "unknown member" else encode_memory(kept)
    )
    change = json.loads(json.dumps(members))
    CHANGES[name](change)
    with pytest.raises((AuditStateDamaged, LogNotExtended)):
        Audit(ORIGIN, log, memory=parse_memory(change, kept.jtis))
    if name != "unknown member":
        Audit(ORIGIN, log, memory=parse_memory(members, kept.jtis))


def test_a_root_that_somebody_made_up_is_not_gone_on_from() -> None:
    """The file agrees with itself, yet the log has no such past."""
    forged = replace(remembered(_copy("wrong key")), findings=())
    with pytest.raises(LogNotExtended):
        Audit(ORIGIN, _copy("honest"), memory=forged)


def test_made_up_governance_is_not_followed() -> None:
    memory = remembered(_copy("honest"))
    index, at_ms, text = memory.governing[-1]
    # The last character of 64 bytes is one of four.
    other = b"Q\n" if text.endswith(b"A\n") else b"A\n"
    forged = replace(memory, governing=(*memory.governing[:-1], (index, at_ms, text[:-2] + other)))
    with pytest.raises(LedgerError) as caught:
        Audit(ORIGIN, _copy("honest"), memory=forged)
    assert caught.value.code == "audit-state-damaged"
