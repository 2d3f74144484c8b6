"""Sealed groups: a disclosure that only the holders of certain keys can read (docs/spec/sealed.md).

The disclosure is encrypted once under a content key (AES-256-GCM), and the content key is
sealed to each recipient (:mod:`keys.hpke`). Both are bound to log, record, group, digest and
owner, the sealed keys to their recipient as well, so that no part of an envelope is of any use
in another. Pure but for the randomness that comes in; whose keys these are is not judged here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keys.encoding import decode_base64url, encode_base64url
from keys.errors import KeysError, NotSealedToKey
from keys.hpke import ENCAPSULATED_BYTES, TAG_BYTES, Sealed, open_sealed, seal_to
from keys.identifiers import parse_sealing_kid
from keys.multikey import encode_sealing_multikey, parse_sealing_multikey
from keys.x25519 import sealing_key_of
from ledger import limits
from ledger.disclosure import digest_of, is_group_name
from ledger.errors import MalformedJson
from ledger.kept import ENVELOPE_MARK
from ledger.record import is_digest
from ledger.sealed_errors import (
    MalformedEnvelope,
    SealedOtherContent,
    WrongContext,
    WrongRecipient,
)
from ledger.strict_json import JsonObject, encode_json, parse_json

FORMAT: Final = "lotmark.sealed/v1"
CONTENT_KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
_MEMBERS: Final = ["ciphertext", "digest", "format", "group", "recipients"]
_CIPHERTEXT_BYTES_MIN: Final = NONCE_BYTES + TAG_BYTES + 1

RandomBytes = Callable[[int], bytes]


class Stanza(NamedTuple):
    """The content key for one recipient: its kid, and what HPKE made."""

    kid: str
    sealed: Sealed


@dataclass(frozen=True, slots=True)
class Envelope:
    """One sealed group. ``ciphertext`` is nonce (12 bytes), ciphertext and tag (16)."""

    group: str
    digest: str
    ciphertext: bytes
    recipients: tuple[Stanza, ...]

    @property
    def kids(self) -> tuple[str, ...]:
        """To whom it is sealed, in their order."""
        return tuple(stanza.kid for stanza in self.recipients)

    @property
    def parties(self) -> frozenset[str]:
        """The parties of these keys."""
        return frozenset(kid.partition("#")[0] for kid in self.kids)


@dataclass(frozen=True, slots=True)
class SealingContext:
    """What an envelope is bound to: the record's own facts, never those of the envelope."""

    origin: str
    record_id: str
    group: str
    digest: str
    owner: str

    def content_data(self) -> bytes:
        """The associated data of the content."""
        lines = (FORMAT, self.origin, self.record_id, self.group, self.digest, self.owner)
        return "".join(f"{line}\n" for line in lines).encode()

    def key_info(self, kid: str) -> bytes:
        """The ``info`` under which the content key is sealed to a recipient."""
        return self.content_data() + f"{kid}\n".encode()


@dataclass(frozen=True, slots=True)
class OpenerKey:
    """A recipient's key: its kid, and the private key (32 bytes)."""

    kid: str
    seed: bytes

    @classmethod
    def of(cls, did: str, seed: bytes) -> OpenerKey:
        """The key of a party."""
        return cls(f"{did}#{encode_sealing_multikey(sealing_key_of(seed))}", seed)

    def __repr__(self) -> str:
        """Show the public key only."""
        return f"OpenerKey({self.kid})"


