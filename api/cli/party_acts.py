"""Acts of one party towards another (``act/v1``): read what they answer, compose, send."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.cli.acts import now_s, send
from api.cli.content_words import read_labels, tell_flags, tell_groups
from api.cli.options import Session
from api.cli.record_argument import entry_number, record_id_of
from api.client import LogClient
from api.known_types import find_type
from api.party_folder import PartySigner
from api.proposal_check import read_record
from api.setup_errors import ProposalUnexpected
from ledger.compose import Filing
from ledger.relations import ACT_VCT
from ledger.submission import Admitted
from ledger.verify import VerifiedRecord


@dataclass(frozen=True, slots=True)
class Acting:
    """A party that acts: its session, its signing key, a client that signs with it."""

    session: Session
    signer: PartySigner
    client: LogClient

    @property
    def did(self) -> str:
        """The party."""
        return str(self.signer.did)

    def find(self, named: str) -> VerifiedRecord:
        """The record of this id or entry number, verified from the trust anchor.

        Raises:
            ProposalUnexpected: the service shows another one.
            ClientError, LedgerError, KeysError: it cannot be had, or does not verify.
        """
        index, record_id = entry_number(named), record_id_of(named, self.client)
        record = read_record(self.client.view(record_id), self.session.anchor, record_id)
        if index not in {None, record.index}:
            raise ProposalUnexpected(f"expected entry {index}, found entry {record.index}")
        return record

    def tell(self, record: VerifiedRecord, language: str) -> Iterator[str]:
        """The content of a record in words, with what it says that is true but bad."""
        kind = find_type(record.type, client=self.client, anchor=self.session.anchor)
        groups = groups_of(record)
        content = {name: value for name, value in groups.items() if name in kind.groups}
        yield from tell_groups(content, read_labels(kind.text, language))
        yield from tell_flags(record.type, groups, language=language)

    def act(
        self,
        state: Mapping[str, Any],
        *,
        to: str | None,
        terms: Mapping[str, str] | None = None,
        number: str | None = None,
        also: Sequence[str] = (),
    ) -> Admitted:
        """Sign an act addressed to the other side, where there is one, and send it.

        Args:
            state: what is done.
            to: the other side, which it is about; None where there is none.
            terms: words beside it.
            number: that it is filed under.
            also: further addressees.

        Raises:
            ClientError: it was refused, or no answer came.
            LedgerError: the receipt does not verify.
        """
        kind = find_type(ACT_VCT, client=self.client, anchor=self.session.anchor)
        groups: dict[str, Any] = {"state": dict(state), **({"terms": dict(terms)} if terms else {})}
        named = (to, *also) if to else also
        filing = Filing(subject=to, to=tuple(dict.fromkeys(named)), number=number)
        composer = self.session.filing_composer(self.signer, self.client)
        sd_jwt = composer.compose_record(kind, groups, filing=filing, iat=now_s())
        return send(self.session, sd_jwt)


def open_acting(session: Session) -> Acting:
    """The party with its signing key; asks for its passphrase."""
    signer = session.open_key(session.folder.signing_key)
    return Acting(session, signer, session.client(signer))


def groups_of(record: VerifiedRecord) -> dict[str, Any]:
    """The groups of a record that were shown, by name."""
    return {item.group: item.value for item in record.groups}


def state_of(record: VerifiedRecord) -> Mapping[str, Any]:
    """The group ``state`` of a record; empty where it was not shown."""
    state = groups_of(record).get("state")
    return state if isinstance(state, dict) else {}
