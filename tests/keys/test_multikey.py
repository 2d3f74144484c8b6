"""Multikey: the two kinds in use, the kinds that are named in a refusal, and damaged texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.base58btc import encode_base58btc
from keys.ed25519 import PublicKey, generate_seed, public_key_of
from keys.errors import KeysError, MalformedKey, UnsupportedKey
from keys.multikey import (
    encode_multikey,
    encode_sealing_multikey,
    parse_multikey,
    parse_sealing_multikey,
)
from keys.x25519 import SealingKey, check_sealing_key, derive_sealing_key

pytestmark = pytest.mark.item("2.2")

PUBLIC = public_key_of(bytes(range(32)))
SEALING = derive_sealing_key(PUBLIC)
SECRET_PREFIXES = [bytes([0x80 + number, 0x26]) for number in range(16)]
# RFC 7748 coordinates of the points of order 1, 2, 4 and 8.
SMALL_ORDER = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


def a_multikey(prefix: bytes, data: bytes) -> str:
    return "z" + encode_base58btc(prefix + data)


@given(seed=st.binary(min_size=32, max_size=32))
def test_a_signing_multikey_reads_back_as_its_key(seed: bytes) -> None:
    public = public_key_of(seed)
    multikey = encode_multikey(public)
    assert multikey.startswith("z6Mk")
    assert len(multikey) == 48
    assert parse_multikey(multikey) == public


@given(seed=st.binary(min_size=32, max_size=32))
def test_a_sealing_multikey_reads_back_as_its_key(seed: bytes) -> None:
    key = derive_sealing_key(public_key_of(seed))
    multikey = encode_sealing_multikey(key)
    assert multikey.startswith("z6LS")
    assert parse_sealing_multikey(multikey) == key


@given(position=st.integers(0, 47), character=st.characters(codec="ascii"))
def test_a_changed_character_never_names_the_same_key(position: int, character: str) -> None:
    multikey = encode_multikey(PUBLIC)
    changed = multikey[:position] + character + multikey[position + 1 :]
    try:
        found = parse_multikey(changed)
    except MalformedKey:
        return
    assert (found == PUBLIC) == (changed == multikey)


@pytest.mark.parametrize(
    ("prefix", "length", "name"),
    [
        ("e701", 33, "secp256k1"),
        ("ea01", 48, "BLS12-381 G1"),
        ("eb01", 96, "BLS12-381 G2"),
        ("ee01", 144, "BLS12-381 G1 and G2"),
        ("ef01", 32, "sr25519"),
        ("8024", 33, "P-256"),
        ("8124", 49, "P-384"),
        ("8224", 67, "P-521"),
        ("8324", 57, "Ed448"),
        ("8424", 56, "X448"),
        ("8624", 33, "SM2"),
    ],
)
def test_a_registered_kind_is_refused_by_its_name(prefix: str, length: int, name: str) -> None:
    with pytest.raises(UnsupportedKey, match=f"expected an Ed25519 or X25519 key, found {name}$"):
        parse_multikey(a_multikey(bytes.fromhex(prefix), bytes(length)))
    with pytest.raises(MalformedKey, match=f"expected {length} bytes of {name} key") as refusal:
        parse_multikey(a_multikey(bytes.fromhex(prefix), bytes(length - 1)))
    assert refusal.value.code == "malformed-key"


def test_a_sealing_key_does_not_sign_and_a_signing_key_does_not_seal() -> None:
    with pytest.raises(UnsupportedKey, match="expected an Ed25519 key, found X25519"):
        parse_multikey(encode_sealing_multikey(SEALING))
    with pytest.raises(UnsupportedKey, match="expected an X25519 key, found ED25519"):
        parse_sealing_multikey(encode_multikey(PUBLIC))


@pytest.mark.parametrize("prefix", SECRET_PREFIXES, ids=bytes.hex)
def test_a_secret_key_is_refused_and_not_repeated(prefix: bytes) -> None:
    secret = a_multikey(prefix, generate_seed())
    with pytest.raises(MalformedKey, match="expected a public key, found a secret one") as refusal:
        parse_multikey(secret)
    assert refusal.value.code == "malformed-key"
    assert secret[:12] not in repr(refusal.value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "expected a Multikey that starts with 'z'"),
        ("z", "found none"),
        ("z2", "expected a registered key prefix, found 01"),
        ("u7QEAAQ", "expected a Multikey that starts with 'z'"),
        ("z6Mk", "expected a registered key prefix"),
        (encode_multikey(PUBLIC)[1:], "expected a Multikey that starts with 'z'"),
        (encode_multikey(PUBLIC)[:-1], "expected a registered key prefix"),
        (encode_multikey(PUBLIC) + "1", "expected a registered key prefix"),
        ("z1" + encode_multikey(PUBLIC)[1:], "expected a registered key prefix, found 00ed"),
        (encode_multikey(PUBLIC) + "\n", "expected 'z' and base58btc"),
        (a_multikey(b"\xed\x01", PUBLIC + b"\x00"), "expected 32 bytes of public key, found 33"),
        (a_multikey(b"\xed\x01", PUBLIC[:31]), "expected 32 bytes of public key, found 31"),
        (a_multikey(b"\xed\x01", bytes(32)), "expected a canonical Ed25519 point"),
        (a_multikey(b"\xed\x01", b"\xff" * 32), "expected a canonical Ed25519 point"),
        ("z" + "2" * 257, "expected at most 256 characters, found 257"),
    ],
)
def test_a_damaged_multikey_is_refused(text: str, found: str) -> None:
    with pytest.raises(MalformedKey, match=found) as refusal:
        parse_multikey(text)
    assert refusal.value.code == "malformed-key"


# Asked twice, because accepted texts are remembered and refused ones must not be.
def test_a_refused_multikey_stays_refused() -> None:
    for _ in range(2):
        with pytest.raises(MalformedKey):
            parse_multikey(encode_multikey(PublicKey(bytes(32))))


@pytest.mark.parametrize("coordinate", SMALL_ORDER)
def test_a_sealing_key_of_small_order_is_refused(coordinate: str) -> None:
    text = encode_sealing_multikey(SealingKey(bytes.fromhex(coordinate)))
    with pytest.raises(MalformedKey, match="expected an X25519 point of large order"):
        parse_sealing_multikey(text)


@pytest.mark.parametrize("number", [2**255 - 19, 2**255 - 1, 2**255 + 9, 2**256 - 1])
def test_a_sealing_key_that_is_not_canonical_is_refused(number: int) -> None:
    assert check_sealing_key((9).to_bytes(32, "little"))
    with pytest.raises(MalformedKey, match="expected a canonical X25519 coordinate"):
        check_sealing_key(number.to_bytes(32, "little"))


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_sealing_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(MalformedKey, match=f"expected 32 bytes of public key, found {length}"):
        check_sealing_key((SEALING + bytes(1))[:length])


@given(data=st.binary(max_size=40) | st.binary(min_size=32, max_size=32).map(b"\xed\x01".__add__))
def test_every_accepted_multikey_is_the_one_that_its_key_makes(data: bytes) -> None:
    text = "z" + encode_base58btc(data)
    try:
        public = parse_multikey(text)
    except KeysError:
        return
    assert encode_multikey(public) == text