def seal_group(
    disclosure: str,
    context: SealingContext,
    *,
    kids: Sequence[str],
    random_bytes: RandomBytes,
) -> Envelope:
    """Seal a disclosure to the keys of these kids.

    Args:
        disclosure: the text whose digest the record has.
        context: the record and the group.
        kids: keys that the caller has verified; the owner's own are among them.
        random_bytes: draws content key and nonce.

    Raises:
        MalformedEnvelope: too long, no recipient, too many, or one twice.
        SealedOtherContent: another disclosure than that of the context.
        KeysError: a kid of no sealing key.
    """
    _expect_digest(disclosure, context)
    if len(disclosure) > limits.SEALED_DISCLOSURE_BYTES_MAX:
        raise MalformedEnvelope(
            f"{context.group}: expected at most {limits.SEALED_DISCLOSURE_BYTES_MAX} characters "
            f"to seal, found {len(disclosure)}"
        )
    content_key, nonce = random_bytes(CONTENT_KEY_BYTES), random_bytes(NONCE_BYTES)
    data = context.content_data()
    ciphertext = nonce + AESGCM(content_key).encrypt(nonce, disclosure.encode("ascii"), data)
    stanzas = tuple(_stanza(content_key, kid, context) for kid in kids)
    return _checked(Envelope(context.group, context.digest, ciphertext, stanzas))


def open_envelope(envelope: Envelope, context: SealingContext, key: OpenerKey) -> str:
    """The disclosure in an envelope; its digest is that of the context.

    Raises:
        WrongContext: the envelope is another record's or group's, or was changed.
        WrongRecipient: it is not sealed to this key.
        SealedOtherContent: whoever sealed it put in something else.
    """
    content_key = _content_key(envelope, context, key)
    nonce, sealed = envelope.ciphertext[:NONCE_BYTES], envelope.ciphertext[NONCE_BYTES:]
    try:
        data = AESGCM(content_key).decrypt(nonce, sealed, context.content_data())
    except InvalidTag as fault:
        raise WrongContext(
            f"{context.group}: expected content sealed for this record, found another"
        ) from fault
    disclosure = data.decode("ascii", errors="replace")
    _expect_digest(disclosure, context)
    return disclosure


def add_recipients(
    envelope: Envelope, context: SealingContext, key: OpenerKey, *, kids: Sequence[str]
) -> Envelope:
    """The envelope with its content key sealed to more keys; those that have it are left out.

    What is inside is opened first, so that nobody is sent what is not the record's.

    Raises:
        WrongContext, WrongRecipient, SealedOtherContent: as :func:`open_envelope`.
        MalformedEnvelope: too many recipients.
        KeysError: a kid of no sealing key.
    """
    open_envelope(envelope, context, key)
    content_key = _content_key(envelope, context, key)
    new = [kid for kid in dict.fromkeys(kids) if kid not in envelope.kids]
    stanzas = tuple(_stanza(content_key, kid, context) for kid in new)
    return _checked(replace(envelope, recipients=(*envelope.recipients, *stanzas)))


def encode_envelope(envelope: Envelope) -> str:
    """The text of an envelope, ``!`` included; the inverse of :func:`parse_envelope`."""
    members: JsonObject = {
        "format": FORMAT,
        "group": envelope.group,
        "digest": envelope.digest,
        "ciphertext": encode_base64url(envelope.ciphertext),
        "recipients": [
            {
                "kid": stanza.kid,
                "enc": encode_base64url(stanza.sealed.encapsulated),
                "key": encode_base64url(stanza.sealed.ciphertext),
            }
            for stanza in envelope.recipients
        ],
    }
    return ENVELOPE_MARK + encode_base64url(encode_json(members))


def parse_envelope(text: str) -> Envelope:
    """Read an envelope strictly; nothing in it is opened.

    Raises:
        MalformedEnvelope: another form, out of bounds, or a recipient twice.
    """
    if len(text) > limits.ENVELOPE_BYTES_MAX:
        raise MalformedEnvelope(
            f"expected at most {limits.ENVELOPE_BYTES_MAX} characters, found {len(text)}"
        )
    if not text.startswith(ENVELOPE_MARK):
        raise MalformedEnvelope("expected '!' and base64url, found another text")
    try:
        members = parse_json(decode_base64url(text[1:]), bytes_max=limits.ENVELOPE_BYTES_MAX)
        if not isinstance(members, dict) or sorted(members) != _MEMBERS:
            raise MalformedEnvelope(f"expected exactly the members {', '.join(_MEMBERS)}")
        return _read_envelope(members)
    except (KeysError, MalformedJson) as fault:
        raise MalformedEnvelope(f"envelope: {fault}") from fault


