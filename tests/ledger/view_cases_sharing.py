"""Cases of what a view says of sharing: the log's decision, and groups that are erased."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from ledger.sharing.decision import Decision, GroupDecision
from ledger.sharing.members import decision_members
from ledger.sharing.signed import sign_decision
from tests.ledger.parties import NOW_MS, ORIGIN, a_log_signer, record_id_of
from tests.ledger.view_edits import LOG, SHOW, SINGLE, STORY, accepted, edited, put, refused
from tests.ledger.view_log import Document, as_lines, as_text, signed
from tests.ledger.view_story import REPORT, expected_result
from tests.ledger.view_vectors import ViewCase

RELATION: Final = record_id_of(LOG.jwss[1])
GROUPS: Final = (
    GroupDecision("address", "partner", True, "partner", RELATION, ()),
    GroupDecision("filing", "filing", True, "auditor", None, ()),
    GroupDecision("lot", "partner", True, "partner", RELATION, ()),
    GroupDecision("manifest", "consortium", True, "consortium", None, ()),
    GroupDecision("note", "public", True, "public", None, ()),
    GroupDecision("values", "restricted", False, "none", None, ("grant",)),
)
_SEALED: Final = (
    *GROUPS[:2],
    GroupDecision("lot", "sealed", False, "none", None, ("sealing-key",)),
    *GROUPS[3:],
)
DECISION: Final = Decision(
    record_id=record_id_of(LOG.jwss[REPORT]),
    reader=STORY.first.did,
    at_ms=NOW_MS + 60_000,
    size=len(LOG.jwss),
    policy=record_id_of(STORY.charter),
    groups=GROUPS,
)


def sharing_cases() -> Iterator[ViewCase]:
    """All cases of rows D12 to D15, and what they take in A4."""
    yield from _honest()
    yield from _erased_forms()
    yield from _erased()
    yield from _decision_forms()
    yield from _decisions()


def a_note(decision: Decision = DECISION, *, origin: str = ORIGIN) -> str:
    """The decision, signed by the log."""
    return sign_decision(decision, origin=origin, signer=a_log_signer())


def _decided(note: str) -> Document:
    return LOG.view(replace(SHOW, decision=note))


def _gone(*erased: tuple[str, int]) -> Document:
    items = [{"group": group, "at": at} for group, at in erased]
    return LOG.view(replace(SHOW, erased=items))


def _honest() -> Iterator[ViewCase]:
    result = expected_result(LOG, SHOW)
    for name, decision in [
        ("a decision", DECISION),
        ("a decision for anyone", DECISION._replace(reader=None)),
        ("a decision of a larger log", DECISION._replace(size=10_000)),
        ("a decision right after the record", DECISION._replace(size=REPORT + 1)),
        ("a sealed group that its reader opened", DECISION._replace(groups=_SEALED)),
    ]:
        said = edited(result, put("records", 0, "decision", to=decision_members(decision)))
        yield accepted(f"a record with {name}", said, _decided(a_note(decision)))
    fewer = replace(SHOW, disclosures=SHOW.disclosures[:1], decision=a_note())
    said = expected_result(LOG, fewer)
    said = edited(said, put("records", 0, "decision", to=decision_members(DECISION)))
    yield accepted("a record of which less is shown than was opened", said, LOG.view(fewer))
    gone = replace(SHOW, erased=[{"group": "evidence", "at": 9}, {"group": "values", "at": 8}])
    yield accepted("a record with erased groups", expected_result(LOG, gone), LOG.view(gone))
    again = expected_result(LOG, gone, gone)
    yield accepted("erased groups, in lines", again, as_lines(LOG.view(gone, gone)))


def _erased_forms() -> Iterator[ViewCase]:
    place = ("records", 0, "erased")
    forms: Sequence[tuple[str, object]] = [
        ("is a list", [["values", 8]]),
        ("lacks its entry", [{"group": "values"}]),
        ("has a member more", [{"group": "values", "at": 8, "by": "x"}]),
        ("has a number as its name", [{"group": 7, "at": 8}]),
        ("has a text as its entry", [{"group": "values", "at": "8"}]),
        ("has true as its entry", [{"group": "values", "at": True}]),
        ("has an entry below 0", [{"group": "values", "at": -1}]),
        ("stands twice", [{"group": "values", "at": 8}] * 2),
        ("is not in order", [{"group": "values", "at": 8}, {"group": "evidence", "at": 8}]),
        ("is one of 65", [{"group": f"g{number:02}", "at": 8} for number in range(65)]),
    ]
    for name, value in forms:
        view = edited(SINGLE, put(*place, to=value))
        yield refused("A4", f"an erased group {name}", "malformed-view", view)


def _erased() -> Iterator[ViewCase]:
    for name, group, at in [
        ("is shown", "lot", 8),
        ("is the manifest, which is shown", "manifest", 8),
        ("was erased before the record", "values", REPORT - 1),
        ("was erased by the record", "values", REPORT),
        ("is erased beyond the checkpoint", "values", len(LOG.jwss)),
        ("is erased at the end of numbers", "values", 2**53 - 1),
    ]:
        yield refused("D12", f"an erased group {name}", "erased-mismatch", _gone((group, at)))


def _decision_forms() -> Iterator[ViewCase]:
    yield refused("A4", "a decision is a number", "malformed-view", _with_decision(7))
    good = a_note()
    members = decision_members(DECISION)
    for name, note in [
        ("is empty", ""),
        ("is a checkpoint", LOG.note()),
        ("has no signature", good.partition("\n\n")[0] + "\n"),
        ("has another purpose", _signed(members, purpose="lotmark refusal v1")),
        ("has a line more", _signed(members, more="x\n")),
        ("has no JSON", signed(f"lotmark decision v1\n{ORIGIN}\n")),
        ("has an array", signed(f"lotmark decision v1\n{ORIGIN}\n[]\n")),
    ]:
        yield refused("D13", f"a decision {name}", "malformed-decision", _with_decision(note))
    for name, change in _changes():
        note = _signed(edited(members, put(*change[0], to=change[1])))
        yield refused("D13", f"a decision {name}", "malformed-decision", _with_decision(note))
    more = _signed({**members, "more": 1})
    yield refused("D13", "a decision has a member more", "malformed-decision", _with_decision(more))
    backwards = {**members, "groups": dict(reversed(members["groups"].items()))}
    view = _with_decision(_signed(backwards))
    yield refused("D13", "a decision is not in order", "malformed-decision", view)


def _changes() -> list[tuple[str, tuple[tuple[str, ...], Any]]]:
    lot, values = ("groups", "lot"), ("groups", "values")
    return [
        ("has a record that is none", (("record",), "x")),
        ("has a number as its reader", (("reader",), 7)),
        ("has a time below 0", (("at_ms",), -1)),
        ("has a text as its size", (("size",), "11")),
        ("has no policy", (("policy",), None)),
        ("has groups in an array", (("groups",), [])),
        ("names a group that is none", (("groups", "zz top"), {})),
        ("has a tier that is none", ((*lot, "tier"), "secret")),
        ("has the filing at a tier", (("groups", "filing", "tier"), "public")),
        ("has a rule that is none", ((*lot, "rule"), "friend")),
        ("reads by no rule", ((*lot, "readable"), False)),
        ("withholds by a rule", ((*values, "readable"), True)),
        ("has a relation that is none", ((*lot, "by"), None)),
        ("has a record behind no rule", ((*values, "by"), RELATION)),
        ("needs what it reads", ((*lot, "needs"), ["grant"])),
        ("needs what is none", ((*values, "needs"), ["luck"])),
        ("needs in another order", ((*values, "needs"), ["grant", "relation"])),
        ("needs one twice", ((*values, "needs"), ["grant", "grant"])),
    ]


def _decisions() -> Iterator[ViewCase]:
    unsigned, bad = "bad-decision-signature", a_note().replace('"at_ms":18', '"at_ms":19')
    other = sign_decision(DECISION, origin=ORIGIN, signer=a_log_signer(ORIGIN, "stranger"))
    yield refused("D14", "a decision was changed", unsigned, _with_decision(bad))
    yield refused("D14", "a decision is signed by another", unsigned, _with_decision(other))
    origin = a_note(origin="other.example/log")
    yield refused("D14", "a decision is for another log", "wrong-origin", _with_decision(origin))
    withheld = GROUPS[2]._replace(is_readable=False, rule="none", by=None)
    narrow = DECISION._replace(groups=(*GROUPS[:2], withheld, *GROUPS[3:]))
    unnamed = DECISION._replace(groups=(*GROUPS[:2], *GROUPS[3:]))
    for name, decision in [
        ("is about another record", DECISION._replace(record_id=RELATION)),
        ("withholds what is shown", narrow),
        ("does not name what is shown", unnamed),
        ("is older than the record", DECISION._replace(size=REPORT)),
    ]:
        yield refused("D15", f"a decision {name}", "decision-mismatch", _decided(a_note(decision)))


def _with_decision(value: object) -> Document:
    view: Document = edited(SINGLE, put("records", 0, "decision", to=value))
    return view


def _signed(
    members: dict[str, Any], *, purpose: str = "lotmark decision v1", more: str = ""
) -> str:
    return signed(f"{purpose}\n{ORIGIN}\n{as_text(members)}{more}")
