"""Whose key is it: keys to seal to, each verified from the trust anchor before it is used.

The service names a party's keys, and its word is not enough: whoever runs it could name a key
of their own, and read what is sealed. So the entry that registered a key is fetched as a view
and verified, key path and all (docs/spec/sealed.md, section 2). That a key was not revoked
since is the log's word until it is audited.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from api.client import Page
from api.client_errors import NoSealingKey, SealingKeySubstituted
from api.search_query import encode_cursor
from keys.errors import KeysError
from ledger.anchor import Anchor
from ledger.errors import LedgerError
from ledger.party import SEAL_USE
from ledger.verify import VerifiedRecord, verify_view
from ledger.view import parse_view


class KeySource(Protocol):
    """What is asked for keys: a service, by :class:`api.client.LogClient`."""

    def parties(self) -> Mapping[str, Any]:
        """The members and their keys, as the service says."""

    def search(self, **conditions: str | int) -> Page:
        """A page of records."""

    def view(self, record_id: str) -> bytes:
        """A record as a view."""


@dataclass(slots=True)
class SealingKeys:
    """The keys of parties to seal to, by what a log says; each party is asked about once."""

    source: KeySource
    anchor: Anchor
    _known: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def kids_of(self, did: str) -> tuple[str, ...]:
        """The kids of a party's keys in force, each verified from the trust anchor.

        Raises:
            NoSealingKey: it has none.
            SealingKeySubstituted: the log says another thing than the service.
            ClientError: the service did not answer.
        """
        if did not in self._known:
            named = list(_named_keys(self.source.parties(), did))
            if not named:
                raise NoSealingKey(
                    f"expected a key of {did} to seal to, found none in force: the party "
                    "registers one with 'lotmark seal key'"
                )
            self._known[did] = tuple(self._verified(did, *key) for key in named)
        return self._known[did]

    def kids_of_all(self, parties: Iterable[str]) -> tuple[str, ...]:
        """The keys of several parties, each once, in their order."""
        kids = (kid for did in parties for kid in self.kids_of(did))
        return tuple(dict.fromkeys(kids))

    def _verified(self, did: str, kid: str, index: int) -> str:
        record = self._registration(did, kid, index)
        body = record.body or {}
        found = (record.type, record.issuer, body.get("party"), body.get("uses"))
        said = f"{body.get('party')}#{body.get('multikey')}"
        if found != ("key/v1", did, did, [SEAL_USE]) or record.index != index or said != kid:
            raise SealingKeySubstituted(
                f"expected entry {index} to register {kid} for {did}, found {record.type} of "
                f"{record.issuer} that says {said} for {body.get('uses')}: seal nothing, do not "
                "trust this service, and tell the other members"
            )
        return kid

    def _registration(self, did: str, kid: str, index: int) -> VerifiedRecord:
        """The entry that registered a key, verified; any failure is the service's."""
        page = self.source.search(cursor=encode_cursor(index + 1), limit=1)
        record_id = str(page.records[0].get("record_id")) if page.records else ""
        # A key that was registered just now is sealed to before a witness has seen it.
        anchor = replace(self.anchor, policy=replace(self.anchor.policy, quorum=None))
        try:
            verified = verify_view(parse_view(self.source.view(record_id)), anchor)
        except (LedgerError, KeysError) as fault:
            raise SealingKeySubstituted(
                f"expected a view of entry {index}, which registers {kid} for {did}, found one "
                f"that does not verify ({fault.code}: {fault}): seal nothing"
            ) from fault
        if len(verified.records) != 1:
            raise SealingKeySubstituted(f"expected a view of entry {index}, found several records")
        return verified.records[0]


def _named_keys(answer: Mapping[str, Any], did: str) -> Iterable[tuple[str, int]]:
    parties = answer.get("parties")
    for party in parties if isinstance(parties, list) else ():
        if not isinstance(party, dict) or party.get("did") != did:
            continue
        for key in party.get("keys", ()):
            match key:
                case {
                    "kid": str(kid),
                    "uses": ["seal"],
                    "in_force": True,
                    "superseded_s": None,
                    "registered_at": int(index),
                }:
                    yield kid, index
