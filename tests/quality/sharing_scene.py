"""What is agreed on sharing, act by act, without a log: states, judged and applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ledger.domain_state import Said
from ledger.fold_state import PublicFold
from ledger.sharing.agreements import Agreements
from ledger.sharing.filed import Filed
from quality.masters import Masters
from tests.quality.master_stories import OEM, OTHER, SUPPLIER, TRADE

CUSTOMER, MAKER, LAB = OEM.did, SUPPLIER.did, OTHER.did
REPORT: Final = "inspection-report/v1"
NOW: Final = 1_800_000_000_000
DAY: Final = 86_400_000
OPENS: Final = [{"type": REPORT, "groups": ["measurements"]}]


def rid(index: int) -> str:
    """The id of the record at an index."""
    return f"{index:043d}"


def a_filed(index: int, **members: Any) -> Filed:
    """A report of the supplier about a delivery to its customer."""
    known: dict[str, Any] = {
        "record_id": rid(index),
        "index": index,
        "admitted_ms": NOW,
        "vct": REPORT,
        "issuer": MAKER,
        "owner": MAKER,
        "subject": None,
        "tiers": tuple((name, "partner") for name in TRADE.fold.types[REPORT].groups),
        "to": (CUSTOMER,),
        "case": None,
        "family": None,
        "policy": TRADE.fold.charter_id,
    }
    return Filed(**known | members)


@dataclass
class Scene:
    """A state that grows by what is admitted, and the records that acts may name."""

    masters: Masters = field(default_factory=Masters)
    fold: PublicFold = TRADE.fold
    index: int = 100
    now_ms: int = NOW
    records: dict[str, Filed | None] = field(default_factory=dict)

    @property
    def agreed(self) -> Agreements:
        """What is agreed now."""
        return self.masters.agreements

    def filed(self, record_ids: Sequence[str]) -> Mapping[str, Filed | None]:
        """The filings of the scene."""
        return {key: self.records[key] for key in record_ids if key in self.records}

    def say(self, party: str, state: Mapping[str, Any], *to: str, subject: str = "") -> Said:
        """An act as it would stand now; the first addressee is its subject."""
        given = subject or (to[0] if to else None)
        return Said(
            self.index, self.now_ms, rid(self.index), party, "act/v1", to, given, None, None, state
        )

    def code(self, said: Said) -> str | None:
        """Why it is refused; None where it is not."""
        refusal = self.masters.judge(said, self.fold, filings=self)
        return refusal.code if refusal else None

    def admit(self, said: Said) -> str:
        """Put it in force, whether or not it is judged; its record id."""
        self.masters = self.masters.apply(said, self.fold)
        self.index += 1
        return said.record_id

    def put(self, party: str, state: Mapping[str, Any], *to: str) -> str:
        """Say what must be admitted."""
        said = self.say(party, state, *to)
        assert self.code(said) is None, self.masters.judge(said, self.fold, filings=self)
        return self.admit(said)

    def copy(self) -> Scene:
        """Another one that goes on from here."""
        return replace(self, records=dict(self.records))

    def relate(self, customer: str, provider: str, kind: str = "laboratory") -> str:
        """Put a relation in force."""
        offer = {"act": "relation", "kind": kind, "customer": customer, "provider": provider}
        families = ["GEARS"] if kind == "supply" else []
        of = self.put(customer, {**offer, "families": families}, provider)
        self.put(provider, {"act": "endorse", "of": of, "meaning": "approve"}, customer)
        return of


def a_grant(**members: Any) -> dict[str, Any]:
    """A grant of the supplier's measurements to its customer, for a year."""
    grant: dict[str, Any] = {
        "act": "grant",
        "reader": CUSTOMER,
        "opens": OPENS,
        "purpose": "ppap",
        "reads": {"from": NOW, "until": NOW + 365 * DAY},
        "delegable": True,
    }
    return grant | members


def a_case(**members: Any) -> dict[str, Any]:
    """A case between the customer and the supplier."""
    return {"act": "case", "customer": CUSTOMER, "supplier": MAKER, "number": "8D-1"} | members


def an_erasure(of: str, *groups: str, **members: Any) -> dict[str, Any]:
    """An erasure by the owner."""
    state = {"act": "erase", "of": of, "groups": list(groups), "reason": "over"}
    return state | {"basis": "owner"} | members


OWN, FOREIGN, UNSEEN, LOST = rid(1), rid(2), rid(3), rid(4)


def a_scene() -> Scene:
    """The customer has a laboratory; there are records of the supplier and of the customer."""
    scene = Scene()
    scene.relate(CUSTOMER, LAB)
    scene.records = {
        OWN: a_filed(1),
        FOREIGN: a_filed(2, issuer=CUSTOMER, owner=CUSTOMER, to=(MAKER,)),
        UNSEEN: a_filed(3, issuer=CUSTOMER, owner=CUSTOMER, to=()),
        LOST: None,
    }
    return scene
