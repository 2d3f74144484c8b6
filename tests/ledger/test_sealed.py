"""Envelopes: who opens them, and under which context (docs/spec/sealed.md)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from keys.encoding import decode_base64url, encode_base64url
from ledger import limits
from ledger.disclosure import digest_of, encode_disclosure
from ledger.kept import Kept, join_kept, split_kept
from ledger.sealed import (
    Envelope,
    OpenerKey,
    SealingContext,
    Stanza,
    add_recipients,
    encode_envelope,
    open_envelope,
    parse_envelope,
    seal_group,
)
from ledger.sealed_errors import (
    EnvelopeRefused,
    MalformedEnvelope,
    SealedOtherContent,
    WrongContext,
    WrongRecipient,
)
from tests.ledger.parties import ORIGIN, RandomStream, a_party, a_seed

pytestmark = pytest.mark.item("5.6.sealed")

OWNER, READER = a_party("hanfeng-drive"), a_party("borealis-motors")
OWN, READERS, OTHERS = (
    OpenerKey.of(party.did, a_seed(label))
    for party, label in ((OWNER, "office"), (READER, "desk"), (READER, "phone"))
)
DISCLOSURE = encode_disclosure("s" * 38, "recipe", {"temperature": "812.5"})
CONTEXT = SealingContext(str(ORIGIN), "R" * 43, "recipe", digest_of(DISCLOSURE), OWNER.did)


def an_envelope(*keys: OpenerKey) -> Envelope:
    kids = [key.kid for key in keys or (OWN, READERS)]
    return seal_group(DISCLOSURE, CONTEXT, kids=kids, random_bytes=RandomStream("seal"))


ENVELOPE = an_envelope()


@pytest.mark.parametrize("key", [OWN, READERS], ids=["owner", "reader"])
def test_every_recipient_opens_what_the_owner_sealed(key: OpenerKey) -> None:
    sent = parse_envelope(encode_envelope(ENVELOPE))
    assert open_envelope(sent, CONTEXT, key) == DISCLOSURE


def test_an_envelope_shows_nothing_of_its_content() -> None:
    text = decode_base64url(encode_envelope(ENVELOPE)[1:]).decode()
    assert DISCLOSURE not in text
    assert json.loads(text).keys() == {"format", "group", "digest", "ciphertext", "recipients"}


@pytest.mark.item("5.bad.hpke-recipient")
def test_a_key_that_it_is_not_sealed_to_opens_nothing() -> None:
    assert open_envelope(ENVELOPE, CONTEXT, READERS) == DISCLOSURE
    with pytest.raises(WrongRecipient, match="expected an envelope sealed to"):
        open_envelope(ENVELOPE, CONTEXT, OTHERS)


@pytest.mark.item("5.bad.hpke-recipient")
def test_the_name_of_a_recipient_is_not_enough() -> None:
    with pytest.raises(WrongRecipient, match="expected the private key of"):
        open_envelope(ENVELOPE, CONTEXT, OpenerKey(READERS.kid, OTHERS.seed))


@pytest.mark.item("5.bad.hpke-recipient")
def test_a_recipients_part_is_of_no_use_under_another_name() -> None:
    stanzas = (ENVELOPE.recipients[0], Stanza(OTHERS.kid, ENVELOPE.recipients[1].sealed))
    with pytest.raises(WrongContext):
        open_envelope(replace(ENVELOPE, recipients=stanzas), CONTEXT, OTHERS)


@pytest.mark.item("5.bad.hpke-context")
@pytest.mark.parametrize(
    "context",
    [
        replace(CONTEXT, origin="other.example"),
        replace(CONTEXT, record_id="S" * 43),
        replace(CONTEXT, owner=READER.did),
        replace(CONTEXT, group="values"),
        replace(CONTEXT, digest="D" * 43),
    ],
    ids=["origin", "record", "owner", "group", "digest"],
)
def test_an_envelope_opens_in_its_own_context_only(context: SealingContext) -> None:
    with pytest.raises(WrongContext):
        open_envelope(ENVELOPE, context, READERS)


@pytest.mark.item("5.bad.hpke-context")
@pytest.mark.parametrize("member", ["group", "digest"])
def test_what_an_envelope_says_of_itself_is_not_believed(member: str) -> None:
    context = replace(CONTEXT, **{member: "values" if member == "group" else "D" * 43})
    renamed = replace(ENVELOPE, **{member: getattr(context, member)})
    with pytest.raises(WrongContext):
        open_envelope(renamed, context, READERS)


@pytest.mark.item("5.bad.hpke-context")
@pytest.mark.parametrize("place", [0, 12, -1])
def test_changed_content_does_not_open(place: int) -> None:
    changed = bytearray(ENVELOPE.ciphertext)
    changed[place] ^= 1
    with pytest.raises(WrongContext):
        open_envelope(replace(ENVELOPE, ciphertext=bytes(changed)), CONTEXT, READERS)


def test_only_what_the_record_committed_to_is_sealed() -> None:
    other = encode_disclosure("s" * 38, "recipe", {"temperature": "812.6"})
    with pytest.raises(SealedOtherContent):
        seal_group(other, CONTEXT, kids=[OWN.kid], random_bytes=RandomStream("seal"))


def test_an_owner_who_sealed_something_else_is_found_out() -> None:
    other = encode_disclosure("s" * 38, "recipe", {"temperature": "812.6"})
    # By software that does not check what it seals, and says the digest of the record.
    lying = _LyingContext(CONTEXT)
    envelope = seal_group(other, lying, kids=[READERS.kid], random_bytes=RandomStream("seal"))
    envelope = replace(envelope, digest=CONTEXT.digest)
    with pytest.raises(SealedOtherContent, match="expected the disclosure of digest"):
        open_envelope(envelope, CONTEXT, READERS)


class _LyingContext(SealingContext):
    """Binds to one digest and has another one checked."""

    def __init__(self, true: SealingContext) -> None:
        other = encode_disclosure("s" * 38, "recipe", {"temperature": "812.6"})
        super().__init__(true.origin, true.record_id, true.group, digest_of(other), true.owner)

    def content_data(self) -> bytes:
        return CONTEXT.content_data()


@pytest.mark.item("5.6.rewrap")
def test_a_later_recipient_opens_the_same_content() -> None:
    more = add_recipients(ENVELOPE, CONTEXT, OWN, kids=[READERS.kid, OTHERS.kid, OTHERS.kid])
    assert more.kids == (OWN.kid, READERS.kid, OTHERS.kid)
    assert more.ciphertext == ENVELOPE.ciphertext
    assert more.recipients[:2] == ENVELOPE.recipients
    assert open_envelope(more, CONTEXT, OTHERS) == DISCLOSURE


@pytest.mark.item("5.6.rewrap")
def test_who_cannot_open_it_adds_nobody() -> None:
    with pytest.raises(WrongRecipient):
        add_recipients(an_envelope(OWN), CONTEXT, READERS, kids=[OTHERS.kid])


@pytest.mark.parametrize("count", [0, 257])
def test_the_number_of_recipients_is_bounded(count: int) -> None:
    keys = [OpenerKey.of(READER.did, a_seed(f"{number}")) for number in range(count)]
    with pytest.raises(MalformedEnvelope, match="recipients"):
        seal_group(
            DISCLOSURE, CONTEXT, kids=[k.kid for k in keys], random_bytes=RandomStream("seal")
        )


def test_a_long_disclosure_is_not_sealed() -> None:
    value = "x" * (limits.SEALED_DISCLOSURE_BYTES_MAX * 3 // 4)
    long = encode_disclosure("s" * 38, "recipe", value)
    context = replace(CONTEXT, digest=digest_of(long))
    with pytest.raises(MalformedEnvelope, match="to seal"):
        seal_group(long, context, kids=[OWN.kid], random_bytes=RandomStream("seal"))


def written(change: Callable[[dict[str, Any]], object]) -> str:
    members = json.loads(decode_base64url(encode_envelope(ENVELOPE)[1:]))
    change(members)
    return "!" + encode_base64url(json.dumps(members).encode())


BAD: dict[str, Callable[[dict[str, Any]], object]] = {
    "another format": lambda m: m.update(format="lotmark.sealed/v2"),
    "one member more": lambda m: m.update(note=""),
    "one member less": lambda m: m.pop("digest"),
    "no name of a group": lambda m: m.update(group="Recipe!"),
    "no digest": lambda m: m.update(digest="x"),
    "no base64url": lambda m: m.update(ciphertext="="),
    "too little ciphertext": lambda m: m.update(ciphertext=encode_base64url(bytes(28))),
    "no recipient": lambda m: m.update(recipients=[]),
    "a recipient twice": lambda m: m["recipients"].append(m["recipients"][0]),
    "recipients as an object": lambda m: m.update(recipients={}),
    "a recipient with more": lambda m: m["recipients"][0].update(note=""),
    "a short encapsulated key": lambda m: m["recipients"][0].update(enc="AA"),
    "a short key": lambda m: m["recipients"][0].update(key="AA"),
    "a kid of a key that signs": lambda m: m["recipients"][0].update(kid=OWNER.signing.kid),
    "a kid without a party": lambda m: m["recipients"][0].update(kid=OWN.kid.partition("#")[2]),
}


def test_an_envelope_is_read_as_it_was_written() -> None:
    assert parse_envelope(written(lambda members: members)) == ENVELOPE


@pytest.mark.parametrize("change", BAD.values(), ids=BAD.keys())
def test_an_envelope_of_another_form_is_refused(change: Callable[[dict[str, Any]], object]) -> None:
    with pytest.raises(MalformedEnvelope):
        parse_envelope(written(change))


@pytest.mark.parametrize("text", ["", "!", "!!", "e30", "!e30", "!bnVsbA", "!" + "A" * 1_600_000])
def test_what_is_no_envelope_is_refused(text: str) -> None:
    with pytest.raises(MalformedEnvelope):
        parse_envelope(text)


def test_every_refusal_has_a_code_of_its_own() -> None:
    codes = {error.code for error in EnvelopeRefused.__subclasses__()}
    assert codes == {
        "malformed-envelope",
        "wrong-recipient",
        "wrong-context",
        "sealed-other-content",
    }


def test_a_key_does_not_show_itself() -> None:
    assert "seed" not in repr(OWN)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (None, Kept([], [])),
        ("", Kept([], [])),
        ("a~b~", Kept(["a", "b"], [])),
        ("a~!e~!f~", Kept(["a"], ["!e", "!f"])),
        ("!e~", Kept([], ["!e"])),
        # What stands behind an envelope, or is not ended, is refused as a disclosure.
        ("!e~a~", Kept(["a"], ["!e"])),
        ("a~b", Kept(["a", "b"], [])),
    ],
)
def test_a_kept_text_is_taken_apart(text: str | None, kept: Kept) -> None:
    assert split_kept(text) == kept


def test_a_kept_text_is_put_together_as_it_was() -> None:
    assert join_kept(split_kept("a~b~!e~")) == "a~b~!e~"
