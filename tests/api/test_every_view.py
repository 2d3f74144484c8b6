"""Every type of record, read by everybody that a log knows: what is served, verified offline.

What each reader is to see is said here by its position and the tier of a group, and not taken
from the service; the decision that it signed must then say the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

from api.cli.main import main
from api.exchange import Refused
from keys.encoding import decode_base64url, encode_base64url
from keys.multikey import parse_multikey
from ledger.errors import LedgerError
from ledger.own_types import own_types
from ledger.record import encode_record_id
from ledger.record_type import TIERS, parse_record_type
from ledger.sharing.decision import Decision
from ledger.strict_json import JsonObject, parse_json_object
from ledger.verify import VerifiedRecord, verify_view
from ledger.view import View, parse_view
from quality.types import business_types
from tests.api.every_view import (
    AUDITOR,
    DELEGATE,
    GRANTEE,
    MEMBER,
    PARTNER,
    SUSPENDED,
    EveryView,
    Filed,
    every_view,
    granted,
)
from tests.ledger.peer_sdjwt import PeerRefusals, verify_by_peer

pytestmark = pytest.mark.item("5.done.views")

VCTS: Final = [parse_record_type(text).vct for text in (*business_types(), *own_types())]
GOVERNANCE: Final = ("charter/v1", "endorsement/v1", "key/v1", "record-type/v1", "proposal/v1")
_CLOSED: Final = ("manifest", "address", "filing")


def _up_to(tier: str, *closed: str) -> Callable[[Filed, EveryView], set[str]]:
    """All groups of a tier or a wider one, and these closed ones."""
    last = TIERS.index(tier)

    def shown(record: Filed, _: EveryView) -> set[str]:
        groups = {name for name, found in record.tiers.items() if TIERS.index(found) <= last}
        return groups | set(closed)

    return shown


def _granted(record: Filed, log: EveryView) -> set[str]:
    """What members see, and what was granted of the type."""
    if record.vct not in log.granted_types:
        return _FOR_MEMBERS(record, log)
    return _FOR_MEMBERS(record, log) | (record.groups.keys() & set(granted(record.vct, log)))


_FOR_MEMBERS: Final = _up_to("consortium", "manifest")
_ALL: Final = _up_to("restricted", *_CLOSED)
_OTHER_SIDE: Final = _up_to("restricted", "manifest", "address")
#: Who reads, the rule that opens most to it, and what that is.
READERS: Final[Mapping[str, Callable[[Filed, EveryView], set[str]]]] = {
    "anyone": _up_to("public"),
    "member": _FOR_MEMBERS,
    "addressee": _up_to("partner", "manifest", "address"),
    "grantee": _granted,
    "delegate": _granted,
    "auditor": _up_to("partner", *_CLOSED),
    "issuer": _ALL,
    "owner": _ALL,
    "subject": _OTHER_SIDE,
    "participant": _OTHER_SIDE,
    "suspended": _up_to("public"),
}
_SLUGS: Final[Mapping[str, str | None]] = {
    "anyone": None,
    "member": MEMBER,
    "addressee": PARTNER,
    "grantee": GRANTEE,
    "delegate": DELEGATE,
    "auditor": AUDITOR,
    "suspended": SUSPENDED,
}


def slug_of(reader: str, record: Filed) -> str | None:
    """The party that is this to a record."""
    if reader in _SLUGS:
        return _SLUGS[reader]
    return {"issuer": record.issuer, "owner": record.owner}.get(reader, record.other)


def is_asked(reader: str, record: Filed) -> bool:
    """Whether there is such a reader, that is nothing more to the record than this."""
    if record.issuer == SUSPENDED:
        return False
    if reader in ("subject", "participant"):
        is_participant = reader == "participant"
        return record.is_of_case is is_participant and record.other != record.owner
    return True


#: Whose subject is its owner, or whose issuer is a participant of every case it can be of.
NEVER: Final = {
    ("quality-credential/v1", "subject"),
    ("quality-credential/v1", "participant"),
}


@pytest.fixture(scope="module")
def log() -> Iterator[EveryView]:
    """The log."""
    found = every_view()
    yield found
    found.story.ledger.close()


def served(log: EveryView, record_id: str, slug: str | None) -> View | None:
    """The view that the service gives a party; None where it finds no such record."""
    reader = log.reader(slug)
    with suppress(Refused):
        opened = log.shelf.open(record_id, reader)
        return parse_view(log.shelf.view([opened], as_lines=False).encode())
    return None


def verified(log: EveryView, view: View) -> VerifiedRecord:
    """The one record of a view, verified from the anchor alone."""
    (record,) = verify_view(view, log.anchor).records
    return record


def sd_jwt_of(view: View, disclosures: Sequence[str] | None = None) -> tuple[str, JsonObject]:
    """The record as a bare SD-JWT with what was disclosed, and its signer's key as a JWK."""
    (record,) = view.records
    jws = view.entries[record.entry].jws
    kid = str(parse_json_object(decode_base64url(jws.split(".")[0]), bytes_max=4_096)["kid"])
    key = parse_multikey(kid.partition("#")[2])
    parts = (jws, *(record.disclosures if disclosures is None else disclosures))
    jwk: JsonObject = {"kty": "OKP", "crv": "Ed25519", "x": encode_base64url(key)}
    return "".join(f"{part}~" for part in parts), jwk


def decided(record: VerifiedRecord) -> Decision:
    """What the log signed of it."""
    assert record.decision is not None
    return record.decision


