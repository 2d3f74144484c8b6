"""Targets of what comes sealed: envelopes, and the text that is kept beside a record."""

from __future__ import annotations

import json
from functools import cache
from typing import Final

from keys.encoding import decode_base64url, encode_base64url
from keys.hpke import Sealed
from ledger.errors import LedgerError
from ledger.kept import ENVELOPE_MARK, join_kept, split_elements, split_kept
from ledger.sealed import (
    Envelope,
    OpenerKey,
    SealingContext,
    Stanza,
    encode_envelope,
    open_envelope,
    parse_envelope,
)
from ledger.sealed_errors import EnvelopeRefused
from tests.fuzz.choices import Choices, change_place, edited
from tests.fuzz.target import Target, raw_text_of
from tests.ledger.parties import ORIGIN, a_party, a_seed

_KEY: Final = OpenerKey.of(a_party("hanfeng-drive").did, a_seed("office"))
_CONTEXT: Final = SealingContext(str(ORIGIN), "R" * 43, "recipe", "A" * 43, _KEY.kid)


@cache
def _text() -> str:
    stanza = Stanza(_KEY.kid, Sealed(bytes(range(32)), bytes(48)))
    return encode_envelope(Envelope("recipe", "A" * 43, bytes(40), (stanza,)))


def _parse(text: str) -> None:
    envelope = parse_envelope(text)
    assert parse_envelope(encode_envelope(envelope)) == envelope
    # Nothing that was made up opens.
    try:
        open_envelope(envelope, _CONTEXT, _KEY)
    except EnvelopeRefused:
        return
    raise AssertionError(text)


def _parse_edited(data: bytes) -> None:
    # JSON in base64url: edits of the JSON reach where those of the text do not.
    inside = edited(decode_base64url(_text()[1:]), data)
    _parse(ENVELOPE_MARK + encode_base64url(inside))


def _parse_changed(data: bytes) -> None:
    chance, members = Choices(data), json.loads(decode_base64url(_text()[1:]))
    for _ in range(chance.randrange(3)):
        change_place(chance, members)
    _parse(ENVELOPE_MARK + encode_base64url(json.dumps(members).encode("utf-8", "replace")))


def _split(data: bytes) -> None:
    text = raw_text_of(data)
    kept = split_kept(text)
    assert split_elements([*kept.disclosures, *kept.envelopes]) == kept
    assert split_kept(join_kept(kept)) == kept
    assert not any(part.startswith(ENVELOPE_MARK) for part in kept.disclosures)


TARGETS: Final = (
    Target(
        "envelope-edits",
        _parse_edited,
        (LedgerError,),
        (parse_envelope,),
        lambda: [b"", b"\x00\x01\x02A", b"\x10\x00\x00\x05"],
        bytes_max=64,
        words=('"recipients"', '"kid"', '"enc"', "z6LS", "did:web:"),
    ),
    Target(
        "envelope-changes",
        _parse_changed,
        (LedgerError,),
        (parse_envelope, open_envelope),
        lambda: [bytes([number]) * 24 for number in range(0, 256, 37)],
        bytes_max=96,
    ),
    Target(
        "kept",
        _split,
        (),
        (split_kept, split_elements),
        lambda: [b"", b"a~b~", b"a~!e~", b"!e~a~", b"~~", b"a~b"],
        bytes_max=64,
        words=("~", "!", "~!"),
    ),
)
