"""A log with a record of every type, out of a case and of one, and a party of every standing.

It runs in this process over a store in memory; what it serves comes off the shelf of the
service itself. Two pairs of a customer and a supplier say everything that one says to the
other, and what is filed differs in nothing but its case.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

from api.accesses.log import NoAccessNotes
from api.cosigning import Cosigning
from api.exchange import Reader
from api.published import Published
from api.records import RecordShelf
from api.sharing import Sharing
from ledger.anchor import Anchor, encode_anchor, parse_anchor
from ledger.compose import Filing
from ledger.note import encode_vkey
from ledger.own_types import ACCESS_DIGEST, ACCESS_DIGEST_USE, own_types
from ledger.record_type import TIERS
from quality.masters import Masters
from quality.rules import QualityRules
from quality.types import business_types
from tests.ledger.ledger_stories import Story, a_story
from tests.ledger.parties import (
    NOW_MS,
    NOW_S,
    ORIGIN,
    Consortium,
    PartyKeys,
    PartySigner,
    Plan,
    a_consortium,
    a_log_signer,
    record_id_of,
    sign_key,
)
from tests.quality.anomaly_examples import PLACE
from tests.quality.examples import VCTS, example
from tests.stories.tiers import FAMILY, Link

CUSTOMER, SUPPLIER, SUPPLIER_OF_CASE = "borealis-motors", "hanfeng-drive", "sierra-castings"
MEMBER, PARTNER, GRANTEE, DELEGATE = "plain-member", "partner", "grantee", "delegate"
AUDITOR, SUSPENDED = "auditor", "suspended"
_MAKER: Final = ("supplier", "certifier", "laboratory")
PLAN: Final = Plan(
    founders={
        CUSTOMER: ("oem", "operator"),
        SUPPLIER: _MAKER,
        SUPPLIER_OF_CASE: _MAKER,
        MEMBER: ("supplier",),
        PARTNER: ("supplier",),
        GRANTEE: ("supplier",),
        DELEGATE: ("laboratory",),
        AUDITOR: ("auditor",),
        SUSPENDED: ("supplier",),
    },
    types=(*business_types(), *own_types()),
    thresholds={"suspend": 1},
)
#: Groups with files: an upload of their own would show nothing more.
_WITHOUT: Final = frozenset({"evidence", "documents", "document", "correction"})
_MORE: Final[Mapping[str, tuple[str, ...]]] = {
    "act/v1": ("terms",),
    "inspection-report/v1": ("plan", "defects", "inspectors"),
    "corrective-action/v1": ("team", "containment", "cause"),
    "requirement/v1": ("credentials", "limits", "targets", "labels", "calendars"),
    "goods-receipt/v1": ("differences",),
}
#: Whose people decide about models.
_DECIDING: Final = (SUPPLIER, SUPPLIER_OF_CASE)
_YEAR_MS: Final = 365 * 86_400_000


@dataclass(frozen=True, slots=True)
class Filed:
    """A record on the log: who signed it, whose it is, whom it is about, and how it is shared."""

    record_id: str
    vct: str
    issuer: str
    owner: str
    other: str
    tiers: Mapping[str, str]
    groups: Mapping[str, Any]
    is_of_case: bool


@dataclass
class EveryView:
    """The log, and the shelf that serves it."""

    consortium: Consortium = field(default_factory=lambda: a_consortium(PLAN))
    case: str | None = None
    records: list[Filed] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Found it; nothing is said yet."""
        self._labels = itertools.count()
        self._filed: dict[str, Filed] = {}
        self.story: Story = a_story(rules=QualityRules(), state=Masters())
        self.service_key = self.party(CUSTOMER).another_key("service")
        uses = (ACCESS_DIGEST_USE,)
        key = sign_key(self.consortium, self.party(CUSTOMER), self.service_key, uses=uses)
        self.persons = {slug: self.party(slug).another_key("person") for slug in _DECIDING}
        own = [
            sign_key(self.consortium, self.party(slug), signer, holder_kind="person")
            for slug, signer in self.persons.items()
        ]
        self.story.admit(*self.consortium.texts, key, *own)
        policy = f"log {encode_vkey(a_log_signer().key)}\nquorum none\n"
        self.anchor_text = encode_anchor(ORIGIN, policy, self.consortium.fold.charter_id)
        self.anchor: Anchor = parse_anchor(self.anchor_text.encode())
        ledger, store = self.story.ledger, self.story.store
        self.sharing = Sharing(ledger, self.story.clock, a_log_signer())
        self.shelf = RecordShelf(
            ledger,
            store,
            published=Published(ledger.reader, Cosigning(self.anchor, store)),
            sharing=self.sharing,
            accesses=NoAccessNotes(),
        )

    # ---- what links of a chain ask of a service ----

    def party(self, slug: str) -> PartyKeys:
        """A member and its keys."""
        return self.consortium.parties[slug]

    def did(self, slug: str) -> str:
        """The DID of a member."""
        return self.party(slug).did

    def record(self, groups: Mapping[str, Any], *, by: str, vct: str, filing: Filing) -> str:
        """A record that goes to the partner too, each of its groups to another tier."""
        groups = {**_more(vct), **groups}
        kind, signing = self.consortium.fold.types[vct], self.party(by).signing
        if vct == ACCESS_DIGEST:
            signing = self.service_key
        if vct in ("model-decision/v1", "alarm-label/v1"):
            signing = self.persons[by]
        tiers = self._tiers(vct, groups)
        given = replace(filing, to=[*filing.to, self.did(PARTNER)], tiers=tiers, case=self.case)
        text = self.sign(signing, groups, vct=vct, filing=given)
        other = self._slug(filing.subject)
        owner = other if kind.owner == "subject" else by
        is_of_case = self.case is not None
        self._filed[text] = Filed(
            record_id_of(text), vct, by, owner, other, tiers, groups, is_of_case
        )
        return text

    def admit(self, text: str) -> str:
        """Submit what must be admitted; its id."""
        self.story.admit(text)
        if text in self._filed:
            self.records.append(self._filed[text])
        return record_id_of(text)

    @property
    def granted_types(self) -> frozenset[str]:
        """The types of which groups are granted: what the log files itself is granted to nobody."""
        return frozenset(VCTS)

    # ---- beside them ----

    def sign(
        self, signer: PartySigner, groups: Mapping[str, Any], *, vct: str, filing: Filing
    ) -> str:
        """A record as it is filed."""
        composer = self.consortium.composer(signer, label=f"every view {next(self._labels)}")
        kind = self.consortium.fold.types[vct]
        return composer.compose_record(kind, groups, filing=filing, iat=NOW_S)

    def act(self, by: str, *to: str, **state: Any) -> str:
        """An act between parties that is none of the records in question; its id."""
        dids = [self.did(slug) for slug in to]
        filing = Filing(subject=dids[0], to=dids)
        signing = self.party(by).signing
        return self.admit(self.sign(signing, {"state": state}, vct="act/v1", filing=filing))

    def reader(self, slug: str | None) -> Reader:
        """A party as it asks; None is anyone."""
        return Reader(None if slug is None else self.did(slug))

    def suspend(self, slug: str) -> None:
        """By the votes of the others."""
        body = {"act": "suspend", "content": {"party": self.did(slug)}, "reason": None}
        text = self.consortium.governance(self.party(CUSTOMER).admin, "proposal/v1", body)
        of = self.admit(text)
        if self.story.ledger.fold.parties[self.did(slug)].is_member:
            vote = {"of": of, "meaning": "approve", "reason": None}
            admin = self.party(AUDITOR).admin
            self.admit(self.consortium.governance(admin, "endorsement/v1", vote, label=of))

    def _slug(self, did: str | None) -> str:
        return next(slug for slug, party in self.consortium.parties.items() if party.did == did)

    def _tiers(self, vct: str, groups: Mapping[str, Any]) -> dict[str, str]:
        """Each group the next of the tiers that its type allows it, in turn."""
        kind = self.consortium.fold.types[vct]
        tiers = {}
        for turn, name in enumerate(groups):
            spec = kind.groups[name]
            allowed = TIERS[TIERS.index(spec.floor) : TIERS.index(spec.ceiling) + 1]
            open_tiers = [tier for tier in allowed if tier != "sealed"]
            tiers[name] = open_tiers[turn % len(open_tiers)]
        return tiers


