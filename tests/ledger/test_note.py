"""Signed notes against other people's vectors, and every way to spell one wrongly."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import (
    BadNoteSignature,
    LedgerError,
    MalformedNote,
    MalformedVerifierKey,
    NoKnownSignature,
)
from ledger.note import (
    ED25519_NOTE,
    Ed25519Verifier,
    KeyId,
    KeyName,
    Note,
    NoteSignature,
    VerifierKey,
    encode_note,
    encode_vkey,
    is_key_name,
    open_note,
    parse_note,
    parse_vkey,
    sign_note,
)
from tests.ledger.signers import a_signer, key_of, signer_of_private_key, with_lines
from tests.vectors import vectors_dir

pytestmark = [pytest.mark.item("2.4"), pytest.mark.item("2.done.vectors-tlog")]

TEXT = "first\n\nthird\n"
ALICE, BOB = a_signer("example.com/alice"), a_signer("example.com/bob")


@pytest.fixture(scope="module")
def go() -> Any:
    return json.loads((vectors_dir() / "tlog/go-x-mod-sumdb/note.json").read_text())


@pytest.fixture(scope="module")
def example() -> Any:
    return json.loads((vectors_dir() / "tlog/c2sp-spec/examples.json").read_text())["signed_note"]


def verifier(key: VerifierKey) -> Ed25519Verifier:
    return Ed25519Verifier(key)


def test_published_note_verifies(example: Any) -> None:
    opened = open_note(example["note"].encode(), [verifier(parse_vkey(example["vkey"]))])
    assert opened.text == "This is an example message.\n"


def test_published_note_with_another_text_is_refused(example: Any) -> None:
    note = example["note"].replace("example message", "exanple message").encode()
    with pytest.raises(BadNoteSignature):
        open_note(note, [verifier(parse_vkey(example["vkey"]))])


def test_published_open_cases_give_the_stated_answer(go: Any) -> None:
    for case in go["open"]:
        verifiers = [verifier(parse_vkey(vkey)) for vkey in case["keys"]]
        try:
            found = [line.name for line in open_note(case["note"].encode(), verifiers).verified]
        except LedgerError:
            found = []
        assert found == case.get("verified", []), case["name"]


def test_published_malformed_notes_are_refused(go: Any) -> None:
    for encoded in go["malformed_base64_of_message"]:
        with pytest.raises(MalformedNote):
            parse_note(base64.b64decode(encoded))


def test_published_signature_is_reproduced(go: Any) -> None:
    signer = signer_of_private_key(go["skey_TEST_ONLY"])
    note = sign_note(go["sign"]["text"], [signer])
    assert encode_note(note).decode() == go["sign"]["signed_note"]
    assert encode_vkey(signer.key) == go["vkey_ok"][0]


def test_published_unsignable_texts_are_refused(go: Any) -> None:
    for case in go["sign_refused"]:
        with pytest.raises(MalformedNote):
            sign_note(case["text"], [ALICE])


def test_published_vkeys_are_read_and_written(go: Any) -> None:
    for vkey in go["vkey_ok"]:
        assert encode_vkey(parse_vkey(vkey)) == vkey


def test_published_bad_vkeys_are_refused(go: Any) -> None:
    for case in go["vkey_bad"]:
        with pytest.raises(MalformedVerifierKey):
            parse_vkey(case["vkey"])


def test_every_part_of_a_vkey_is_refused(go: Any) -> None:
    for vkey in go["vkey_ok"]:
        for start in range(len(vkey)):
            for stop in range(start, len(vkey) + 1):
                if stop - start < len(vkey):
                    with pytest.raises(MalformedVerifierKey):
                        parse_vkey(vkey[start:stop])


def test_every_vkey_with_one_byte_more_is_refused(go: Any) -> None:
    for vkey in go["vkey_ok"]:
        for at, found in enumerate(vkey):
            with pytest.raises(MalformedVerifierKey) as refused:
                parse_vkey(vkey[:at] + chr(ord(found) + 1) + vkey[at + 1 :])
            assert refused.value.code == "malformed-verifier-key"


def test_published_cosigner_keys_are_read() -> None:
    path = vectors_dir() / "tlog/transparency-dev-formats/tlog-proof-and-cosig.json"
    vectors = json.loads(path.read_text())
    for vkey in vectors["cosigner_vkey_ok"]:
        assert encode_vkey(parse_vkey(vkey)) == vkey
    for vkey in [*vectors["cosigner_vkey_bad"], vectors["cosigner_vkey_id_mismatch"]]:
        with pytest.raises(MalformedVerifierKey):
            parse_vkey(vkey)


SMALL_ORDER = bytes(32)
NOT_CANONICAL = bytes.fromhex("f0" + "ff" * 30 + "7f")
NOT_ON_CURVE = bytes([2]) + bytes(31)


@pytest.mark.parametrize("public", [SMALL_ORDER, NOT_CANONICAL, NOT_ON_CURVE, b""])
def test_key_that_is_no_point_of_prime_order_cannot_be_configured(public: bytes) -> None:
    with pytest.raises(MalformedVerifierKey):
        VerifierKey(KeyName("example.com/alice"), ED25519_NOTE, public)


@pytest.mark.parametrize("algorithm", [0, 2, 5, 6, 255])
def test_unknown_signature_type_cannot_be_configured(algorithm: int) -> None:
    with pytest.raises(MalformedVerifierKey, match="type 1 or 4"):
        VerifierKey(ALICE.key.name, algorithm, ALICE.key.public)


@pytest.mark.parametrize(
    "name", ["a", "example.com/foo", "\u00e9", "\u5de5\u5382", "a" * 255, "\u00e9" * 127]
)
def test_name_without_space_or_plus_is_a_key_name(name: str) -> None:
    assert is_key_name(name)
    assert parse_vkey(encode_vkey(key_of(name, ED25519_NOTE))).name == name


SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2005\u200a\u2028\u2029\u202f\u205f\u3000"
BAD_NAMES = [
    "",
    "a+b",
    "a" * 256,
    "\u00e9" * 128,
    "\x00",
    "a\x1f",
    "\ud800",
    *(f"a{s}b" for s in SPACES),
]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_any_other_name_is_refused(name: str) -> None:
    assert not is_key_name(name)
    with pytest.raises(MalformedVerifierKey):
        VerifierKey(KeyName(name), ED25519_NOTE, ALICE.key.public)


def test_signed_bytes_end_before_the_last_blank_line() -> None:
    note = sign_note(TEXT, [ALICE])
    opened = open_note(encode_note(note), [verifier(ALICE.key)])
    assert opened.text == TEXT


def test_unknown_lines_are_ignored() -> None:
    data = encode_note(sign_note(TEXT, [BOB, ALICE]))
    opened = open_note(data, [verifier(ALICE.key)])
    assert [line.name for line in opened.verified] == ["example.com/alice"]


def test_note_without_a_known_line_is_refused() -> None:
    data = encode_note(sign_note(TEXT, [BOB]))
    open_note(data, [verifier(BOB.key)])
    with pytest.raises(NoKnownSignature) as refused:
        open_note(data, [verifier(ALICE.key)])
    assert refused.value.code == "no-known-signature"


def test_known_line_that_fails_refuses_the_whole_note() -> None:
    note = sign_note(TEXT, [ALICE])
    forged = NoteSignature(BOB.key.name, BOB.key.key_id, note.signatures[0].signature)
    open_note(with_lines(note, forged), [verifier(ALICE.key)])
    with pytest.raises(BadNoteSignature) as refused:
        open_note(with_lines(note, forged), [verifier(ALICE.key), verifier(BOB.key)])
    assert refused.value.code == "bad-note-signature"


def test_key_is_chosen_by_name_and_id_together() -> None:
    # A forger who controls one of the two only makes a line that nobody knows.
    note = sign_note(TEXT, [ALICE])
    signature = note.signatures[0].signature
    other_id = NoteSignature(ALICE.key.name, KeyId(b"\x00" * 4), signature)
    other_name = NoteSignature(KeyName("example.com/eve"), ALICE.key.key_id, signature)
    for line in (other_id, other_name):
        with pytest.raises(NoKnownSignature):
            open_note(encode_note(Note(TEXT, (line,))), [verifier(ALICE.key)])


def test_key_that_signed_twice_is_counted_once() -> None:
    note = sign_note(TEXT, [ALICE, ALICE])
    assert len(open_note(encode_note(note), [verifier(ALICE.key)]).verified) == 1


def test_second_line_of_a_known_key_must_verify_too() -> None:
    note = sign_note(TEXT, [ALICE])
    forged = NoteSignature(ALICE.key.name, ALICE.key.key_id, bytes(64))
    with pytest.raises(BadNoteSignature):
        open_note(with_lines(note, forged), [verifier(ALICE.key)])


@pytest.mark.parametrize("length", [1, 63, 65, 72])
def test_signature_of_another_length_by_a_known_key_is_refused(length: int) -> None:
    line = NoteSignature(ALICE.key.name, ALICE.key.key_id, bytes(length))
    with pytest.raises(BadNoteSignature):
        open_note(encode_note(Note(TEXT, (line,))), [verifier(ALICE.key)])


def test_two_verifiers_of_one_name_and_id_are_refused() -> None:
    data = encode_note(sign_note(TEXT, [ALICE]))
    with pytest.raises(MalformedVerifierKey):
        open_note(data, [verifier(ALICE.key), verifier(ALICE.key)])


LINE = encode_note(sign_note("a\n", [ALICE])).decode().splitlines(keepends=True)[-1]
NAME, BLOB = LINE[2:-1].split(" ")
SPARE_BITS = NoteSignature(ALICE.key.name, ALICE.key.key_id, b"\x00").line()
MALFORMED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "LF at the end"),
    "no blank line": (f"a\n{LINE}".encode(), "a text, a blank line"),
    "no signature line": (b"a\n\n", "a text, a blank line"),
    "no text": (f"\n{LINE}".encode(), "a text, a blank line"),
    "no LF at the end": (f"a\n\n{LINE[:-1]}".encode(), "LF at the end"),
    "blank line at the end": (f"a\n\n{LINE}\n".encode(), "a text, a blank line"),
    "a line that is no signature": (f"a\n\n{LINE}b\n".encode(), "a signature line"),
    "text after a signature": (f"a\n\n{LINE}b\n{LINE}".encode(), "a signature line"),
    "hyphen for the dash": (f"a\n\n- {NAME} {BLOB}\n".encode(), "a signature line"),
    "en dash": (f"a\n\n\u2013 {NAME} {BLOB}\n".encode(), "a signature line"),
    "no space after the dash": (f"a\n\n\u2014{NAME} {BLOB}\n".encode(), "a signature line"),
    "two spaces after the dash": (f"a\n\n\u2014  {NAME} {BLOB}\n".encode(), "a signature line"),
    "two spaces before the blob": (f"a\n\n\u2014 {NAME}  {BLOB}\n".encode(), "standard base64"),
    "space at the end": (f"a\n\n\u2014 {NAME} {BLOB} \n".encode(), "standard base64"),
    "no name": (f"a\n\n\u2014 {BLOB}\n".encode(), "a signature line"),
    "plus in the name": (f"a\n\n\u2014 a+b {BLOB}\n".encode(), "a signature line"),
    "name of 256 bytes": (f"a\n\n\u2014 {'a' * 256} {BLOB}\n".encode(), "a signature line"),
    "no-break space in the name": (f"a\n\n\u2014 a\u00a0b {BLOB}\n".encode(), "a signature line"),
    "no blob": (f"a\n\n\u2014 {NAME} \n".encode(), "key ID"),
    "blob of a key ID alone": (f"a\n\n\u2014 {NAME} AAAAAA==\n".encode(), "key ID"),
    "blob without padding": (f"a\n\n\u2014 {NAME} AAAAAAA\n".encode(), "standard base64"),
    "blob with spare bits": (
        SPARE_BITS.replace("A=\n", "B=\n").join(["a\n\n", ""]).encode(),
        "canonical base64",
    ),
    "blob in base64url": (f"a\n\n\u2014 {NAME} AAAA_-AA\n".encode(), "standard base64"),
    "carriage return": (f"a\r\n\n{LINE}".encode(), "no control character"),
    "tab": (f"a\tb\n\n{LINE}".encode(), "no control character"),
    "NUL": (f"a\0\n\n{LINE}".encode(), "no control character"),
    "invalid UTF-8": (b"a\xff\n\n" + LINE.encode(), "UTF-8"),
    "overlong UTF-8": (b"a\xc0\xaf\n\n" + LINE.encode(), "UTF-8"),
    "surrogate in UTF-8": (b"a\xed\xa0\x80\n\n" + LINE.encode(), "UTF-8"),
    "101 lines": (f"a\n\n{LINE * 101}".encode(), "100 lines"),
    "too many bytes": (b"a" * (64 * 1024) + b"\n\n" + LINE.encode(), "65536 bytes"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_any_other_form_of_a_note_is_refused(name: str) -> None:
    data, reason = MALFORMED[name]
    with pytest.raises(MalformedNote, match=reason) as refused:
        parse_note(data)
    assert refused.value.code == "malformed-note"


@pytest.mark.parametrize(
    "text", ["a\n", "\n", "a\n\nb\n", "a\n\n", "\u2014 a b\n", "\x7f\ufeff\u2028\n"]
)
def test_text_of_any_lines_is_signed_and_opened(text: str) -> None:
    data = encode_note(sign_note(text, [ALICE]))
    assert open_note(data, [verifier(ALICE.key)]).text == text


@pytest.mark.parametrize("text", ["", "a", "a\r\n", "a\tb\n", "\x00\n", "\ud800\n"])
def test_text_that_no_note_can_hold_is_not_signed(text: str) -> None:
    with pytest.raises(MalformedNote):
        sign_note(text, [ALICE])


def test_a_hundred_lines_are_read() -> None:
    assert len(parse_note(f"a\n\n{LINE * 100}".encode()).signatures) == 100


def test_signer_does_not_show_how_it_signs() -> None:
    assert "sign=" not in repr(ALICE)


@given(
    st.text(st.sampled_from("a\n \u2014+=A/"), max_size=30).map(lambda head: head + "\n\n" + LINE)
)
def test_a_note_that_is_read_is_written_back_alike(text: str) -> None:
    try:
        note = parse_note(text.encode())
    except MalformedNote:
        return
    assert encode_note(note) == text.encode()
