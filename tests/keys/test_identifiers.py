"""Origins, slugs, DIDs and kids: exact forms, exact inverses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.ed25519 import PublicKey, public_key_of
from keys.errors import MalformedIdentifier, MalformedKey, UnsupportedKey
from keys.identifiers import (
    Did,
    Kid,
    Multikey,
    Origin,
    Slug,
    kid,
    parse_kid,
    parse_origin,
    parse_party_did,
    parse_slug,
    party_did,
)
from keys.multikey import encode_multikey, encode_sealing_multikey
from keys.x25519 import derive_sealing_key

pytestmark = pytest.mark.item("2.2")

PUBLIC = public_key_of(bytes(range(32)))
MULTIKEY = encode_multikey(PUBLIC)
DID = Did("did:web:log.example%3A8443:eu:parties:acme-castings")

origins = st.from_regex(r"[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)*", fullmatch=True).filter(
    lambda text: len(text) <= 200
)
slugs = st.from_regex(r"[a-z0-9-]{2,40}", fullmatch=True)


def test_the_specified_example_is_written_as_specified() -> None:
    assert party_did(Origin("log.example:8443/eu"), Slug("acme-castings")) == DID


@given(origin=origins, slug=slugs)
def test_a_party_did_reads_back_as_its_origin_and_slug(origin: str, slug: str) -> None:
    did = party_did(parse_origin(origin), parse_slug(slug))
    assert parse_party_did(did) == (origin, slug)


@given(text=st.from_regex(r"did:web:[a-z0-9.%3A:/_-]{1,30}:parties:[a-z0-9-]{1,5}", fullmatch=True))
def test_every_accepted_party_did_is_the_one_that_its_parts_make(text: str) -> None:
    try:
        origin, slug = parse_party_did(text)
    except MalformedIdentifier:
        return
    assert party_did(origin, slug) == text


def test_the_last_parties_segment_divides_origin_and_slug() -> None:
    did = "did:web:log.example:parties:eu:parties:acme"
    assert parse_party_did(did) == ("log.example/parties/eu", "acme")


@pytest.mark.parametrize(
    "text",
    ["log.example", "log.example:8443", "a/b", "localhost:1/x_y/z.0-", "-", "a" * 200],
)
def test_an_origin_of_the_form_is_accepted(text: str) -> None:
    assert parse_origin(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Log.example",
        "log.example:",
        "log.example:84a3",
        "log.example:8443:1",
        "log.example/",
        "log.example//eu",
        "/eu",
        "log.example/eu:1",
        "log_x.example",
        "log.example\n",
        "log.example ",
        "log.example:٨",
        "lög.example",
        "https://log.example",
        "a" * 201,
    ],
)
def test_an_origin_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(MalformedIdentifier, match="expected an origin"):
        parse_origin(text)


@pytest.mark.parametrize("text", ["ab", "4-", "--", "a" * 40])
def test_a_slug_of_the_form_is_accepted(text: str) -> None:
    assert parse_slug(text) == text


@pytest.mark.parametrize("text", ["", "a", "a" * 41, "Ab", "a_b", "a.b", "ab\n", "a:b", "äb"])
def test_a_slug_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(MalformedIdentifier, match="expected a slug"):
        parse_slug(text)


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("did:web:", "did:key:"),
        ("did:web:", "DID:web:"),
        ("did:web:", ""),
        ("did:web:", "did:web:did:web:"),
        ("%3A8443", "%3a8443"),
        ("%3A8443", ":8443%3A1"),
        ("%3A8443", "%2F8443"),
        ("%3A8443", "%3A8443%3A1"),
        (":eu", "/eu"),
        (":eu", "::eu"),
        (":parties:", ":party:"),
        (":parties:", ":parties::"),
        ("acme-castings", "Acme"),
        ("acme-castings", "acme-castings:x"),
        ("acme-castings", "acme-castings#x"),
        ("acme-castings", "acme-castings\n"),
        ("log.example", "l" * 200),
        ("log.example", "l" * 2000),
    ],
)
def test_a_party_did_of_another_form_is_refused(good: str, bad: str) -> None:
    assert parse_party_did(DID) == ("log.example:8443/eu", "acme-castings")
    with pytest.raises(MalformedIdentifier, match="expected"):
        parse_party_did(DID.replace(good, bad, 1))


@given(origin=origins, slug=slugs, seed=st.binary(min_size=32, max_size=32))
def test_a_kid_reads_back_as_its_did_and_multikey(origin: str, slug: str, seed: bytes) -> None:
    did = party_did(parse_origin(origin), parse_slug(slug))
    multikey = encode_multikey(public_key_of(seed))
    assert parse_kid(kid(did, multikey)) == Kid(did, multikey)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (f"{DID}{MULTIKEY}", MalformedIdentifier),
        (f"did:key:{MULTIKEY}#{MULTIKEY}", MalformedIdentifier),
        (f"{DID}x_#{MULTIKEY}", MalformedIdentifier),
        (f"#{MULTIKEY}", MalformedIdentifier),
        (f"{DID}#{MULTIKEY}" + "1" * 600, MalformedIdentifier),
        (f"{DID}#", MalformedKey),
        (f"{DID}##{MULTIKEY}", MalformedKey),
        (f"{DID}#{MULTIKEY}#", MalformedKey),
        (f"{DID}#key-1", MalformedKey),
        (kid(DID, encode_multikey(PublicKey(bytes(32)))), MalformedKey),
        (kid(DID, encode_sealing_multikey(derive_sealing_key(PUBLIC))), UnsupportedKey),
    ],
)
def test_a_kid_of_another_form_is_refused(text: str, refusal: type[Exception]) -> None:
    assert parse_kid(f"{DID}#{MULTIKEY}") == Kid(DID, Multikey(MULTIKEY))
    with pytest.raises(refusal) as found:
        parse_kid(text)
    assert type(found.value) is refusal
