"""Base64, base64url and base58btc: one text for each byte string, and no other."""

from __future__ import annotations

import base64
import string
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.base58btc import decode_base58btc, encode_base58btc
from keys.encoding import decode_base64, decode_base64url, encode_base64, encode_base64url
from keys.errors import MalformedEncoding

pytestmark = pytest.mark.item("2.2")

Encode = Callable[[bytes], str]
Decode = Callable[[str], bytes]

PAIRS: list[tuple[Encode, Decode]] = [
    (encode_base64url, decode_base64url),
    (encode_base64, decode_base64),
    (encode_base58btc, decode_base58btc),
]
NAMES = ["base64url", "base64", "base58btc"]


@pytest.mark.parametrize(("encode", "decode"), PAIRS, ids=NAMES)
@given(data=st.binary(max_size=120))
def test_decoding_reverses_encoding(encode: Encode, decode: Decode, data: bytes) -> None:
    assert decode(encode(data)) == data


@pytest.mark.parametrize(("encode", "decode"), PAIRS, ids=NAMES)
@given(text=st.text(string.ascii_letters + string.digits + "+/-_=", max_size=24))
def test_every_accepted_text_is_the_one_that_encoding_writes(
    encode: Encode, decode: Decode, text: str
) -> None:
    try:
        data = decode(text)
    except MalformedEncoding:
        return
    assert encode(data) == text


@pytest.mark.parametrize(("encode", "decode"), PAIRS, ids=NAMES)
@given(data=st.binary(min_size=1, max_size=40), foreign=st.sampled_from("\n \t\0.~!é中\ud800"))
def test_one_foreign_character_is_refused_wherever_it_stands(
    encode: Encode, decode: Decode, data: bytes, foreign: str
) -> None:
    text = encode(data)
    for position in (0, len(text) // 2, len(text)):
        with pytest.raises(MalformedEncoding):
            decode(text[:position] + foreign + text[position:])


def test_base64url_has_the_alphabet_and_no_padding_of_rfc_4648() -> None:
    assert encode_base64url(b"\xfb\xff") == "-_8"
    assert encode_base64(b"\xfb\xff") == "+/8="


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("-_8=", "expected base64url without padding"),
        ("+/8", "expected base64url without padding"),
        ("-_8\n", "expected base64url without padding"),
        ("-_8A-", "expected base64url without padding"),
        ("-_9", "expected zero spare bits"),
        ("-B", "expected zero spare bits"),
    ],
)
def test_base64url_of_another_form_is_refused(text: str, found: str) -> None:
    assert decode_base64url("-_8") == b"\xfb\xff"
    with pytest.raises(MalformedEncoding, match=found):
        decode_base64url(text)


@pytest.mark.parametrize(
    "text", ["+/8", "-_8=", "+/8=\n", "+/8==", "+/9=", "=", "A===", "+/8=AAAA"]
)
def test_base64_of_another_form_is_refused(text: str) -> None:
    assert decode_base64("+/8=") == b"\xfb\xff"
    with pytest.raises(MalformedEncoding, match=r"expected (standard|canonical) base64"):
        decode_base64(text)


# Examples of the Internet draft on base58, section 5.
@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"Hello World!", "2NEpo7TZRRrLZSi2U"),
        (
            b"The quick brown fox jumps over the lazy dog.",
            "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z",
        ),
        (bytes.fromhex("0000287fb4cd"), "11233QC4"),
        (b"", ""),
        (b"\x00", "1"),
    ],
)
def test_base58btc_has_the_published_texts(data: bytes, text: str) -> None:
    assert encode_base58btc(data) == text
    assert decode_base58btc(text) == data


@pytest.mark.parametrize("character", "0OIl")
def test_base58btc_refuses_the_letters_it_leaves_out(character: str) -> None:
    with pytest.raises(MalformedEncoding, match=f"expected base58btc, found '{character}' at 3"):
        decode_base58btc("2NE" + character)


def test_base58btc_is_refused_by_length_before_it_is_decoded() -> None:
    assert decode_base58btc("1" * 256) == bytes(256)
    with pytest.raises(MalformedEncoding, match="expected at most 256 characters, found 257"):
        decode_base58btc("1" * 257)
    # Decoding this one would take minutes.
    with pytest.raises(MalformedEncoding, match="found 2000000"):
        decode_base58btc("z" * 2_000_000)


def test_base64url_is_decided_alike_by_decoding_and_by_encoding_again() -> None:
    # The slow rule is plain: a text is right if it is what its bytes are written as. Every text
    # of up to two Latin-1 characters, and every third character behind two right ones.
    latin = [chr(code) for code in range(256)]
    texts = ["", *latin, *(a + b for a in latin for b in latin), *("AA" + a for a in latin)]
    for text in texts:
        try:
            data = base64.urlsafe_b64decode(text.encode("ascii") + b"==")
        except ValueError:
            data = b""
        if encode_base64url(data) == text:
            assert decode_base64url(text) == data
        else:
            with pytest.raises(MalformedEncoding):
                decode_base64url(text)
