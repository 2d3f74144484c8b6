"""What is above a reader's tier is in nothing that reaches it: answers, errors, logs, backups.

Distinctive values are planted wherever a record of the trade has a value. Two readers then ask
for everything that the service has, by every way that it has; all their bytes are kept, and
searched for those values as they are and as they look inside of base64url.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as replaced
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import quote

import httpx
import pytest
import structlog
from structlog.testing import LogCapture

from api.observability import log as service_log
from keys.encoding import encode_base64url
from ledger.compose import Filing
from tests.api.service import LABORATORY, OEM, STRANGER, SUPPLIER, LiveService, code_of, serve
from tests.api.test_backup import taken
from tests.ledger.parties import PartyKeys
from tests.quality.examples import example
from tests.stories.tiers import FAMILY, Link, register_site

pytestmark = pytest.mark.item("5.done.leaks")

#: What the story of two parties says, and the distinctive value said in its place.
PLANTED: Final[Mapping[str, str]] = {
    "GR-1": "PLANTED-PART-71",
    "SP-1": "PLANTED-SPEC-72",
    "QR-1": "PLANTED-REQUIREMENT-73",
    "L-1": "PLANTED-LOT-74",
    "DN-1": "PLANTED-SHIPMENT-75",
    "WE-1": "PLANTED-RECEIPT-76",
    "8D-1": "PLANTED-COMPLAINT-77",
    "Burr at the edge": "PLANTED symptom 78",
    "burr": "PLANTED-DEFECT-79",
    "齿轮": "埋设的齿轮",
    FAMILY: "PLANTED-FAMILY-80",
    "borealis-1": "PLANTED-SITE-81",
    "hanfeng--1": "PLANTED-SITE-82",
    "宁波": "埋设的城市",
}
RESTRICTED, PARTNER = "PLANTED restricted 91", "PLANTED partner 92"
FILED, UPLOAD = "PLANTED-FILE-NUMBER-93", "PLANTED upload 94 " * 40
#: These two are shown to some; that they are found where they may be is what proves the search.
CONSORTIUM, PUBLIC = "PLANTED consortium 95", "PLANTED public 96"
HIDDEN: Final = (*PLANTED.values(), RESTRICTED, PARTNER, FILED, UPLOAD[:18])
VIEW, VIEW_LINES = "application/vnd.lotmark.view+json", "application/vnd.lotmark.view+jsonl"


def planted(value: Any) -> Any:
    """The value with the distinctive ones in place of those of the story."""
    if isinstance(value, dict):
        return {name: planted(member) for name, member in value.items()}
    if isinstance(value, list):
        return [planted(member) for member in value]
    return PLANTED.get(value, value) if isinstance(value, str) else value


@dataclass
class Planting:
    """A service to which everything is said with the distinctive values."""

    live: LiveService
    ids: list[str] = field(default_factory=list)

    def party(self, slug: str) -> PartyKeys:
        """A member."""
        return self.live.party(slug)

    def record(
        self,
        groups: Mapping[str, Any],
        *,
        by: str,
        vct: str,
        filing: Filing = Filing(),  # noqa: B008  (immutable)
    ) -> str:
        """A record of the story."""
        family = planted(filing.family)
        filed = replaced(filing, family=family, number=FILED, notes=FILED)
        return self.live.record(planted(dict(groups)), by=by, vct=vct, filing=filed)

    def admit(self, text: str) -> str:
        """Its id."""
        self.ids.append(self.live.admit(text))
        return self.ids[-1]


@dataclass
class Planted:
    """The log, everything of it that is to be asked for, and what it logged."""

    live: LiveService
    link: Link
    ids: Sequence[str]
    blob: str
    logged: Sequence[Any]

    @property
    def targets(self) -> Iterator[tuple[str, str]]:
        """Every path that answers, with what is accepted."""
        size = self.live.size()
        for record_id in self.ids:
            yield f"/v1/records/{record_id}/flags", "*/*"
        for record_id in self.ids[-2:]:
            path = f"/v1/records/{record_id}"
            yield path, VIEW
            tails = ("receipt", "purge", "sealed/note", f"blobs/{self.blob}")
            yield from ((f"{path}/{tail}", "*/*") for tail in tails)
            yield f"/records/{record_id}", "text/html"
        for owner in (OEM, SUPPLIER):
            search = f"/v1/records?owner={quote(self.live.party(owner).did)}"
            yield from ((search, accepted) for accepted in ("application/json", VIEW_LINES))
        for accepted in ("application/json", VIEW_LINES):
            yield "/v1/records?limit=1000", accepted
        yield from ((path, "*/*") for path in _PATHS)
        yield from ((f"/tile/{level}/000.p/{size}", "*/*") for level in (0, "entries"))


_MONTHS: Final = "from=2026-10&to=2026-12&inputs=true"
_PATHS: Final = (
    *("/", "/entries", "/verify", "/mine", "/mine/sharing", "/mine/accesses", "/checkpoint"),
    *("/livez", "/readyz", "/metrics", "/v1/openapi.json", "/v1/anchor", "/v1/parties"),
    *("/v1/proposals", "/v1/parameters", "/v1/policies", "/v1/accesses", "/v1/access-rules"),
    *("/v1/access-alerts", "/v1/erasures", "/v1/retention", "/v1/seen-by"),
    *(f"/v1/{name}" for name in ("relations", "sites", "parts", "specifications")),
    *("/v1/requirements", "/v1/tasks", "/v1/grants", "/v1/cases", "/v1/holds"),
    *(f"/v1/deliveries/{name}?{_MONTHS}" for name in ("monthly", "differences")),
    *(f"/parties/{slug}/did.json" for slug in (OEM, SUPPLIER)),
)


@pytest.fixture(scope="module")
def captured() -> Iterator[LogCapture]:
    """Everything that the service logs, from before it starts."""
    capture, configured = LogCapture(), structlog.get_config()
    vars(service_log).pop("bind", None)
    structlog.reset_defaults()
    structlog.configure(processors=[capture])
    yield capture
    structlog.configure(**configured)


@pytest.fixture(scope="module")
def log(captured: LogCapture, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    """A served log with everything planted."""
    for live in serve(tmp_path_factory.mktemp("log")):
        planting = Planting(live)
        host = cast(LiveService, planting)
        sites = {slug: register_site(host, slug) for slug in (OEM, SUPPLIER)}
        link = Link(host, OEM, SUPPLIER, sites)
        link.say_all()
        planting.admit(_flagged_inspection(planting, link))
        blob = live.signed(SUPPLIER).upload(UPLOAD.encode())
        planting.ids.append(live.admit(_tiered(live, blob)))
        live.wired.derived.await_size(live.wired.ledger.size, 20)
        yield Planted(live, link, planting.ids, blob, captured.entries)


def _flagged_inspection(planting: Planting, link: Link) -> str:
    """It raises flags, which are made of what it says."""
    groups = example("inspection-report/v1")
    for name in ("evidence", "correction", "measurements", "summary", "bands"):
        del groups[name]
    groups["lot"] |= {"supplier": link.did(SUPPLIER), "customer": link.did(OEM)}
    groups["lot"] |= {"part": "GR-1", "part_revision": "A", "number": "L-1"}
    groups["lot"]["site"] = link.sites[SUPPLIER]
    groups["lot"]["specification"] = {"id": "SP-1", "revision": "A"}
    groups["verdict"]["stage"] = "outgoing"
    filing = Filing(subject=link.did(OEM), to=[link.did(OEM)], family=FAMILY)
    return planting.record(groups, by=SUPPLIER, vct="inspection-report/v1", filing=filing)


def _tiered(live: LiveService, blob: str) -> str:
    """A record with something for everybody, and more."""
    data = UPLOAD.encode()
    sha256 = encode_base64url(hashlib.sha256(data).digest())
    groups = {
        "lot": {"number": CONSORTIUM, "pieces": 1},
        "note": PUBLIC,
        "correction": {"reason": PARTNER},
        "evidence": [{"blob": blob, "sha256": sha256, "bytes": len(data)}],
    }
    tiers = {"lot": "consortium", "note": "public", "correction": "partner"}
    first = live.admit(live.record({"lot": {"number": RESTRICTED, "pieces": 2}}, filing=_ONLY_OWN))
    filing = Filing(tiers=tiers, corrects=first, number=FILED, to=[live.party(OEM).did])
    return live.record(groups, filing=filing)


_ONLY_OWN: Final = Filing(tiers={"lot": "restricted"}, number=FILED)


def forms(value: str) -> Iterator[bytes]:
    """The value as bytes: bare, escaped in JSON, and inside of base64url at each offset."""
    yield value.encode()
    yield json.dumps(value)[1:-1].encode()
    for offset in range(3):
        coded = base64.urlsafe_b64encode(b"\0" * offset + value.encode()).rstrip(b"=")
        # The first and last characters also hold bits of what stands beside the value.
        yield coded[4 if offset else 0 : -2]


def found_in(data: bytes, values: Sequence[str]) -> set[str]:
    """Those of the values that the bytes hold in any form."""
    return {value for value in values if any(form in data for form in forms(value))}


def asked(log: Planted, slug: str | None) -> dict[tuple[str, str], httpx.Response]:
    """The answers to one reader, to everything that there is to ask for."""
    if slug is None:
        return {at: log.live.http.get(at[0], headers={"Accept": at[1]}) for at in log.targets}
    client = log.live.signed(slug)
    return {at: client.get(at[0], Accept=at[1]) for at in log.targets}


def bytes_of(answer: httpx.Response) -> bytes:
    """All that an answer tells."""
    return answer.content + b"".join(name + value for name, value in answer.headers.raw)


@pytest.mark.parametrize(
    ("reader", "shown", "hidden"),
    [(None, [PUBLIC], [CONSORTIUM]), (LABORATORY, [PUBLIC, CONSORTIUM], [])],
)
def test_no_answer_holds_what_is_above_its_reader_s_tier(
    log: Planted, reader: str | None, shown: list[str], hidden: list[str]
) -> None:
    answers = asked(log, reader)
    leaking = {
        at: found
        for at, answer in answers.items()
        if (found := found_in(bytes_of(answer), [*HIDDEN, *hidden]))
    }
    assert leaking == {}
    everything = b"".join(map(bytes_of, answers.values()))
    assert found_in(everything, shown) == {*shown}
    assert all(answer.status_code < 500 for answer in answers.values())


def test_everything_that_was_planted_is_found_by_the_two_whose_it_is(log: Planted) -> None:
    """What the others are refused is there, and the search of the bytes finds it."""
    targets = [
        ("/v1/records?limit=1000", VIEW_LINES),
        (f"/v1/records/{log.ids[-1]}/blobs/{log.blob}", "*/*"),
    ]
    found: set[str] = set()
    for slug in (OEM, SUPPLIER):
        client = log.live.signed(slug)
        answers = [client.get(target, Accept=accepted) for target, accepted in targets]
        found |= found_in(b"".join(map(bytes_of, answers)), HIDDEN)
    assert found == {*HIDDEN}


def guesses(log: Planted) -> Iterator[str]:
    """Submissions of a party that no relation ties to the others, about what they hide."""
    link, did = log.link, log.live.party(STRANGER).did
    to = link.did(SUPPLIER)
    about = Filing(subject=to, to=[to], cites=[link.ids["shipment"]])
    at: dict[str, Any] = {"by": STRANGER, "filing": about}
    sides = {"customer": did, "supplier": link.did(SUPPLIER)}
    for vct in ("part/v1", "specification/v1", "requirement/v1", "shipment/v1", "goods-receipt/v1"):
        groups = example(vct)
        for name in ("correction", "documents", "differences"):
            groups.pop(name, None)
        stated = groups["state"].get("part", groups["state"])
        (stated if isinstance(stated, dict) else groups["state"]).update(sides)
        if vct == "goods-receipt/v1":
            groups["state"]["shipment"] = link.ids["shipment"]
        if vct == "shipment/v1":
            stated.update(customer=link.did(SUPPLIER), supplier=did)
        yield log.live.record(groups, vct=vct, **at)
    for state in (
        {"act": "endorse", "of": link.ids["part"], "meaning": "approve"},
        {"act": "end", "of": link.ids["relation"], "reason": "over"},
        {"act": "hold", "of": link.ids["complaint"], "reason": "dispute"},
        {"act": "erase", "of": link.ids["shipment"], "groups": ["goods"], "reason": "over"}
        | {"basis": "owner"},
        {"act": "move", "part": sides | {"number": "GR-1"}, "family": "gears"},
    ):
        yield log.live.record({"state": state}, vct="act/v1", **at)
    lot = {"lot": {"number": "L-2", "pieces": 1}, "correction": {"reason": "typing"}}
    corrects = Filing(corrects=link.ids["receiving-inspection"])
    yield log.live.record(lot, by=STRANGER, filing=corrects)


def test_a_refusal_tells_nothing_of_what_the_refused_may_not_read(log: Planted) -> None:
    answers = [log.live.submit(text) for text in guesses(log)]
    assert "invalid-claims" not in [code_of(answer) for answer in answers]
    for answer in answers:
        assert found_in(bytes_of(answer), [*HIDDEN, CONSORTIUM]) == set(), answer.text


def test_neither_log_lines_nor_a_backup_hold_any_content(log: Planted, tmp_path: Path) -> None:
    content = [*HIDDEN, CONSORTIUM, PUBLIC]
    lines = json.dumps(log.logged, default=str, ensure_ascii=False)
    assert log.logged
    assert found_in(lines.encode(), content) == set()
    taken(log.live, tmp_path / "backup")
    files = [path for path in (tmp_path / "backup").rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"manifest.json", "entries", log.blob}
    held = {path.name: found_in(path.read_bytes(), content) for path in files}
    assert {name: found for name, found in held.items() if found} == {}
    # The entries are there to be found, so the files are not merely packed otherwise.
    assert any(log.live.party(OEM).did.encode() in path.read_bytes() for path in files)
