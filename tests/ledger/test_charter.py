"""The charter: closed, complete, and no rule in it that its founders could not keep."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from keys.ed25519 import PublicKey
from keys.encoding import encode_base64url
from keys.identifiers import Origin
from keys.multikey import encode_multikey
from ledger import limits
from ledger.charter import parse_charter
from ledger.errors import MalformedCharter
from ledger.note import ED25519_COSIGNATURE, KeyName, VerifierKey, encode_vkey
from ledger.record_type import builtin_governance_types
from ledger.rules import ACTS, Quorum
from ledger.strict_json import encode_json, parse_json
from quality.types import business_types
from tests.ledger.parties import ORIGIN, Plan, a_consortium, a_log_signer, a_party, charter_body
from tests.ledger.sample_types import SAMPLE_VCT, sample_type_text

pytestmark = pytest.mark.item("2.4")

FOUNDED = a_consortium()
PLAN = Plan()
BODY = charter_body(PLAN, FOUNDED.parties)
LOG_KEY = a_log_signer().key
DIGEST = encode_base64url(bytes(32))

Change = Callable[[dict[str, Any]], object]


def changed(change: Change) -> dict[str, Any]:
    """The body of a right charter after one change."""
    body = copy.deepcopy(BODY)
    change(body)
    return body


def refusal_of(body: object) -> str:
    with pytest.raises(MalformedCharter) as refusal:
        parse_charter(body, origin=ORIGIN)
    assert refusal.value.code == "malformed-charter"
    return str(refusal.value)


def test_a_charter_is_read_into_values() -> None:
    charter = parse_charter(BODY, origin=ORIGIN)
    assert charter.origin == ORIGIN
    assert charter.log_keys == (encode_vkey(LOG_KEY),)
    assert [founder.slug for founder in charter.founders] == list(FOUNDED.parties)
    for founder, party in zip(charter.founders, FOUNDED.parties.values(), strict=True):
        assert founder.did == party.did
        assert founder.admin_keys == (party.admin.multikey,)
        assert founder.roles == frozenset(PLAN.founders[founder.slug])
    assert charter.operator == "borealis-motors"
    everyone = frozenset({"oem", "operator", "supplier", "certifier", "laboratory"})
    assert charter.quorum == dict.fromkeys(ACTS, Quorum(everyone, None))
    assert charter.types == {SAMPLE_VCT: FOUNDED.kind.sha256}
    assert charter.governance_types == {kind.vct: kind for kind in builtin_governance_types()}
    assert charter.rules.has_open_bundles
    assert charter.rules.limits.entry_bytes_max == limits.ENTRY_BYTES_MAX


def test_a_draft_survives_its_way_through_an_entry() -> None:
    assert parse_charter(parse_json(encode_json(BODY), bytes_max=10**6), origin=ORIGIN)


@pytest.mark.parametrize("origin", ["log.example", "log.example:8443", str(ORIGIN) + "/x"])
def test_a_charter_is_one_of_its_own_log(origin: str) -> None:
    assert parse_charter(BODY, origin=ORIGIN)
    with pytest.raises(MalformedCharter, match=f"expected origin '{origin}', found '{ORIGIN}'"):
        parse_charter(BODY, origin=origin)


@pytest.mark.parametrize("member", list(BODY))
def test_no_member_of_a_charter_may_be_missing(member: str) -> None:
    assert refusal_of(changed(lambda body: body.pop(member))).startswith(f"/body/{member}: ")


@pytest.mark.parametrize("body", [None, [], "charter", {}])
def test_a_body_that_is_no_charter_is_refused(body: object) -> None:
    assert refusal_of(body).startswith("/body")


# place -> a value that is accepted there, and one that is refused
VALUES: list[tuple[tuple[str | int, ...], object, object]] = [
    (("extra",), None, 1),
    (("origin",), str(ORIGIN), "Log.Example"),
    (("log_keys",), [encode_vkey(LOG_KEY)], []),
    (("log_keys",), [encode_vkey(LOG_KEY)], ["log.example+00000000+AAAA"]),
    (("log_keys",), [encode_vkey(LOG_KEY)], [encode_vkey(LOG_KEY)] * 2),
    (("operator",), "hanfeng-drive", "nobody-here"),
    (("entry_bundles",), "members", "public"),
    (("default_policy",), {}, {"types": {}}),
    (("founders",), BODY["founders"], []),
    (("founders", 0, "slug"), "borealis-motors", "Borealis"),
    (("founders", 0, "names"), {"zh": "示例"}, {}),
    (("founders", 0, "names"), {"en": "x" * 120}, {"en": "x" * 121}),
    (("founders", 0, "names"), {"en": "x"}, {"fr": "x"}),
    (("founders", 1, "roles"), ["supplier", "auditor"], ["supplier", "supplier"]),
    (("founders", 1, "roles"), ["supplier"], []),
    (("founders", 1, "roles"), ["supplier"], ["owner"]),
    (("founders", 1, "admin_keys"), [a_party("x-1").admin.multikey], []),
    (("founders", 1, "admin_keys"), [a_party("x-1").admin.multikey], ["z6Mk" + "1" * 44]),
    (("founders", 1, "next_key"), DIGEST, DIGEST + "A"),
    (("quorum", "policy", "threshold"), 3, 4),
    (("quorum", "policy", "threshold"), 1, 0),
    (("quorum", "policy", "threshold"), "majority", "all"),
    (("quorum", "policy", "electorate"), ["certifier"], ["auditor"]),
    (("quorum", "policy", "electorate"), ["certifier"], []),
    (("limits", "entry_bytes_max"), 4096, 4095),
    (("limits", "entry_bytes_max"), limits.ENTRY_BYTES_MAX, limits.ENTRY_BYTES_MAX + 1),
    (("limits", "disclosure_bytes_max"), 4096, limits.DISCLOSURE_BYTES_MAX + 1),
    (("limits", "disclosures_max"), 8, 7),
    (("limits", "disclosures_max"), limits.DISCLOSURES_MAX, limits.DISCLOSURES_MAX + 1),
    (("types",), [], [{"vct": "charter/v1", "sha256": DIGEST}]),
    (("types",), [{"vct": "ab/v1", "sha256": DIGEST}], [{"vct": "ab/v1"}]),
    (("types",), [{"vct": "ab/v1", "sha256": DIGEST}], [{"vct": "ab/v1", "sha256": DIGEST}] * 2),
]


@pytest.mark.parametrize(("place", "allowed", "refused"), VALUES)
def test_each_member_of_a_charter_has_one_form(
    place: tuple[str | int, ...], allowed: object, refused: object
) -> None:
    def put(value: object) -> Change:
        def change(body: Any) -> None:
            *path, last = place
            for step in path:
                body = body[step]
            if value is None:
                body.pop(last, None)
            else:
                body[last] = value

        return change

    assert parse_charter(changed(put(allowed)), origin=ORIGIN)
    refusal_of(changed(put(refused)))


def test_a_threshold_counts_those_who_may_vote() -> None:
    def rule(threshold: int) -> Change:
        members = {"electorate": ["supplier", "certifier"], "threshold": threshold}
        return lambda body: body["quorum"].update(amend=members)

    charter = parse_charter(changed(rule(2)), origin=ORIGIN)
    assert charter.quorum["amend"] == Quorum(frozenset({"supplier", "certifier"}), 2)
    assert "quorum for amend: expected one that the founders could meet, found 2 able" in (
        refusal_of(changed(rule(3)))
    )


# ---- keys and names stand once ----


def test_every_slug_stands_once() -> None:
    twin = copy.deepcopy(BODY["founders"][1])
    twin["admin_keys"] = [a_party("twin").admin.multikey]
    twin["slug"] = "hanfeng-two"
    assert parse_charter(changed(lambda body: body["founders"].append(twin)), origin=ORIGIN)
    twin["slug"] = "hanfeng-drive"
    assert "expected every slug once" in refusal_of(
        changed(lambda body: body["founders"].append(twin))
    )


@pytest.mark.parametrize(
    "key",
    [FOUNDED.founder.admin.multikey, a_log_signer().key.public],
    ids=["another founder's", "the log's"],
)
def test_every_key_has_one_purpose(key: str | bytes) -> None:
    taken = key if isinstance(key, str) else encode_multikey(PublicKey(key))
    own = [FOUNDED.parties["hanfeng-drive"].admin.multikey]

    def with_keys(keys: list[str]) -> dict[str, Any]:
        return changed(lambda body: body["founders"][1].update(admin_keys=keys))

    spare = a_party("spare").admin.multikey
    assert parse_charter(with_keys([*own, spare]), origin=ORIGIN)
    assert "expected every key once" in refusal_of(with_keys([*own, taken]))


def test_a_log_has_one_key_under_one_name() -> None:
    renamed = encode_vkey(replace(LOG_KEY, name=KeyName("other.example")))
    other = encode_vkey(a_log_signer(label="second").key)
    assert parse_charter(changed(lambda body: body["log_keys"].append(other)), origin=ORIGIN)
    assert "expected every key once" in refusal_of(
        changed(lambda body: body["log_keys"].append(renamed))
    )


def test_a_witness_key_signs_no_checkpoints() -> None:
    witness = VerifierKey(LOG_KEY.name, ED25519_COSIGNATURE, LOG_KEY.public)
    keys = [encode_vkey(witness)]
    assert "found a witness's" in refusal_of(changed(lambda body: body.update(log_keys=keys)))


# ---- governance types ----


def definitions(change: Callable[[list[Any]], object]) -> dict[str, Any]:
    return changed(lambda body: change(body["governance_types"]))


@pytest.mark.parametrize(
    "change",
    [
        lambda kinds: kinds.pop(),
        lambda kinds: kinds.append(copy.deepcopy(kinds[0])),
        lambda kinds: kinds[1].update(schema={"type": "object"}),
        lambda kinds: kinds[1].update(title={"en": "Other"}),
        lambda kinds: kinds[2].update(sd_length=5),
        lambda kinds: kinds[1].update(vct="endorsement/v2"),
        lambda kinds: kinds.append({"vct": "proposal/v1", "title": {}, "schema": {}}),
        lambda kinds: kinds.append(parse_json(sample_type_text().encode(), bytes_max=10**5)),
        lambda kinds: kinds.append({}),
        # Equal for Python, and another schema.
        lambda kinds: kinds[1]["schema"].update(additionalProperties=0),
    ],
)
def test_a_charter_carries_the_governance_types_of_this_version(
    change: Callable[[list[Any]], object],
) -> None:
    assert parse_charter(definitions(lambda kinds: kinds.reverse()), origin=ORIGIN)
    assert refusal_of(definitions(change))


def test_the_order_of_members_in_a_definition_means_nothing() -> None:
    def turn(kinds: list[Any]) -> None:
        kinds[0] = dict(reversed(kinds[0].items()))

    assert parse_charter(definitions(turn), origin=ORIGIN)


# ---- drafts ----


def test_a_charter_of_one_founder_is_complete_at_once() -> None:
    alone = a_consortium(Plan(founders={"solo-works": ("supplier", "operator")}))
    assert alone.endorsements == ()
    assert alone.fold.is_complete
    assert alone.size == len(alone.texts)


def test_a_draft_lists_the_types_of_the_trade_by_their_digests() -> None:
    body = charter_body(Plan(types=business_types()), FOUNDED.parties)
    charter = parse_charter(body, origin=ORIGIN)
    assert len(charter.types) == len(business_types())
    assert "inspection-report/v1" in charter.types


def test_sixty_four_founders_fit_into_an_entry() -> None:
    founders = {f"founder-number-{n:02}": ("supplier",) for n in range(limits.FOUNDERS_MAX)}
    parties = {slug: a_party(slug) for slug in founders}
    body = charter_body(Plan(founders=founders), parties)
    assert len(parse_charter(body, origin=ORIGIN).founders) == 64
    room = limits.ENTRY_BYTES_MAX - limits.ENTRY_HEAD_BYTES_MAX
    assert len(encode_json(body)) * 4 / 3 + 1_500 < room
    body["founders"].append(a_body_of("one-too-many"))
    assert "expected at most 64" in refusal_of(body)


def a_body_of(slug: str) -> dict[str, Any]:
    plan = Plan(founders={slug: ("supplier",)})
    founders = charter_body(plan, {slug: a_party(slug)})["founders"]
    assert isinstance(founders, list)
    return dict(founders[0])


def test_the_dids_of_founders_are_of_the_charter_s_own_origin() -> None:
    assert a_party("acme", Origin("other.example")).did not in {
        founder.did for founder in parse_charter(BODY, origin=ORIGIN).founders
    }
