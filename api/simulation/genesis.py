"""Founding a simulated log: its charter, its members with their keys, its record types.

OEMs, laboratories and certifiers found it; every supplier is admitted by one OEM, as the charter
allows, on its own consent. All of it happens in the first instant of the simulation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from api.data_folder import DataFolder
from api.founding import FoundingKeys, FoundingPlan, found_log
from api.governing import (
    DEFINING_USES,
    SIGNING_USES,
    KeyTerms,
    compose_endorsement,
    compose_key,
    compose_named,
    compose_proposal,
    compose_type,
)
from api.settings import Settings
from api.setup_errors import FoundingRefused
from api.simulation.simulated_keys import ADMIN, PASSPHRASE, SIGNING, DrawnBytes, SimulatedKeys
from api.wiring import Service, open_service
from keys.key_file import Cost
from ledger.charter import founder_body
from ledger.clock import ManualClock
from ledger.compose import Composer
from ledger.faults import Refusal
from ledger.rules import Quorum
from quality.builtin_parameters import builtin_parameters
from quality.builtin_policies import builtin_policies
from quality.evaluation.cast import SimulatedParty
from quality.evaluation.consortium import EvaluationConsortium
from quality.types import business_types

#: One OEM decides on admissions: the votes of a real consortium would be entries of no interest.
_QUORUM: Final = {"admit": Quorum(frozenset({"oem"}), 1)}


def found_simulated_log(folder: DataFolder, consortium: EvaluationConsortium) -> int:
    """Found the log of a consortium and admit everybody.

    Returns:
        The size of the log before its first business record.

    Raises:
        SetupError, LedgerError, KeysError: why it could not be made.
    """
    keys = SimulatedKeys(consortium.seed, consortium.origin)
    clock = ManualClock(consortium.begin_ms)
    founders = consortium.others
    plan = FoundingPlan(
        consortium.origin,
        tuple(keys.statement(party) for party in founders),
        founders[0].slug,
        has_open_bundles=True,
        quorum=_QUORUM,
    )
    admin = keys.signer(founders[0].slug, ADMIN).signer
    founding = FoundingKeys(admin, PASSPHRASE, cost=Cost.INTERACTIVE)
    founded = found_log(folder, plan, keys=founding, clock=clock)
    service = open_simulated(folder, clock, processes=0)
    try:
        genesis = _Genesis(consortium, keys, founded.charter, service)
        genesis.complete()
        return service.ledger.size
    finally:
        service.close()


def open_simulated(folder: DataFolder, clock: ManualClock, *, processes: int) -> Service:
    """Open a simulated log for writing at simulated times."""
    # Whatever the environment says is about a log of somebody's own.
    settings = Settings(
        data=folder.root,
        database_url=folder.server_url,
        blobs=None,
        base_url="",
        check_processes=processes,
        require_witnesses=False,
    )
    return open_service(
        settings, passphrase=lambda: PASSPHRASE, clock=clock, environment=MappingProxyType({})
    )


@dataclass(frozen=True, slots=True)
class _Genesis:
    """Everybody signs what makes them members."""

    consortium: EvaluationConsortium
    keys: SimulatedKeys
    charter: str
    service: Service

    def complete(self) -> None:
        """Founders agree and bring their keys, types are defined, suppliers join."""
        founders = self.consortium.others
        for party in founders[1:]:
            self._admit(compose_endorsement(self._admin(party, "charter"), iat=self._iat))
        for party in founders:
            self._admit(self._key(party))
        for sd_jwt in self._definitions(founders[0]):
            self._admit(sd_jwt)
        for party in self.consortium.parties[len(founders) :]:
            self._join(party, proposer=founders[0])

    def _definitions(self, founder: SimulatedParty) -> Iterator[str]:
        drawn = DrawnBytes(self.keys.seed)
        composer = self.keys.composer(founder.slug, SIGNING, policy=self.charter, drawn=drawn)
        for at, definition in enumerate(business_types()):
            drawn.begin(f"type {at}")
            yield from compose_type(composer, definition, iat=self._iat)
        for document in builtin_parameters():
            drawn.begin(document.name)
            yield from compose_named(
                composer, "parameters", name=document.name, text=document.text, iat=self._iat
            )
        for policy in builtin_policies():
            drawn.begin(f"policy {policy.name}")
            yield from compose_named(
                composer, "policy", name=policy.name, text=policy.text, iat=self._iat
            )

    def _join(self, party: SimulatedParty, *, proposer: SimulatedParty) -> None:
        """A candidate is proposed, and so approved; it consents, and brings its key."""
        proposal = self._admit(
            compose_proposal(
                self._admin(proposer, f"admit {party.slug}"),
                "admit",
                founder_body(self.keys.statement(party)),
                reason=None,
                iat=self._iat,
            )
        )
        consent = compose_endorsement(
            self._admin(party, "consent"), iat=self._iat, of=proposal, meaning="accept"
        )
        self._admit(consent)
        self._admit(self._key(party))

    def _key(self, party: SimulatedParty) -> str:
        uses = (
            (*SIGNING_USES, *DEFINING_USES) if party is self.consortium.others[0] else SIGNING_USES
        )
        return compose_key(
            self._admin(party, "key"),
            self.keys.signer(party.slug, SIGNING).signer,
            terms=KeyTerms(uses),
            iat=self._iat,
        )

    def _admin(self, party: SimulatedParty, about: str) -> Composer:
        drawn = DrawnBytes(self.keys.seed).begin(f"{party.slug} {about}")
        return self.keys.composer(party.slug, ADMIN, policy=self.charter, drawn=drawn)

    def _admit(self, sd_jwt: str) -> str:
        outcome = self.service.ledger.submit_text(sd_jwt)
        if isinstance(outcome, Refusal):
            raise FoundingRefused(f"{outcome.code}: {outcome.detail}")
        return outcome.record_id

    @property
    def _iat(self) -> int:
        return self.consortium.begin_ms // 1000