def every_view() -> EveryView:
    """Everything is said, and one party is suspended at last."""
    log = EveryView()
    for slug in (CUSTOMER, SUPPLIER, SUPPLIER_OF_CASE):
        _relate(log, slug, PARTNER)
        _open_to_grantee(log, slug)
    _say_all(log, SUPPLIER)
    log.case = _case(log, SUPPLIER_OF_CASE)
    _say_all(log, SUPPLIER_OF_CASE)
    log.case = _case(log, SUSPENDED)
    log.admit(_site(log, SUSPENDED, CUSTOMER))
    log.admit(_upload(log, SUSPENDED))
    log.suspend(SUSPENDED)
    return log


def _relate(log: EveryView, customer: str, provider: str) -> None:
    sides = {"customer": log.did(customer), "provider": log.did(provider)}
    of = log.act(customer, provider, act="relation", kind="supply", **sides, families=[FAMILY])
    log.act(provider, customer, act="endorse", of=of, meaning="approve")


def granted(vct: str, log: EveryView) -> list[str]:
    """The groups of a type that are granted: every other one that may be."""
    names = [name for name in log.consortium.fold.types[vct].groups if name != "state"]
    return names[::2]


def _open_to_grantee(log: EveryView, owner: str) -> None:
    """A grant of half of the groups of every type, which the grantee passes on."""
    opens = [{"type": vct, "groups": granted(vct, log)} for vct in VCTS]
    reads = {"from": NOW_MS, "until": NOW_MS + _YEAR_MS}
    of = log.act(
        owner,
        GRANTEE,
        act="grant",
        reader=log.did(GRANTEE),
        opens=opens,
        purpose="ppap",
        reads=reads,
        delegable=True,
    )
    if owner == CUSTOMER:
        sides = {"customer": log.did(GRANTEE), "provider": log.did(DELEGATE), "families": []}
        relation = log.act(GRANTEE, DELEGATE, act="relation", kind="laboratory", **sides)
        log.act(DELEGATE, GRANTEE, act="endorse", of=relation, meaning="approve")
    log.act(GRANTEE, DELEGATE, owner, act="delegate", of=of, reader=log.did(DELEGATE))


