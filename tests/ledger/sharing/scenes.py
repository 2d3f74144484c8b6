"""What the words of the tables in ``docs/spec/sharing.md`` stand for, built from the real parts.

One record of one owner, and one reader; each word of the tables changes one thing about them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from ledger.grown_map import GrownMap
from ledger.party import Party, Standing
from ledger.policy_history import PolicyHistory
from ledger.relations import Relation, Relations
from ledger.sharing.agreements import Agreements, Case, Grant
from ledger.sharing.decision import Principal, SharingState, principal_of
from ledger.sharing.filed import Filed
from ledger.sharing.orders import Order
from tests.ledger.sharing.reference import Question, opening_table, relation_table

READER, ISSUER, OWNER, OTHER_SIDE = "reader", "issuer", "owner", "other side"
OEM, IDLE_OEM, LATE_OEM, STRANGER = "oem", "idle oem", "late oem", "stranger"
RECORD, FAMILY = "record", "brackets"
ADMITTED_MS: Final = 1_000_000
NOW_MS: Final = 2_000_000
INDEX: Final = 100
EARLIER: Final = 50
LATER: Final = 150
SIZE: Final = 500

STANDINGS: Final = ("member", "suspended", "removed", "stranger")
JOINED: Final = ("before", "after")
CASES: Final = ("none", "waiting", "open", "closed", "of others")
#: What a reader may be to a record. It may be several things at once.
POSITIONS: Final = tuple(
    frozenset(words.split())
    for words in (
        *("", "issuer", "owner", "issuer owner", "participant", "subject", "addressee"),
        *("subject addressee", "participant addressee"),
    )
)
RELATIONS: Final = tuple(row["relation"] for row in relation_table())
OPENINGS: Final = tuple(dict.fromkeys(row["what there is"] for row in opening_table()))


@dataclass(frozen=True, slots=True)
class Scene:
    """All that one decision is given."""

    filed: Filed
    state: SharingState
    reader: Principal
    at_ms: int = NOW_MS


def stage(question: Question, vct: str, tiers: tuple[tuple[str, str], ...]) -> Scene:
    """The scene of a question, with a record of these groups and tiers."""
    position = question.reader - {"auditor"}
    is_auditor = "auditor" in question.reader
    filed = _filed(vct, tiers, position, question.case)
    parties = _parties(question.standing, is_auditor, question.joined)
    agreed = _agreed(
        question.opened, question.case, filed.owner, _opens(vct, tiers), "participant" in position
    )
    state = SharingState(
        size=SIZE,
        parties=parties.by_did,
        tiers=_NO_POLICIES,
        relations=_relations(question.relation, filed.issuer),
        agreements=agreed.agreements,
        orders=agreed.orders,
    )
    return Scene(filed, state, _principal(parties, agreed))


_NO_POLICIES: Final = PolicyHistory()
_Opens = tuple[str, frozenset[str]]


@cache
def _opens(vct: str, tiers: tuple[tuple[str, str], ...]) -> _Opens:
    return vct, frozenset(group for group, _ in tiers) - {"state"}


@dataclass(frozen=True, slots=True, eq=False)
class _Parties:
    by_did: Mapping[str, Party]


@dataclass(frozen=True, slots=True, eq=False)
class _Agreed:
    agreements: Agreements
    orders: tuple[Order, ...]


@cache
def _principal(parties: _Parties, agreed: _Agreed) -> Principal:
    state = SharingState(
        size=SIZE,
        parties=parties.by_did,
        tiers=_NO_POLICIES,
        agreements=agreed.agreements,
        orders=agreed.orders,
        relations=LABORATORIES,
    )
    return principal_of(READER, state)


@cache
def _filed(
    vct: str, tiers: tuple[tuple[str, str], ...], position: frozenset[str], case: str
) -> Filed:
    return Filed(
        record_id=RECORD,
        index=INDEX,
        admitted_ms=ADMITTED_MS,
        vct=vct,
        issuer=READER if "issuer" in position else ISSUER,
        owner=READER if "owner" in position else OWNER,
        subject=READER if "subject" in position else OTHER_SIDE,
        tiers=tiers,
        to=(OTHER_SIDE, READER) if "addressee" in position else (OTHER_SIDE,),
        case=None if case == "none" else "case",
        family=FAMILY,
        policy="charter",
    )


# ---- parties ----


@cache
def _parties(standing: str, is_auditor: bool, joined: str) -> _Parties:
    found = {
        OEM: a_party(OEM),
        LATE_OEM: a_party(LATE_OEM),
        IDLE_OEM: a_party(IDLE_OEM, standing=Standing.SUSPENDED),
    }
    if standing != "stranger":
        found[READER] = a_party(
            READER,
            standing=Standing(standing),
            roles=frozenset({"supplier", "auditor"} if is_auditor else {"supplier"}),
            joined_at=10 if joined == "before" else 200,
        )
    return _Parties(found)


def a_party(
    did: str,
    *,
    standing: Standing = Standing.MEMBER,
    roles: frozenset[str] = frozenset({"supplier"}),
    joined_at: int = 10,
) -> Party:
    """A party that stands so since its admission."""
    return Party(
        did=did,
        slug=did,
        names={"en": did},
        roles=roles,
        accreditations=frozenset(),
        entity=did,
        parent=None,
        commitment="",
        joined_at=joined_at,
        standings=((joined_at, standing),),
    )


# ---- relations ----


@cache
def _relations(label: str, issuer: str) -> Relations:
    """The relation of the reader with the issuer that a word of section 3.1 stands for."""
    base = Relation("relation", "supply", READER, issuer, frozenset({FAMILY}), READER, 20)
    in_force = replace(base, in_force_at=30)
    meant = {
        "none": None,
        "offered": base,
        "in force": in_force,
        "ended since": replace(in_force, ended_at=LATER),
        "ended before": replace(in_force, ended_at=EARLIER),
        "begun since": replace(in_force, in_force_at=LATER),
        "of another family": replace(in_force, families=frozenset({"bearings"})),
        "with another party": replace(in_force, provider=OTHER_SIDE),
    }[label]
    return relations_of(*(() if meant is None else (meant,)))


def relations_of(*found: Relation) -> Relations:
    """Relations of which none is of the same pair as another."""
    return Relations(
        GrownMap((item.record_id, item) for item in found),
        GrownMap(
            ((item.customer, item.provider), GrownMap([(item.record_id, None)])) for item in found
        ),
    )


#: Of the reader, of whoever passes something on to it; and one that has ended.
LABORATORIES: Final = relations_of(
    *(
        Relation(f"of {did}", "laboratory", did, READER, frozenset(), did, 20, 30, ended)
        for did, ended in ((OEM, None), (IDLE_OEM, None), (LATE_OEM, LATER))
    )
)


# ---- grants, delegations, orders ----


@cache
def _agreed(label: str, case: str, owner: str, opens: _Opens, takes_part: bool) -> _Agreed:
    other = READER if takes_part else OTHER_SIDE
    is_own = case not in ("none", "of others")
    cases = [a_case(case, owner if is_own else STRANGER, other)] if case != "none" else []
    owners = [owner, other] if is_own and label != "granted by the owner alone" else [owner]
    grants = [
        grant
        for granter in owners
        if granter != READER
        for grant in _grants(label, a_grant(granter, opens))
    ]
    return _Agreed(agreements_of(grants, cases), _orders(label, owner, opens))


def a_case(state: str, one: str, other: str) -> Case:
    """A case of the two that waits, is open, or was closed."""
    return Case(
        record_id="case",
        index=60,
        customer=other,
        supplier=one,
        opened_by=one,
        number="8D-7",
        acknowledged_at=None if state == "waiting" else 61,
        closed_at=LATER if state == "closed" else None,
    )


def a_grant(owner: str, opens: _Opens) -> Grant:
    """A grant that opens groups of a type to the reader, now."""
    return Grant(
        record_id=f"grant of {owner}",
        index=EARLIER,
        owner=owner,
        granted_by=owner,
        reader=READER,
        opens=dict([opens]),
        purpose="audit",
        reads_from_ms=0,
        reads_until_ms=NOW_MS * 2,
    )


def agreements_of(grants: Iterable[Grant], cases: Iterable[Case] = ()) -> Agreements:
    """These grants in the order of the log, and these cases."""
    by_reader: dict[str, list[str]] = {}
    ordered = sorted(grants, key=lambda grant: grant.index)
    for grant in ordered:
        by_reader.setdefault(grant.reader, []).append(grant.record_id)
    return Agreements(
        grants=GrownMap((grant.record_id, grant) for grant in ordered),
        cases=GrownMap((case.record_id, case) for case in cases),
        by_reader=GrownMap(
            (reader, GrownMap((item, None) for item in ids)) for reader, ids in by_reader.items()
        ),
    )


def a_delegation(grant: Grant, *, by: str = OEM) -> tuple[Grant, Grant]:
    """The grant given to another reader, and what that one passed on to ours."""
    given = replace(grant, reader=by, is_delegable=True)
    passed = replace(
        grant,
        record_id=f"delegation, {grant.record_id}",
        index=EARLIER + 5,
        granted_by=by,
        of=grant.record_id,
    )
    return given, passed


_Changed = Callable[[Grant], Grant]
_GRANTED: Final[Mapping[str, _Changed]] = {
    "granted": lambda grant: grant,
    "granted from the next instant": lambda grant: replace(grant, reads_from_ms=NOW_MS + 1),
    "granted from this instant": lambda grant: replace(grant, reads_from_ms=NOW_MS),
    "granted until the next instant": lambda grant: replace(grant, reads_until_ms=NOW_MS + 1),
    "granted until this instant": lambda grant: replace(grant, reads_until_ms=NOW_MS),
    "granted and revoked": lambda grant: replace(grant, revoked_at=LATER),
    "granted of another group": lambda grant: replace(
        grant, opens={vct: frozenset({"another"}) for vct in grant.opens}
    ),
    "granted of another type": lambda grant: replace(
        grant, opens={f"another-{vct}": groups for vct, groups in grant.opens.items()}
    ),
    "granted to another": lambda grant: replace(grant, reader=STRANGER),
    "granted by a stranger": lambda grant: replace(grant, owner=STRANGER, granted_by=STRANGER),
    "granted of this family": lambda grant: replace(grant, families=frozenset({FAMILY})),
    "granted of another family": lambda grant: replace(grant, families=frozenset({"bearings"})),
    "granted of this record": lambda grant: replace(
        grant, index=LATER, records=frozenset({RECORD})
    ),
    "granted of other records": lambda grant: replace(grant, records=frozenset({"another"})),
    "granted since": lambda grant: replace(grant, index=LATER),
    "granted of records from here": lambda grant: replace(
        grant, index=LATER, records_from_ms=ADMITTED_MS
    ),
    "granted of later records": lambda grant: replace(grant, records_from_ms=ADMITTED_MS + 1),
    "granted of this case": lambda grant: replace(grant, case="case"),
    "granted of another case": lambda grant: replace(grant, case="another"),
    "granted by the owner alone": lambda grant: grant,
}
_Pair = tuple[Grant, Grant]
_DELEGATED: Final[Mapping[str, Callable[[Grant, Grant], _Pair]]] = {
    "delegated": lambda given, passed: (given, passed),
    "delegated and revoked": lambda given, passed: (given, replace(passed, revoked_at=LATER)),
    "delegated, its grant revoked": lambda given, passed: (
        replace(given, revoked_at=LATER),
        passed,
    ),
    "delegated, its grant over": lambda given, passed: (
        replace(given, reads_until_ms=NOW_MS),
        passed,
    ),
    "delegated until the next instant": lambda given, passed: (
        given,
        replace(passed, reads_until_ms=NOW_MS + 1),
    ),
    "delegated until this instant": lambda given, passed: (
        given,
        replace(passed, reads_until_ms=NOW_MS),
    ),
    "delegated by a suspended party": lambda given, passed: (
        replace(given, reader=IDLE_OEM),
        replace(passed, granted_by=IDLE_OEM),
    ),
    "delegated, its relation ended": lambda given, passed: (
        replace(given, reader=LATE_OEM),
        replace(passed, granted_by=LATE_OEM),
    ),
    "delegated since": lambda given, passed: (given, replace(passed, index=LATER)),
    "delegated of another group": lambda given, passed: (
        replace(given, opens={vct: frozenset({"another"}) for vct in given.opens}),
        passed,
    ),
}


def _grants(label: str, grant: Grant) -> tuple[Grant, ...]:
    if label in _GRANTED:
        return (_GRANTED[label](grant),)
    if label in _DELEGATED:
        return _DELEGATED[label](*a_delegation(grant))
    if label == "delegated and granted":
        later = replace(grant, record_id=f"later {grant.record_id}", index=EARLIER + 10)
        return (*a_delegation(grant), later)
    assert label == "none" or label.startswith("ordered"), label
    return ()


def an_order(owner: str | None, opens: _Opens) -> Order:
    """A quorum's order to show groups of a type to the reader, now."""
    return Order("order", READER, owner, dict([opens]), 0, NOW_MS * 2)


def _orders(label: str, owner: str, opens: _Opens) -> tuple[Order, ...]:
    order = an_order(owner, opens)
    meant = {
        "ordered": order,
        "ordered of everybody": replace(order, owner=None),
        "ordered of another owner": replace(order, owner=STRANGER),
        "ordered of another group": replace(order, opens={opens[0]: frozenset({"another"})}),
        "ordered to another": replace(order, reader=STRANGER),
        "ordered from the next instant": replace(order, reads_from_ms=NOW_MS + 1),
        "ordered until the next instant": replace(order, reads_until_ms=NOW_MS + 1),
        "ordered until this instant": replace(order, reads_until_ms=NOW_MS),
    }
    assert label in meant or not label.startswith("ordered"), label
    return (meant[label],) if label in meant else ()
