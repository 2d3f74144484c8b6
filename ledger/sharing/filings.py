"""What acts ask of earlier records: whose they are, whom they name, when they were admitted.

A look-up by record id, served from the log itself at admission and from the source of an audit.
An act is judged by it and never applied by it, so the fold of a start needs none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from keys.encoding import decode_base64url, encode_base64url
from keys.errors import MalformedEncoding
from ledger import limits
from ledger.disclosure import open_disclosures
from ledger.entry import parse_head, split_entry
from ledger.errors import LedgerError
from ledger.kept import split_kept
from ledger.record import GOVERNANCE_VCTS, Claims, parse_jws, record_id
from ledger.sharing.filed import Filed

KEY_VCT: Final = "key/v1"
#: The one group of a governance record, and how it is shared: with its own party alone.
HOLDER_TIERS: Final = (("holder", "restricted"),)
# ``["`` and a salt of 38 characters stand before the name; 72 characters are 54 bytes.
_PEEKED: Final = 72
_NAME_AT: Final = 40
_NAMED: Final = (b'","manifest"', b'","address"')


class Filings(Protocol):
    """What earlier records say of their own sharing."""

    def filed(self, record_ids: Sequence[str]) -> Mapping[str, Filed | None]:
        """The facts of those of the records that there are.

        None for one whose content is not held. A governance record without groups, and an id
        that no record has, are absent.
        """


class NoFilings:
    """The filings of a log that holds no record yet."""

    def filed(self, record_ids: Sequence[str]) -> Mapping[str, Filed | None]:
        """None of them."""
        del record_ids
        return {}


NO_FILINGS: Final = NoFilings()


@dataclass(frozen=True, slots=True)
class Position:
    """Where a record stands."""

    index: int
    admitted_ms: int


def filed_of_record(jws: str, disclosures: str, *, origin: str, position: Position) -> Filed | None:
    """The facts of a record that was admitted; None where they are not held, or it has none.

    Args:
        jws: the issuer-signed JWS.
        disclosures: what is held of it, ``D~...~``.
        origin: the log's.
        position: where it stands.
    """
    claims = parse_jws(jws, origin=origin).claims
    if claims.body is not None:
        return _key_filed(claims, jws, position) if claims.vct == KEY_VCT else None
    groups = _closed_groups(claims, split_kept(disclosures).disclosures)
    if not groups.keys() >= {"manifest", "address"}:
        return None
    manifest, address = groups["manifest"], groups["address"]
    return Filed(
        record_id=encode_base64url(record_id(jws)),
        index=position.index,
        admitted_ms=position.admitted_ms,
        vct=claims.vct,
        issuer=claims.iss,
        owner=manifest["owner"],
        subject=manifest["subject"],
        tiers=tuple(manifest["groups"].items()),
        to=tuple(address["to"]),
        case=address["case"],
        family=address["family"],
        policy=claims.policy,
    )


def filed_of_entry(text: bytes, disclosures: str | None, *, origin: str) -> Filed | None:
    """The same of an entry's bytes.

    Raises:
        LedgerError: it is no entry of this log.
    """
    head_text, jws = split_entry(text)
    head = parse_head(head_text)
    position = Position(head.index, head.admitted_ms)
    return filed_of_record(jws, disclosures or "", origin=origin, position=position)


def has_filing(vct: str) -> bool:
    """Whether records of a type have groups that can be asked about."""
    return vct == KEY_VCT or vct not in GOVERNANCE_VCTS


def _key_filed(claims: Claims, jws: str, position: Position) -> Filed:
    return Filed(
        record_id=encode_base64url(record_id(jws)),
        index=position.index,
        admitted_ms=position.admitted_ms,
        vct=claims.vct,
        issuer=claims.iss,
        owner=claims.iss,
        subject=None,
        tiers=HOLDER_TIERS,
        to=(),
        case=None,
        family=None,
        policy=claims.policy,
    )


def _closed_groups(claims: Claims, disclosures: Sequence[str]) -> dict[str, Any]:
    """Manifest and address, looked for first where they seem to be.

    This is done under the head lock, and measurements may be a megabyte: they are not opened
    for it unless a signer wrote its JSON in another way than we do.
    """
    found: dict[str, Any] = {}
    small = [text for text in disclosures if len(text) <= limits.CLOSED_GROUP_BYTES_MAX]
    for text in sorted(small, key=lambda text: (not _seems_closed(text), len(text))):
        try:
            (opened,) = open_disclosures(claims, [text])
        except LedgerError:
            continue
        if opened.group in ("manifest", "address"):
            found[opened.group] = opened.value
        if len(found) == 2:
            break
    return found


def _seems_closed(text: str) -> bool:
    try:
        return decode_base64url(text[:_PEEKED])[_NAME_AT:].startswith(_NAMED)
    except MalformedEncoding:
        return False
