"""Ed25519: what is signed verifies, and nothing beside it does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.ed25519 import (
    check_public_key,
    expand_seed,
    generate_seed,
    public_key_of,
    public_key_of_expanded,
    sign,
    sign_expanded,
    verify,
)
from keys.errors import BadSignature, MalformedKey
from tests.keys import slow_ed25519
from tests.keys.decisions import is_registrable

pytestmark = pytest.mark.item("2.2")

SEED = bytes(range(32))
MESSAGE = b"lotmark.test/v1\nwall thickness 4.02 mm"


@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=300))
def test_every_signature_made_here_verifies(seed: bytes, message: bytes) -> None:
    verify(public_key_of(seed), message, sign(seed, message))


@given(seed=st.binary(min_size=32, max_size=32))
def test_every_derived_public_key_can_be_registered(seed: bytes) -> None:
    public = public_key_of(seed)
    assert check_public_key(bytes(public)) == public


@given(bit=st.integers(0, 8 * len(MESSAGE) - 1))
def test_a_flipped_bit_of_the_message_is_refused(bit: int) -> None:
    with pytest.raises(BadSignature):
        verify(public_key_of(SEED), _flip(MESSAGE, bit), sign(SEED, MESSAGE))


@given(bit=st.integers(0, 8 * 64 - 1))
def test_a_flipped_bit_of_the_signature_is_refused(bit: int) -> None:
    with pytest.raises(BadSignature):
        verify(public_key_of(SEED), MESSAGE, _flip(sign(SEED, MESSAGE), bit))


@given(bit=st.integers(0, 8 * 32 - 1))
def test_a_flipped_bit_of_the_key_is_refused(bit: int) -> None:
    with pytest.raises(BadSignature):
        verify(_flip(public_key_of(SEED), bit), MESSAGE, sign(SEED, MESSAGE))


def test_another_partys_key_does_not_verify() -> None:
    with pytest.raises(BadSignature, match="expected a signature by this key"):
        verify(public_key_of(bytes(32)), MESSAGE, sign(SEED, MESSAGE))


# The bytes on either side of the border are the same; only where it lies differs. libsodium
# is handed signature and message in one piece and could not tell.
@pytest.mark.parametrize("length", [0, 63, 65])
def test_a_signature_of_another_length_is_refused(length: int) -> None:
    joined = sign(SEED, MESSAGE) + MESSAGE
    verify(public_key_of(SEED), joined[64:], joined[:64])
    with pytest.raises(BadSignature, match=f"expected 64 bytes of signature, found {length}"):
        verify(public_key_of(SEED), joined[length:], joined[:length])


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    key = (public_key_of(SEED) + bytes(1))[:length]
    with pytest.raises(MalformedKey, match=f"expected 32 bytes of public key, found {length}"):
        verify(key, MESSAGE, sign(SEED, MESSAGE))
    with pytest.raises(MalformedKey, match=f"expected 32 bytes of public key, found {length}"):
        check_public_key(key)


# S + L satisfies the same equation: whoever accepts it lets anybody make a second signature.
def test_a_signature_with_an_unreduced_scalar_is_refused() -> None:
    signature = sign(SEED, MESSAGE)
    scalar = int.from_bytes(signature[32:], "little") + slow_ed25519.L
    with pytest.raises(BadSignature):
        verify(public_key_of(SEED), MESSAGE, signature[:32] + scalar.to_bytes(32, "little"))


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_seed_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(MalformedKey, match=f"expected 32 bytes of seed, found {length}"):
        sign(bytes(length), MESSAGE)


def test_an_expanded_seed_signs_as_its_seed() -> None:
    expanded = expand_seed(SEED)
    assert sign_expanded(expanded, MESSAGE) == sign(SEED, MESSAGE)
    assert public_key_of_expanded(expanded) == public_key_of(SEED)


def test_generated_seeds_differ() -> None:
    assert len({generate_seed() for _ in range(50)}) == 50


# RFC 8032, section 7.1, TEST 1: the empty message.
def test_the_first_vector_of_rfc_8032_is_reproduced() -> None:
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    public = public_key_of(seed)
    assert public.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert sign(seed, b"").hex() == (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )


@given(data=st.binary(min_size=32, max_size=32))
def test_registration_agrees_with_the_slow_reading_on_any_bytes(data: bytes) -> None:
    assert is_registrable(data) == slow_ed25519.is_registrable(data)


# y from p - 3 to p + 18 holds every encoding that is not canonical, and the border.
@pytest.mark.parametrize("sign_bit", [0, 1])
@pytest.mark.parametrize("y", range(slow_ed25519.P - 3, 2**255))
def test_registration_agrees_with_the_slow_reading_at_the_border(y: int, sign_bit: int) -> None:
    data = (y | sign_bit << 255).to_bytes(32, "little")
    assert is_registrable(data) == slow_ed25519.is_registrable(data)


# Adding a point of order 8 leaves the curve equation and the canonical form intact.
def test_a_key_outside_the_prime_order_subgroup_is_refused() -> None:
    point = slow_ed25519.decode(public_key_of(SEED))
    torsion = slow_ed25519.decode(
        bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
    )
    assert point is not None
    assert torsion is not None
    check_public_key(slow_ed25519.encode(point))
    with pytest.raises(MalformedKey, match="expected a canonical Ed25519 point of prime order"):
        check_public_key(slow_ed25519.encode(slow_ed25519.add(point, torsion)))


def _flip(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
