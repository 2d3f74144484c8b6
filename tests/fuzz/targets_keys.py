"""Targets of the room ``keys``: encodings, identifiers, keys and key files."""

from __future__ import annotations

from typing import Final

from keys.base58btc import decode_base58btc, encode_base58btc
from keys.encoding import decode_base64, decode_base64url, encode_base64, encode_base64url
from keys.errors import DamagedKeyFile, MalformedEncoding, MalformedIdentifier, MalformedKey
from keys.identifiers import (
    did_key,
    kid,
    parse_kid,
    parse_origin,
    parse_party_did,
    parse_sealing_kid,
    parse_slug,
    party_did,
    resolve_did_key,
)
from keys.key_file import (
    Cost,
    KeyFile,
    KeyFileHeader,
    encode_key_file,
    parse_key_file,
)
from keys.limits import BASE58BTC_CHARACTERS_MAX, KEY_FILE_BYTES_MAX, KID_CHARACTERS_MAX
from keys.multikey import (
    KeyKind,
    encode_multikey,
    encode_sealing_multikey,
    parse_any_multikey,
    parse_multikey,
    parse_sealing_multikey,
    split_multikey,
)
from tests.fuzz.target import Target, raw_text_of
from tests.ledger.parties import ORIGIN, a_party

_PARTY: Final = a_party("hanfeng-drive")
_BINARY: Final = (b"", b"\x00", b"\x00\x01", b"\xff" * 3, bytes(range(40)))


def _decode_base64url(data: bytes) -> None:
    text = raw_text_of(data)
    assert encode_base64url(decode_base64url(text)) == text


def _decode_base64(data: bytes) -> None:
    text = raw_text_of(data)
    assert encode_base64(decode_base64(text)) == text


def _decode_base58btc(data: bytes) -> None:
    text = raw_text_of(data)
    assert encode_base58btc(decode_base58btc(text)) == text


def _parse_identifier(data: bytes) -> None:
    text = raw_text_of(data)
    match text[:1]:
        case "o":
            assert parse_origin(text[1:]) == text[1:]
        case "s":
            assert parse_slug(text[1:]) == text[1:]
        case "p":
            assert party_did(*parse_party_did(text[1:])) == text[1:]
        case "e":
            to = parse_sealing_kid(text[1:])
            assert kid(to.did, to.multikey) == text[1:]
        case _:
            found = parse_kid(text[1:])
            assert kid(found.did, found.multikey) == text[1:]


def _parse_multikey(data: bytes) -> None:
    text = raw_text_of(data)
    if text.startswith("z6LS"):
        assert parse_any_multikey(text) is KeyKind.X25519
        assert encode_sealing_multikey(parse_sealing_multikey(text)) == text
    elif text.startswith("z6Mk"):
        assert encode_multikey(parse_multikey(text)) == text
    else:
        split_multikey(text)
        parse_any_multikey(text)
        parse_multikey(text)


def _resolve_did_key(data: bytes) -> None:
    text = raw_text_of(data)
    found = resolve_did_key(text)
    assert found.did == text
    assert found.signing is None or did_key(found.signing) == text


def _parse_key_file(data: bytes) -> None:
    found = parse_key_file(data)
    assert parse_key_file(encode_key_file(found)) == found


def _multikeys() -> list[bytes]:
    # X25519's base point is a small key; it is the u-coordinate 9.
    known = [_PARTY.signing.multikey, "z6LSeu9HkTHSfLLeUs2nnzUSNedgDUevfNQgQjQC23ZCit6F"]
    other_kinds = [b"\xe7\x01" + bytes(33), b"\x80\x24" + bytes(33), b"\x80\x26" + bytes(32)]
    return [
        *(text.encode() for text in known),
        *(b"z" + encode_base58btc(data).encode() for data in other_kinds),
    ]


def _identifiers() -> list[bytes]:
    texts = (f"o{ORIGIN}", f"s{_PARTY.slug}", f"p{_PARTY.did}", f"k{_PARTY.signing.kid}")
    sealing = f"e{_PARTY.did}#z6LSeu9HkTHSfLLeUs2nnzUSNedgDUevfNQgQjQC23ZCit6F"
    return [
        *(text.encode() for text in (*texts, sealing)),
        b"ohost",
        b"oa/b/c",
        b"pdid:web:a:parties:bb",
    ]


def _key_files() -> list[bytes]:
    operations, memory_bytes = Cost.INTERACTIVE.value
    header = KeyFileHeader(
        _PARTY.admin.multikey, operations, memory_bytes, salt=bytes(16), nonce=bytes(24)
    )
    return [encode_key_file(KeyFile(header, bytes(48))), b"{}", b"[" * 2000]


TARGETS: Final = (
    Target(
        "base64url",
        _decode_base64url,
        (MalformedEncoding,),
        (decode_base64url,),
        lambda: [encode_base64url(data).encode() for data in _BINARY],
        bytes_max=64,
    ),
    Target(
        "base64",
        _decode_base64,
        (MalformedEncoding,),
        (decode_base64,),
        lambda: [encode_base64(data).encode() for data in _BINARY],
        bytes_max=64,
    ),
    Target(
        "base58btc",
        _decode_base58btc,
        (MalformedEncoding,),
        (decode_base58btc,),
        lambda: [encode_base58btc(data).encode() for data in _BINARY],
        bytes_max=BASE58BTC_CHARACTERS_MAX + 1,
    ),
    Target(
        "identifier",
        _parse_identifier,
        (MalformedIdentifier, MalformedKey),
        (parse_origin, parse_slug, parse_party_did, parse_kid, parse_sealing_kid),
        _identifiers,
        bytes_max=KID_CHARACTERS_MAX + 2,
        words=("did:web:", ":parties:", "%3A", "#z6Mk", "#z6LS", ".."),
    ),
    Target(
        "multikey",
        _parse_multikey,
        (MalformedKey,),
        (parse_multikey, parse_sealing_multikey, parse_any_multikey, split_multikey),
        _multikeys,
        bytes_max=BASE58BTC_CHARACTERS_MAX + 2,
        words=("z6Mk", "z6LS"),
    ),
    Target(
        "did-key",
        _resolve_did_key,
        (MalformedIdentifier, MalformedKey),
        (resolve_did_key,),
        lambda: [b"did:key:" + text for text in _multikeys()],
        bytes_max=BASE58BTC_CHARACTERS_MAX + 16,
        words=("did:key:z6Mk", "did:key:z6LS"),
    ),
    # The file is judged in front of the key derivation, which takes a tenth of a second by design.
    Target(
        "key-file",
        _parse_key_file,
        (DamagedKeyFile,),
        (parse_key_file,),
        _key_files,
        bytes_max=KEY_FILE_BYTES_MAX + 1,
        words=('"format"', '"multikey"', '"salt"', '"operations"', "lotmark.key/v1", "argon2id"),
    ),
)