def _read_envelope(members: dict[str, Any]) -> Envelope:
    match members:
        case {
            "format": "lotmark.sealed/v1",
            "group": group,
            "digest": digest,
            "ciphertext": str(ciphertext),
            "recipients": [*recipients],
        } if is_group_name(group) and is_digest(digest):
            sealed = decode_base64url(ciphertext)
            if len(sealed) < _CIPHERTEXT_BYTES_MIN:
                raise MalformedEnvelope(
                    f"{group}: expected at least {_CIPHERTEXT_BYTES_MIN} bytes of ciphertext, "
                    f"found {len(sealed)}"
                )
            stanzas = tuple(_read_stanza(item) for item in recipients)
            return _checked(Envelope(group, str(digest), sealed, stanzas))
    raise MalformedEnvelope(
        f"expected format {FORMAT!r}, the name of a group, a digest, ciphertext and recipients"
    )


def _read_stanza(item: object) -> Stanza:
    match item:
        case {"kid": str(kid), "enc": str(enc), "key": str(key), **others} if not others:
            parse_sealing_kid(kid)
            sealed = Sealed(decode_base64url(enc), decode_base64url(key))
            lengths = (len(sealed.encapsulated), len(sealed.ciphertext))
            if lengths == (ENCAPSULATED_BYTES, CONTENT_KEY_BYTES + TAG_BYTES):
                return Stanza(kid, sealed)
    raise MalformedEnvelope(
        f"expected a recipient {{kid, enc of {ENCAPSULATED_BYTES} bytes, key of "
        f"{CONTENT_KEY_BYTES + TAG_BYTES}}}, found another"
    )


def _checked(envelope: Envelope) -> Envelope:
    count = len(envelope.recipients)
    if not 1 <= count <= limits.ENVELOPE_RECIPIENTS_MAX:
        raise MalformedEnvelope(
            f"{envelope.group}: expected 1 to {limits.ENVELOPE_RECIPIENTS_MAX} recipients, "
            f"found {count}"
        )
    if len(set(envelope.kids)) != count:
        raise MalformedEnvelope(f"{envelope.group}: expected each recipient once, found one twice")
    return envelope


def _stanza(content_key: bytes, kid: str, context: SealingContext) -> Stanza:
    multikey = parse_sealing_kid(kid).multikey
    info = context.key_info(kid)
    return Stanza(kid, seal_to(parse_sealing_multikey(multikey), content_key, info=info))


def _content_key(envelope: Envelope, context: SealingContext, key: OpenerKey) -> bytes:
    if (envelope.group, envelope.digest) != (context.group, context.digest):
        raise WrongContext(
            f"expected the envelope of {context.group} with digest {context.digest}, found one "
            f"of {envelope.group} with {envelope.digest}"
        )
    stanza = next((item for item in envelope.recipients if item.kid == key.kid), None)
    if stanza is None:
        raise WrongRecipient(
            f"{context.group}: expected an envelope sealed to {key.kid}, found one to "
            f"{', '.join(envelope.kids)[:400]}"
        )
    if OpenerKey.of(key.kid.partition("#")[0], key.seed).kid != key.kid:
        raise WrongRecipient(f"expected the private key of {key.kid}, found another")
    try:
        return open_sealed(key.seed, stanza.sealed, info=context.key_info(key.kid))
    except NotSealedToKey as fault:
        raise WrongContext(
            f"{context.group}: expected a content key sealed to {key.kid} for this record, "
            "found one for another record, log or owner, or a changed one"
        ) from fault


def _expect_digest(disclosure: str, context: SealingContext) -> None:
    found = digest_of(disclosure) if disclosure.isascii() else "no ASCII"
    if found != context.digest:
        raise SealedOtherContent(
            f"{context.group}: expected the disclosure of digest {context.digest}, found {found}"
        )
