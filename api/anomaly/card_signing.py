"""Drafted cards signed by the service's own key, where the operator registered it for them.

A card says what was trained on what; it puts nothing in force. That takes two people of the
line's owner, neither of whom holds this key. A card that is not signed here is handed back.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from api.anomaly.places import CARD_VCT
from api.party_folder import PartySigner
from ledger import limits
from ledger.clock import Clock
from ledger.compose import Composer, Filing
from ledger.content import check_submission
from ledger.errors import LedgerError
from ledger.faults import Refusal
from ledger.service import Ledger

_JTI_BYTES: Final = 16
#: A training that was done twice signs once.
_IS_THERE: Final = "jti-used"


@dataclass(frozen=True, slots=True)
class CardSigner:
    """Signs cards on one log by the service's key; without a ``signer`` none."""

    ledger: Ledger
    clock: Clock
    signer: PartySigner | None

    def why_none(self) -> str | None:
        """Why no card is signed here; None where they are."""
        signer, fold = self.signer, self.ledger.fold
        if signer is None:
            return "no-service-key"
        operator = next((p for p in fold.parties.values() if p.slug == fold.rules.operator), None)
        if operator is None or operator.did != signer.did:
            return "not-of-the-operator"
        if not fold.may_sign(signer.kid, CARD_VCT):
            return "key-not-registered"
        return None if CARD_VCT in fold.types else "type-not-defined"

    def sign(self, groups: Mapping[str, Any], *, owner: str, job: str) -> dict[str, str]:
        """File the card of a training.

        Args:
            groups: the card's.
            owner: of the line: the card is about what is theirs.
            job: the training's id; each files one card.

        Returns:
            ``signed``, the record's id; else ``unsigned``, why the card is handed back.
        """
        why = self.why_none()
        if why is not None:
            return {"unsigned": why}
        checked = check_submission(self._compose(groups, owner, job), self.ledger.checker)
        if isinstance(checked, Refusal):
            return {"unsigned": checked.code}
        try:
            answers = self.ledger.submit([checked]).result(limits.OUTCOME_SECONDS_MAX)
        except (LedgerError, TimeoutError) as fault:
            return {"unsigned": getattr(fault, "code", "not-answered")}
        (outcome,) = answers
        if isinstance(outcome, Refusal):
            return {"unsigned": outcome.code} if outcome.code != _IS_THERE else {}
        return {"signed": outcome.record_id}

    def _compose(self, groups: Mapping[str, Any], owner: str, job: str) -> str:
        assert self.signer is not None, "nothing is signed without"
        fold = self.ledger.fold
        text = f"lotmark model-card\n{fold.origin}\n{owner}\n{job}\n"
        first = hashlib.sha256(text.encode()).digest()[:_JTI_BYTES]
        draws = iter((first,))
        composer = Composer(
            fold.origin,
            fold.charter_id,
            self.signer,
            lambda count: next(draws, None) or secrets.token_bytes(count),
        )
        return composer.compose_record(
            fold.types[CARD_VCT],
            dict(groups),
            filing=Filing(subject=owner),
            iat=self.clock.now_ms() // 1000,
        )
