"""The owner's and the reader's side of sealed groups (docs/spec/sealed.md, sections 2 and 4).

What is sealed, and what is opened, is bound to the record as it was verified from the trust
anchor; of the envelope nothing is believed.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from api.sealing_keys import SealingKeys
from ledger.anchor import Anchor
from ledger.disclosure import Disclosure, open_disclosures
from ledger.record import Claims, parse_jws
from ledger.sealed import (
    Envelope,
    OpenerKey,
    RandomBytes,
    SealingContext,
    add_recipients,
    encode_envelope,
    open_envelope,
    parse_envelope,
)
from ledger.sealed_errors import WrongContext
from ledger.sealing_submission import seal_submission, what_to_seal
from ledger.verify import VerifiedRecord, verify_view
from ledger.view import View, encode_view, parse_view


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals groups of one party's records before they leave it."""

    keys: SealingKeys
    origin: str
    own: str
    random_bytes: RandomBytes = secrets.token_bytes

    def seal(self, sd_jwt: str, readers: Mapping[str, Sequence[str]]) -> str:
        """The record to submit: groups of tier ``sealed`` in envelopes, to owner and readers.

        Args:
            sd_jwt: as composed, with all disclosures.
            readers: by group, the DIDs of those who may open it beside owner and signer.

        Raises:
            ClientError: a party has no key, or the service named one that is not its own.
        """
        owner, groups = what_to_seal(sd_jwt, origin=self.origin)
        if not groups:
            return sd_jwt
        always = (self.own, *(() if owner is None else (owner,)))
        kids = {
            group: self.keys.kids_of_all((*always, *readers.get(group, ()))) for group in groups
        }
        return seal_submission(sd_jwt, kids, origin=self.origin, random_bytes=self.random_bytes)


@dataclass(frozen=True, slots=True)
class SealedRecord:
    """A record as a verified view shows it, whose sealed groups are to be opened or passed on."""

    anchor: Anchor
    view: View
    record: VerifiedRecord
    claims: Claims

    @classmethod
    def read(cls, data: bytes, anchor: Anchor, record_id: str | None = None) -> SealedRecord:
        """Verify a view of one record.

        Raises:
            LedgerError, KeysError: it does not verify, or is of another record.
        """
        view = parse_view(data)
        verified = verify_view(view, anchor)
        named = [item.record_id for item in verified.records]
        if len(named) != 1 or named[0] != (record_id or named[0]):
            raise WrongContext(f"expected a view of {record_id or 'one record'}, found {named}")
        jws = view.entries[view.records[0].entry].jws
        claims = parse_jws(jws, origin=anchor.origin).claims
        return cls(anchor, view, verified.records[0], claims)

    def open(self, group: str, envelope: str, key: OpenerKey) -> OpenedGroup:
        """What is in the envelope of a group, checked against what was signed.

        Raises:
            LedgerError: it is no envelope of this group of this record to this key, or its
                owner sealed something else.
        """
        found = parse_envelope(envelope)
        text = open_envelope(found, self._context(group, found), key)
        (disclosure,) = open_disclosures(self.claims, [text])
        if disclosure.group != group:
            raise WrongContext(f"expected the group {group}, found {disclosure.group}")
        return OpenedGroup(disclosure, self._with(text))

    def add_readers(self, group: str, envelope: str, key: OpenerKey, *, kids: Sequence[str]) -> str:
        """The envelope with more recipients.

        Raises:
            LedgerError: as :meth:`open`, or there are too many.
        """
        found = parse_envelope(envelope)
        more = add_recipients(found, self._context(group, found), key, kids=kids)
        return envelope if more == found else encode_envelope(more)

    def _context(self, group: str, envelope: Envelope) -> SealingContext:
        if envelope.digest not in self.claims.digests:
            raise WrongContext(f"{group}: expected a digest of the record, found {envelope.digest}")
        manifest = next((g.value for g in self.record.groups if g.group == "manifest"), None)
        # Who is not shown the manifest takes the issuer for the owner: else nothing opens.
        owner = self.record.issuer if manifest is None else str(manifest["owner"])
        return SealingContext(
            self.anchor.origin, self.record.record_id, group, envelope.digest, owner
        )

    def _with(self, disclosure: str) -> bytes:
        """The view with one disclosure more: it verifies as before, and shows the group."""
        (record,) = self.view.records
        texts = record.disclosures
        if disclosure not in texts:
            texts = (*texts, disclosure)
        shown = replace(self.view, records=(replace(record, disclosures=texts),))
        return encode_view(shown).encode()


@dataclass(frozen=True, slots=True)
class OpenedGroup:
    """A group that was opened, and the view that shows it."""

    disclosure: Disclosure
    view: bytes
