"""Sealed groups over HTTP: who gets an envelope, who adds recipients (docs/spec/sealed.md, 4)."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.client import LogClient
from api.client_transport import Effects
from api.party_folder import PartyFolder, PartySigner, signer_for
from examples.demo_party import Desk
from examples.demo_sealed import file_sealed, open_group, register_sealing_key
from ledger.compose import Composer, Filing
from ledger.sealed import (
    OpenerKey,
    SealingContext,
    Stanza,
    add_recipients,
    encode_envelope,
    open_envelope,
    parse_envelope,
)
from tests.api.sealed_records import register, sealed
from tests.api.service import JSON, LABORATORY, OEM, SUPPLIER, LiveService, code_of, request_key
from tests.ledger.parties import ORIGIN, SAMPLE_GROUPS, a_seed

pytestmark = pytest.mark.item("5.6.sealed")


@dataclass(frozen=True)
class Scene:
    """A record with a sealed note: of the supplier, for the customer, about neither."""

    service: LiveService
    owner: OpenerKey
    reader: OpenerKey
    device: OpenerKey
    composed: str
    record_id: str

    @property
    def path(self) -> str:
        return f"/v1/records/{self.record_id}/sealed/note"

    def get(self, slug: str, path: str | None = None) -> httpx.Response:
        return self.service.signed(slug).get(path or self.path)

    def post(self, slug: str, envelope: str) -> httpx.Response:
        content = json.dumps({"envelope": envelope}).encode()
        headers = {"Content-Type": JSON}
        return self.service.signed(slug).send("POST", self.path, content=content, headers=headers)

    def envelope(self) -> str:
        return str(self.get(SUPPLIER).json()["envelope"])

    def context(self) -> SealingContext:
        digest = parse_envelope(self.envelope()).digest
        owner = self.service.party(SUPPLIER).did
        return SealingContext(self.service.consortium.origin, self.record_id, "note", digest, owner)

    def more(self, *keys: OpenerKey) -> str:
        before = parse_envelope(self.envelope())
        kids = [key.kid for key in keys]
        return encode_envelope(add_recipients(before, self.context(), self.owner, kids=kids))


@pytest.fixture(scope="module")
def keys(service: LiveService) -> tuple[OpenerKey, OpenerKey, OpenerKey]:
    named = [(SUPPLIER, "sealed owner"), (OEM, "sealed desk"), (OEM, "sealed phone")]
    owner, desk, phone = (register(service, slug, label) for slug, label in named)
    return owner, desk, phone


@pytest.fixture
def scene(service: LiveService, keys: tuple[OpenerKey, OpenerKey, OpenerKey]) -> Scene:
    groups = {"lot": {"number": "L-9", "pieces": 1}, "note": "a secret recipe"}
    composed = service.record(groups, filing=Filing(tiers={"note": "sealed"}))
    text = sealed(service, composed, [keys[0].kid, keys[1].kid])
    return Scene(service, *keys, composed, service.admit(text))


def test_owner_and_recipient_get_the_envelope_and_open_it(scene: Scene) -> None:
    for slug, key in ((SUPPLIER, scene.owner), (OEM, scene.reader)):
        envelope = parse_envelope(scene.get(slug).json()["envelope"])
        disclosure = open_envelope(envelope, scene.context(), key)
        assert disclosure in scene.composed.split("~")


def test_for_everybody_else_it_is_as_if_there_were_none(scene: Scene) -> None:
    absent = scene.path.replace("/note", "/values")
    for answer, other in (
        (scene.get(LABORATORY), scene.get(LABORATORY, absent)),
        (scene.service.http.get(scene.path), scene.service.http.get(absent)),
    ):
        assert code_of(answer) == code_of(other) == "not-found"
        told, expected = (_without_id(item.json()) for item in (answer, other))
        assert told["detail"].replace("'note'", "'values'") == expected["detail"]


def _without_id(problem: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in problem.items() if name != "instance"}


def test_a_view_of_the_owner_has_no_sealed_group(scene: Scene) -> None:
    answer = scene.get(SUPPLIER, f"/v1/records/{scene.record_id}")
    verified = scene.service.verify(answer.content)
    (record,) = verified.records
    shown = {disclosure.group for disclosure in record.groups}
    assert shown >= {"manifest", "filing", "lot"}
    assert "note" not in shown


@pytest.mark.item("5.6.rewrap")
def test_the_owner_adds_a_recipient_who_opens_the_same(scene: Scene) -> None:
    more = scene.more(scene.device)
    assert scene.post(SUPPLIER, more).json() == {"envelope": more}
    envelope = parse_envelope(scene.get(OEM).json()["envelope"])
    assert open_envelope(envelope, scene.context(), scene.device) in scene.composed.split("~")
    # The same request again changes nothing.
    assert scene.post(SUPPLIER, more).is_success
    assert scene.envelope() == more


@pytest.mark.item("5.6.rewrap")
def test_nobody_but_the_owner_adds_recipients(scene: Scene) -> None:
    more = scene.more(scene.device)
    assert code_of(scene.post(OEM, more)) == "not-found"
    assert code_of(scene.post(LABORATORY, more)) == "not-found"
    assert scene.post(SUPPLIER, more).is_success


@pytest.mark.item("5.6.rewrap")
def test_an_envelope_is_added_to_and_never_changed(scene: Scene) -> None:
    kept = parse_envelope(scene.envelope())
    longer = parse_envelope(scene.more(scene.device))
    swapped = (longer.recipients[1], longer.recipients[0], longer.recipients[2])
    for other in (
        replace(longer, ciphertext=longer.ciphertext[:-1] + b"\0"),
        replace(longer, digest="A" * 43),
        replace(longer, group="values"),
        replace(longer, recipients=longer.recipients[1:]),
        replace(longer, recipients=swapped),
    ):
        assert code_of(scene.post(SUPPLIER, encode_envelope(other))) == "envelope-differs"
    assert parse_envelope(scene.envelope()) == kept


@pytest.mark.item("5.6.rewrap")
def test_only_registered_keys_are_added(scene: Scene) -> None:
    stranger = OpenerKey.of(scene.service.party(OEM).did, a_seed("not registered"))
    assert code_of(scene.post(SUPPLIER, scene.more(stranger))) == "unknown-sealing-key"
    kept = parse_envelope(scene.envelope())
    signing = scene.service.party(OEM).signing.kid
    spoiled = (*kept.recipients, Stanza(signing, kept.recipients[0].sealed))
    text = encode_envelope(replace(kept, recipients=spoiled))
    assert code_of(scene.post(SUPPLIER, text)) == "malformed-envelope"


def test_a_body_of_another_form_is_refused(scene: Scene) -> None:
    client = scene.service.signed(SUPPLIER)
    for content, media_type, code in (
        (b"{", JSON, "malformed-json"),
        (b"{}", JSON, "malformed-envelope"),
        (b'{"envelope": "!e30"}', JSON, "malformed-envelope"),
        (b'{"envelope": "!e30"}', "text/plain", "unsupported-media-type"),
    ):
        headers = {"Content-Type": media_type}
        answer = client.send("POST", scene.path, content=content, headers=headers)
        assert code_of(answer) == code
    unsigned = scene.service.http.post(scene.path, json={"envelope": scene.envelope()})
    assert code_of(unsigned) == "signature-required"


@pytest.mark.item("5.7")
def test_both_owners_of_a_case_are_told_who_fetched_an_envelope(
    service: LiveService, keys: tuple[OpenerKey, OpenerKey, OpenerKey]
) -> None:
    customer, supplier = (service.party(slug).did for slug in (OEM, SUPPLIER))
    sides = {"customer": customer, "supplier": supplier, "number": "8D-sealed"}
    case = service.admit(an_act(service, {"act": "case", **sides}, by=OEM, about=supplier))
    answer = {"act": "endorse", "of": case, "meaning": "approve"}
    service.admit(an_act(service, answer, by=SUPPLIER, about=customer))
    filing = Filing(tiers={"note": "sealed"}, case=case)
    laboratory = register(service, LABORATORY, "sealed laboratory")
    text = sealed(service, service.record(filing=filing), [keys[0].kid, laboratory.kid])
    record_id = service.admit(text)
    assert service.signed(LABORATORY).get(f"/v1/records/{record_id}/sealed/note").is_success
    for owner in (OEM, SUPPLIER):
        told = service.signed(owner).get(f"/v1/accesses?record={record_id}").json()["accesses"]
        (row,) = told
        assert (row["reader"], set(row["groups"])) == (service.party(LABORATORY).did, {"note"})


def an_act(service: LiveService, state: dict[str, str], *, by: str, about: str) -> str:
    filing = Filing(subject=about, to=[about])
    return service.record({"state": state}, by=by, vct="act/v1", filing=filing)


def test_a_record_that_is_sent_again_is_answered_as_before(scene: Scene) -> None:
    kids = [scene.owner.kid, scene.reader.kid]
    answer = scene.service.submit(sealed(scene.service, scene.composed, kids))
    assert answer.status_code == 200
    assert answer.json()["record_id"] == scene.record_id


class OwnDesk(Desk):
    """A desk of the demo at another log than the demo's."""

    def composer(self, signer: PartySigner) -> Composer:
        return Composer(ORIGIN, self.charter, signer, os.urandom)


def a_desk(service: LiveService, slug: str, folder: Path) -> OwnDesk:
    party = service.party(slug)
    folder.mkdir()
    admin, key = (signer_for(ORIGIN, slug, item.key) for item in (party.admin, request_key(party)))
    effects = Effects(now_s=lambda: service.now_s)
    client = LogClient(service.settings.public_url, signer=key, effects=effects)
    return OwnDesk(PartyFolder(folder), admin, key, client, service.anchor.charter)


def test_the_demos_steps_seal_a_group_to_another_party(
    service: LiveService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOTMARK_PASSPHRASE", "of the demo")
    monkeypatch.setattr("examples.demo_sealed.time.time", lambda: service.now_s)
    owner, reader = (a_desk(service, slug, tmp_path / slug) for slug in (SUPPLIER, OEM))
    for desk in (owner, reader):
        register_sealing_key(desk)
    composed = service.record(filing=Filing(tiers={"note": "sealed"}))
    admitted = file_sealed(
        owner, composed, anchor=service.anchor, readers=[str(reader.signing.did)], group="note"
    )
    for desk in (owner, reader):
        found = open_group(desk, admitted.record_id, anchor=service.anchor, group="note")
        assert found == SAMPLE_GROUPS["note"]
        desk.client.close()