def _case(log: EveryView, supplier: str) -> str:
    """A case of the customer and a supplier, open."""
    log.case = None
    sides = {"customer": log.did(CUSTOMER), "supplier": log.did(supplier)}
    case = log.act(CUSTOMER, supplier, act="case", **sides, number=f"8D-{supplier}")
    log.act(supplier, CUSTOMER, act="endorse", of=case, meaning="approve")
    return case


def _say_all(log: EveryView, supplier: str) -> None:
    """What the two say to each other, and the types that no chain needs."""
    sites = {slug: _site_of(slug) for slug in (CUSTOMER, supplier)}
    if not log.records:
        log.admit(_site(log, CUSTOMER, supplier))
    log.admit(_site(log, supplier, CUSTOMER))
    link = Link(cast(Any, log), CUSTOMER, supplier, sites)
    link.say_all()
    _say_of_model(log, supplier, upload=log.admit(_upload(log, supplier)))
    log.admit(_credential(log, supplier))
    log.admit(_digest(log, supplier))


def _site(log: EveryView, slug: str, other: str) -> str:
    groups = _groups("site/v1", state={"site": _site_of(slug), "kind": "plant"})
    return log.record(groups, by=slug, vct="site/v1", filing=_about(log, other))


def _site_of(slug: str) -> str:
    return f"{slug}-1"


def _upload(log: EveryView, slug: str) -> str:
    groups = _groups("parameter-upload/v1")
    groups["process"]["site"] = _site_of(slug)
    filing = _about(log, CUSTOMER)
    return log.record(groups, by=slug, vct="parameter-upload/v1", filing=filing)


def _say_of_model(log: EveryView, slug: str, *, upload: str) -> None:
    """A card of a line, a decision about it, a label of an alarm and rules."""
    line = PLACE | {"site": _site_of(slug)}
    card = _groups("model-card/v1")
    card["state"] = card["state"] | {"owner": log.did(slug), "line": line}
    del card["state"]["parent"]
    of = log.admit(_own(log, slug, "model-card/v1", card))
    state = {"card": of, "decision": "reject", "reason": "drift"}
    log.admit(_own(log, slug, "model-decision/v1", _groups("model-decision/v1", state=state)))
    label = _groups("alarm-label/v1")
    label["alarm"] = label["alarm"] | {"upload": upload}
    log.admit(_own(log, slug, "alarm-label/v1", label))
    rules = _groups("rule-limits/v1", state={"line": line, "version": 1})
    log.admit(_own(log, slug, "rule-limits/v1", rules))


def _own(log: EveryView, slug: str, vct: str, groups: dict[str, Any]) -> str:
    return log.record(groups, by=slug, vct=vct, filing=_about(log, CUSTOMER))


def _credential(log: EveryView, slug: str) -> str:
    groups = _groups("quality-credential/v1")
    groups["credential"] |= {"site": _site_of(slug)}
    groups["credential"]["holder"]["party"] = log.did(CUSTOMER)
    filing = replace(_about(log, CUSTOMER), owner=log.did(CUSTOMER))
    return log.record(groups, by=slug, vct="quality-credential/v1", filing=filing)


def _digest(log: EveryView, other: str) -> str:
    state = {"from": NOW_MS, "until": NOW_MS + 3_600_000, "count": 0, "root": "A" * 43}
    return log.record({"state": state}, by=CUSTOMER, vct=ACCESS_DIGEST, filing=_about(log, other))


def _about(log: EveryView, slug: str) -> Filing:
    return Filing(subject=log.did(slug), to=[log.did(slug)])


def _groups(vct: str, **given: Any) -> dict[str, Any]:
    groups = example(vct) | given
    return {name: value for name, value in groups.items() if name not in _WITHOUT}


def _more(vct: str) -> dict[str, Any]:
    """Groups of a type that go with whatever the others say."""
    return {name: example(vct)[name] for name in _MORE.get(vct, ())}
