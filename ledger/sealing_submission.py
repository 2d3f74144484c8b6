"""Sealing groups of a signed record before it leaves its owner (docs/spec/sealed.md, section 2).

The record is composed and signed as any other; here the disclosures of sealed groups are put
into envelopes, so that the text to submit holds none of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ledger.content import split_submission
from ledger.disclosure import Disclosure, digest_of, open_disclosures
from ledger.kept import Kept, join_kept
from ledger.record import Claims, encode_record_id, parse_jws, record_id
from ledger.record_type import SEALED
from ledger.sealed import RandomBytes, SealingContext, encode_envelope, seal_group


class ToSeal(NamedTuple):
    """What is to be sealed of a record as composed: its groups at tier ``sealed``; whose it is."""

    owner: str | None
    groups: tuple[str, ...]


def what_to_seal(sd_jwt: str, *, origin: str) -> ToSeal:
    """The groups of a record as composed whose tier is ``sealed``, in their order.

    Raises:
        LedgerError: it is no record of this log, or a disclosure is not its own.
    """
    _, opened, _ = _read(sd_jwt, origin)
    manifest = next((item.value for item in opened if item.group == "manifest"), None)
    if manifest is None:
        return ToSeal(None, ())
    tiers = manifest["groups"]
    groups = tuple(item.group for item in opened if tiers.get(item.group) == SEALED)
    return ToSeal(manifest["owner"], groups)


def seal_submission(
    sd_jwt: str,
    kids: Mapping[str, Sequence[str]],
    *,
    origin: str,
    random_bytes: RandomBytes,
) -> str:
    """``JWS~D~...~!E~``: the record with the named groups in envelopes to the keys of these kids.

    Raises:
        LedgerError, KeysError: it is no record of this log, or a group cannot be sealed.
    """
    _, opened, kept = _read(sd_jwt, origin)
    jws = sd_jwt.partition("~")[0]
    owner = next(item.value["owner"] for item in opened if item.group == "manifest")
    envelopes, clear = [*kept.envelopes], []
    for disclosure, text in zip(opened, kept.disclosures, strict=True):
        if disclosure.group not in kids:
            clear.append(text)
            continue
        context = SealingContext(
            origin, encode_record_id(record_id(jws)), disclosure.group, digest_of(text), owner
        )
        named = kids[disclosure.group]
        envelope = seal_group(text, context, kids=named, random_bytes=random_bytes)
        envelopes.append(encode_envelope(envelope))
    return f"{jws}~{join_kept(Kept(clear, envelopes))}"


def _read(sd_jwt: str, origin: str) -> tuple[Claims, tuple[Disclosure, ...], Kept]:
    jws, kept = split_submission(sd_jwt)
    claims = parse_jws(jws, origin=origin).claims
    return claims, open_disclosures(claims, kept.disclosures), kept
