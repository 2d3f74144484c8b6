"""A small real log for the portal's tests: a consortium, its types, records of every kind.

Everything runs through the writer, so what the pages show is what a service would show.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from api.accesses.book import AccessBook
from api.accesses.log import AccessLog, NoAccessNotes
from api.cosigning import Cosigning
from api.exchange import LogKeys
from api.nonces import NonceMemory
from api.own_facts import OwnServiceFacts
from api.page_door import PageDoor
from api.page_sessions import PageSeals
from api.portal_facts import ServiceFacts
from api.published import Published
from api.record_search import RecordSearch
from api.records import RecordShelf
from api.seen import SeenByOthers
from api.sharing import Sharing
from api.target_uri import parse_public_base
from ledger.anchor import encode_anchor, parse_anchor
from ledger.blobs import MemoryBlobs
from ledger.clock import ManualClock
from ledger.compose import Filing
from ledger.high_water import HighWaterMemory
from ledger.note import encode_vkey
from ledger.record import encode_record_id
from ledger.service import Ledger, LedgerParts
from ledger.store_memory import MemoryStore
from ledger.submission import Admitted
from quality.rules import QualityRules
from quality.types import business_types
from tests.ledger.parties import (
    NOW_MS,
    NOW_S,
    ORIGIN,
    SEARCH_SECRET,
    Consortium,
    PartyKeys,
    Plan,
    RandomStream,
    a_consortium,
    a_log_signer,
)

BASE: Final = "http://127.0.0.1:8000"
OEM: Final = "borealis-motors"
SUPPLIER: Final = "hanfeng-drive"
CERTIFIER: Final = "meridian-cert"
NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    OEM: {"en": "Borealis Motors", "zh": "北极光汽车"},
    SUPPLIER: {"zh": "汉风传动"},
    CERTIFIER: {"en": 'Meridian <b>&</b> "Co"'},
}
HOSTILE: Final = "<script>alert('x')</script> \"><img src=x onerror=alert(1)> {{ 7*7 }} &amp; שלום"
LAG_S: Final = 5_000


@dataclass(frozen=True, slots=True)
class SmallLog:
    """A running log, what the portal asks of it, and its records by a word for each."""

    consortium: Consortium
    ledger: Ledger
    facts: ServiceFacts
    records: Mapping[str, str]
    own: OwnServiceFacts

    def view(self, name: str) -> bytes:
        """The public view of a record."""
        return self.facts.open(self.records[name]).view


def a_small_log(folder: Path) -> SmallLog:
    """Found the consortium and admit its entries and five records."""
    consortium = a_consortium(Plan(types=business_types(), amend=_name_founders))
    store = MemoryStore()
    ledger = Ledger(_parts(store), is_new=True)
    ledger.start()
    for text in consortium.texts:
        _submit(ledger, text)
    anchor = _anchor(consortium)
    published = Published(ledger.reader, Cosigning(parse_anchor(anchor.encode()), store))
    sharing = Sharing(ledger, ManualClock(NOW_MS), a_log_signer())
    shelf = RecordShelf(
        ledger, store, published=published, sharing=sharing, accesses=NoAccessNotes()
    )
    search = RecordSearch(ledger, store, SEARCH_SECRET, shelf, sharing)
    facts = ServiceFacts(ledger, shelf, search, anchor, published)
    records = {name: _submit(ledger, text) for name, text in _records(consortium).items()}
    clock = ManualClock(NOW_MS)
    pages = PageDoor(
        PageSeals(SEARCH_SECRET), LogKeys(ledger), NonceMemory(), clock, parse_public_base(BASE)
    )
    own = OwnServiceFacts(
        SeenByOthers(ledger, store, shelf, sharing, clock), pages, _book(folder, clock)
    )
    return SmallLog(consortium, ledger, facts, records | _governance(facts), own)


def _book(folder: Path, clock: ManualClock) -> AccessBook:
    url = f"sqlite:///{folder / 'accesses.sqlite'}"
    return AccessBook(AccessLog(url, origin=ORIGIN, clock=clock))


def _parts(store: MemoryStore) -> LedgerParts:
    return LedgerParts(
        origin=ORIGIN,
        store=store,
        high_water=HighWaterMemory(),
        clock=ManualClock(NOW_MS),
        signer=a_log_signer(),
        blobs=MemoryBlobs(random_bytes=RandomStream("blobs")),
        rules=QualityRules(),
        search_secret=SEARCH_SECRET,
    )


def _submit(ledger: Ledger, text: str) -> str:
    outcome = ledger.submit_text(text)
    assert isinstance(outcome, Admitted), outcome
    return outcome.record_id


def _anchor(consortium: Consortium) -> str:
    policy = f"log {encode_vkey(a_log_signer().key)}\nquorum none\n"
    return encode_anchor(ORIGIN, policy, consortium.fold.charter_id)


def _name_founders(body: dict[str, Any]) -> None:
    for founder in body["founders"]:
        founder["names"] = dict(NAMES[founder["slug"]])


def _governance(facts: ServiceFacts) -> dict[str, str]:
    """The first entry of each governance type."""
    found: dict[str, str] = {}
    for row in facts.newest(before=facts.ledger.size, limit=facts.ledger.size):
        found[row.vct.partition("/")[0]] = encode_record_id(row.record_id)
    return found


def _records(consortium: Consortium) -> dict[str, str]:
    parties = consortium.parties
    subject = parties[SUPPLIER].did
    return {
        "credential": _record(
            consortium,
            parties[CERTIFIER],
            "quality-credential/v1",
            groups=_credential(subject),
            filing=Filing(subject=subject, number="MC-1"),
        ),
        "verdict": _record(
            consortium,
            parties[SUPPLIER],
            "inspection-report/v1",
            groups=_inspection(HOSTILE),
            filing=Filing(to=(parties[OEM].did,), tiers={"verdict": "public"}, number="IR-1"),
        ),
        "hidden": _record(
            consortium,
            parties[SUPPLIER],
            "inspection-report/v1",
            groups=_inspection("nothing to see"),
            filing=Filing(to=(parties[OEM].did,), number="IR-2"),
        ),
    }


def _record(
    consortium: Consortium,
    party: PartyKeys,
    vct: str,
    *,
    groups: Mapping[str, Any],
    filing: Filing,
) -> str:
    composer = consortium.composer(party.signing, label=f"{vct} {filing.number}")
    kind = consortium.fold.types[vct]
    return composer.compose_record(kind, groups, filing=filing, iat=NOW_S - LAG_S)


def _credential(subject: str) -> dict[str, Any]:
    return {
        "credential": {
            "kind": "calibration",
            "scheme": "ISO/IEC 17025",
            "number": "MC-26-5521",
            "holder": {"party": subject, "name": "汉风传动"},
            "valid_from": "2026-11-10",
            "valid_until": None,
            "status": "active",
        }
    }


def _inspection(remark: str) -> dict[str, Any]:
    return {
        "verdict": {
            "decision": "accept",
            "decided_at": "2026-11-18T15:20:00+08:00",
            "stage": "receiving",
            "remark": remark,
        },
        "lot": {"number": "SECRET-LOT-77", "part": "GR-1001", "quantity": "200", "unit": "H87"},
    }
