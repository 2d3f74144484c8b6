"""Cosignatures: what a witness signs, and what is none."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

from keys import ed25519
from ledger.cosignature import (
    CosignatureVerifier,
    CosignedAt,
    Cosigner,
    cosigned_message,
    encode_cosignature,
    parse_cosignature,
)
from ledger.errors import BadCosignature, NoKnownSignature
from ledger.note import (
    Ed25519Verifier,
    NoteSignature,
    NoteVerifier,
    encode_vkey,
    open_note,
    parse_vkey,
    sign_note,
)
from tests.ledger.signers import a_cosigner, a_signer, cosigned, with_lines
from tests.vectors import vectors_dir

pytestmark = [pytest.mark.item("2.4"), pytest.mark.item("2.done.vectors-tlog")]

TEXT = b"log.example/lots\n7\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
WITNESS = a_cosigner("witness.example/w1")
NOW = CosignedAt(1_679_315_147)


@pytest.fixture(scope="module")
def formats() -> Any:
    path = vectors_dir() / "tlog/transparency-dev-formats/tlog-proof-and-cosig.json"
    return json.loads(path.read_text())


def test_published_cosignature_gives_its_timestamp(formats: Any) -> None:
    blob = base64.b64decode(formats["cosig_timestamp"]["sig_b64"])
    found = parse_cosignature(blob[4:])
    assert found.timestamp == formats["cosig_timestamp"]["timestamp"]
    assert encode_cosignature(found) == blob[4:]


def test_published_signature_of_another_type_is_no_cosignature(formats: Any) -> None:
    blob = base64.b64decode(formats["cosig_timestamp_bad_type"])
    with pytest.raises(BadCosignature):
        parse_cosignature(blob[4:])


def test_published_cosigner_key_is_of_the_cosignature_type(formats: Any) -> None:
    assert parse_vkey(formats["cosigner_vkey_ok"][1]).algorithm == 4


def test_cosigned_message_is_the_specified_text() -> None:
    expected = b"cosignature/v1\ntime 1679315147\n" + TEXT
    assert cosigned_message(TEXT, NOW) == expected
    line = WITNESS.cosign(TEXT, NOW)
    assert line.signature[:8] == NOW.to_bytes(8, "big")
    ed25519.verify(WITNESS.key.public, expected, line.signature[8:])


def test_key_id_covers_name_type_and_key() -> None:
    material = b"witness.example/w1\n\x04" + WITNESS.key.public
    assert WITNESS.key.key_id == hashlib.sha256(material).digest()[:4]
    assert parse_vkey(encode_vkey(WITNESS.key)) == WITNESS.key


def test_cosignature_verifies() -> None:
    CosignatureVerifier(WITNESS.key).verify(TEXT, WITNESS.cosign(TEXT, NOW).signature)


SIGNED = WITNESS.cosign(TEXT, NOW).signature
TAMPERED: dict[str, tuple[bytes, bytes]] = {
    "another time": (TEXT, (NOW + 1).to_bytes(8, "big") + SIGNED[8:]),
    "a time beyond the bound": (TEXT, (2**63).to_bytes(8, "big") + SIGNED[8:]),
    "another size": (TEXT.replace(b"\n7\n", b"\n8\n"), SIGNED),
    "another origin": (b"x" + TEXT, SIGNED),
    "an extension line": (TEXT + b"x\n", SIGNED),
    "no LF at the end": (TEXT[:-1], SIGNED),
    "a byte short": (TEXT, SIGNED[:-1]),
    "a byte long": (TEXT, SIGNED + b"\x00"),
    "no time": (TEXT, SIGNED[8:]),
    "empty": (TEXT, b""),
    "a bit changed": (TEXT, SIGNED[:-1] + bytes([SIGNED[-1] ^ 1])),
    "time in the other byte order": (TEXT, NOW.to_bytes(8, "little") + SIGNED[8:]),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_tampered_cosignature_is_refused(name: str) -> None:
    text, signature = TAMPERED[name]
    with pytest.raises(BadCosignature) as refused:
        CosignatureVerifier(WITNESS.key).verify(text, signature)
    assert refused.value.code == "bad-cosignature"


def test_plain_signature_by_the_witness_key_is_no_cosignature() -> None:
    plain = WITNESS.sign(TEXT)
    with pytest.raises(BadCosignature):
        CosignatureVerifier(WITNESS.key).verify(TEXT, NOW.to_bytes(8, "big") + plain)


def test_cosignature_of_another_witness_is_refused() -> None:
    other = a_cosigner("witness.example/w2").cosign(TEXT, NOW)
    with pytest.raises(BadCosignature):
        CosignatureVerifier(WITNESS.key).verify(TEXT, other.signature)


def test_cosigned_note_is_opened_by_log_and_witness_keys() -> None:
    log = a_signer("log.example/lots")
    note = cosigned(sign_note(TEXT.decode(), [log]), WITNESS.key.name)
    verifiers: list[NoteVerifier] = [Ed25519Verifier(log.key), CosignatureVerifier(WITNESS.key)]
    opened = open_note(with_lines(note), verifiers)
    assert [line.name for line in opened.verified] == [log.key.name, WITNESS.key.name]


def test_ml_dsa_line_is_a_line_by_an_unknown_key() -> None:
    # 0x06 has a key ID of its own, so the pair of name and ID matches no configured key.
    material = WITNESS.key.name.encode() + b"\n\x06" + bytes(1312)
    key_id = type(WITNESS.key.key_id)(hashlib.sha256(material).digest()[:4])
    line = NoteSignature(WITNESS.key.name, key_id, bytes(8 + 2420))
    note = sign_note(TEXT.decode(), [a_signer("log.example/lots")])
    with pytest.raises(NoKnownSignature):
        open_note(with_lines(note, line), [CosignatureVerifier(WITNESS.key)])


@pytest.mark.parametrize("timestamp", [0, -1, 2**63])
def test_witness_does_not_sign_a_time_that_is_none(timestamp: int) -> None:
    with pytest.raises(AssertionError):
        WITNESS.cosign(TEXT, CosignedAt(timestamp))


def test_cosigner_does_not_show_how_it_signs() -> None:
    assert "sign=" not in repr(Cosigner(WITNESS.key, lambda message: message))