@pytest.mark.item("5.done.sd-jwt")
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("vct", VCTS)
def test_every_reader_s_view_of_every_type_verifies_and_shows_what_is_its_own(
    log: EveryView, vct: str, reader: str
) -> None:
    records = [one for one in log.records if one.vct == vct and is_asked(reader, one)]
    assert records or (vct, reader) in NEVER
    for filed in records:
        expected = READERS[reader](filed, log)
        view = served(log, filed.record_id, slug_of(reader, filed))
        if view is None:
            assert not expected
            assert reader in ("anyone", "suspended")
            continue
        record = verified(log, view)
        shown = {group.group: group.value for group in record.groups}
        assert shown.keys() == expected, (filed.vct, filed.tiers)
        assert {name: shown[name] for name in shown if name not in _CLOSED}.items() <= (
            filed.groups.items()
        )
        assert shown.keys() == decided(record).readable & {*filed.groups, *_CLOSED}
        accepted_by_peer(view, shown)


def accepted_by_peer(view: View, shown: Mapping[str, Any]) -> None:
    """The reference library opens the same groups, beside the same clear claims."""
    text, jwk = sd_jwt_of(view)
    clear = parse_json_object(decode_base64url(text.split(".")[1]), bytes_max=65_536)
    # It takes the digests away, and what they were made with.
    expected = {name: value for name, value in clear.items() if name not in ("_sd", "_sd_alg")}
    assert verify_by_peer(text, jwk) == {**expected, **shown}


@pytest.mark.item("5.done.sd-jwt")
def test_where_the_reference_library_is_strict_it_refuses_what_the_verifier_refuses(
    log: EveryView,
) -> None:
    filed = next(one for one in log.records if one.vct == "inspection-report/v1")
    view = served(log, filed.record_id, filed.owner)
    assert view is not None
    (record,) = view.records
    twice = (*record.disclosures, record.disclosures[0])
    stranger = served(log, log.records[-1].record_id, filed.owner)
    assert stranger is not None
    _, jwk = sd_jwt_of(stranger)
    text, own = sd_jwt_of(view)
    jws, _, rest = text.partition("~")
    head, payload, signature = jws.split(".")
    another = "A" if signature[10] != "A" else "B"
    forged = f"{head}.{payload}.{signature[:10]}{another}{signature[11:]}~{rest}"
    for refused, key in ((text, jwk), (forged, own), (sd_jwt_of(view, twice)[0], own)):
        with pytest.raises(PeerRefusals):
            verify_by_peer(refused, key)


@pytest.mark.item("5.done.sd-jwt")
def test_the_reference_library_passes_over_a_disclosure_of_another_record_that_is_refused_here(
    log: EveryView,
) -> None:
    one, other, *_ = (entry for entry in log.records if entry.vct == "site/v1")
    view, beside = (served(log, found.record_id, found.owner) for found in (one, other))
    assert view is not None
    assert beside is not None
    more = (*view.records[0].disclosures, beside.records[0].disclosures[-1])
    # RFC 9901, section 7.1, has a verifier refuse it.
    text, jwk = sd_jwt_of(view, more)
    assert verify_by_peer(text, jwk) == verify_by_peer(*sd_jwt_of(view))
    forged = replace(view, records=(replace(view.records[0], disclosures=more),))
    with pytest.raises(LedgerError) as refused:
        verify_view(forged, log.anchor)
    assert refused.value.code == "disclosure-not-of-this-record"


def test_a_suspended_party_reads_its_own_records_and_those_of_its_open_cases(
    log: EveryView,
) -> None:
    own = [one for one in log.records if SUSPENDED in (one.issuer, one.owner)]
    assert len(own) == 2
    for filed in own:
        view = served(log, filed.record_id, SUSPENDED)
        assert view is not None
        shown = {group.group for group in verified(log, view).groups}
        assert shown == _ALL(filed, log)


@pytest.mark.parametrize("vct", GOVERNANCE)
def test_governance_is_shown_to_everybody_and_the_holder_of_a_key_to_its_party(
    log: EveryView, vct: str
) -> None:
    rows = log.story.store.entries(0, log.story.ledger.size)
    row = next(row for row in rows if row.vct == vct)
    record_id = encode_record_id(row.record_id)
    for slug in (*_SLUGS.values(), log.consortium.founder.slug):
        view = served(log, record_id, slug)
        assert view is not None
        record = verified(log, view)
        is_own = slug is not None and log.did(slug) == row.party
        expected = {"holder"} if vct == "key/v1" and is_own else set()
        assert {group.group for group in record.groups} == expected
        assert record.body


@pytest.mark.parametrize("reader", ["anyone", "addressee", "owner"])
def test_the_command_verifies_what_was_served(log: EveryView, reader: str, tmp_path: Path) -> None:
    """The command itself, over every record that the reader finds."""
    found = {}
    for filed in log.records:
        with suppress(Refused):
            opened = log.shelf.open(filed.record_id, log.reader(slug_of(reader, filed)))
            found[filed.record_id] = (filed, opened)
    (tmp_path / "anchor").write_text(log.anchor_text)
    view = log.shelf.view([opened for _, opened in found.values()], as_lines=False)
    (tmp_path / "view.json").write_text(view)
    arguments = ["verify", str(tmp_path / "view.json"), "--anchor", str(tmp_path / "anchor")]
    result = CliRunner().invoke(main, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    records = json.loads(result.stdout)["records"]
    assert {record["record_id"] for record in records} == found.keys()
    for record in records:
        filed, opened = found[record["record_id"]]
        assert set(record["shown"]) == opened.group_names - {*_CLOSED}
