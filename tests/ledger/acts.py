"""Acting together in tests: proposals, votes, consent, and keys that come and go.

Each function signs one record of a consortium; :class:`Members` plays them one after the
other and keeps what admission may ask of earlier entries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from ledger.admission import Place, admit
from ledger.charter import founder_body
from ledger.commitment import commit_key
from ledger.compose import Composer
from ledger.content import CheckedRecord
from ledger.faults import Refusal
from ledger.fold import PublicFold
from ledger.possession import prove_possession
from tests.ledger.parties import (
    NOW_MS,
    Consortium,
    KnownRecords,
    PartyKeys,
    PartySigner,
    Plan,
    RandomStream,
    record_id_of,
)

HOUR_MS: Final = 3600 * 1000
DAY_MS: Final = 24 * HOUR_MS

FIVE: Final = Plan(
    founders={
        "borealis-motors": ("oem", "operator"),
        "hanfeng-drive": ("supplier",),
        "meridian-cert": ("certifier", "laboratory"),
        "lindqvist-gear": ("supplier",),
        "auditors-ltd": ("auditor",),
    }
)


def admission_of(party: PartyKeys, roles: Sequence[str] = ("supplier",), **more: Any) -> Any:
    """The content of a proposal to admit a party."""
    return founder_body(party.statement(roles)) | more


def recovery_of(party: PartyKeys, key: PartySigner, following: PartySigner) -> dict[str, Any]:
    """The content of a proposal to give a party a new admin key."""
    return {
        "party": party.did,
        "admin_keys": [key.multikey],
        "next_key": commit_key(following.multikey),
    }


class Members:
    """A consortium at work: signs, admits or refuses, and lets time pass."""

    def __init__(self, consortium: Consortium, at_ms: int = NOW_MS) -> None:
        """Go on from a founded consortium."""
        self.consortium = consortium
        self.at_ms = at_ms
        self.known = KnownRecords()
        self.texts: list[str] = []
        self.proposed = ""
        self.log: list[tuple[str, int]] = []

    @property
    def fold(self) -> PublicFold:
        """The fold after everything admitted so far."""
        return self.consortium.fold

    @property
    def size(self) -> int:
        """The index of the next entry."""
        return self.consortium.size

    def wait(self, milliseconds: int) -> None:
        """Let time pass."""
        self.at_ms += milliseconds

    def sign(self, signer: PartySigner, vct: str, body: Mapping[str, Any]) -> str:
        """A governance record, signed now; equal content twice is two records."""
        self.texts.append(vct)
        composer = Composer(
            self.consortium.origin,
            self.fold.charter_id,
            signer,
            RandomStream(f"{signer.kid} {len(self.texts)}"),
        )
        return composer.compose_governance(vct, body, iat=self.at_ms // 1000)

    def try_out(self, text: str) -> PublicFold | Refusal:
        """The fold that the submission would lead to, or its refusal; nothing is admitted."""
        checked = self.consortium.check(text)
        if isinstance(checked, Refusal):
            return checked
        place = Place(self.size, self.at_ms)
        return admit(checked, self.fold, place=place, precedents=self.known)

    def submit(self, text: str) -> str | None:
        """Submit: the code of the refusal, None where it was admitted."""
        outcome = self.try_out(text)
        if isinstance(outcome, Refusal):
            return outcome.code
        checked = self.consortium.check(text)
        assert isinstance(checked, CheckedRecord)
        self.known.add(checked, index=self.size, at_ms=self.at_ms)
        self.log.append((text, self.at_ms))
        self.proposed = record_id_of(text)
        self.consortium = replace(self.consortium, fold=outcome, size=self.size + 1)
        return None

    def admit(self, text: str) -> str:
        """Submit what must be admitted; its record id."""
        assert (code := self.submit(text)) is None, code
        return record_id_of(text)

    # ---- what members sign ----

    def proposal(
        self, by: PartyKeys, act: str, content: Mapping[str, Any], reason: str | None = None
    ) -> str:
        """A proposal by a party's admin key."""
        body = {"act": act, "content": dict(content), "reason": reason}
        return self.sign(by.admin, "proposal/v1", body)

    def propose(self, by: PartyKeys, act: str, content: Mapping[str, Any]) -> str:
        """An admitted proposal's record id."""
        return self.admit(self.proposal(by, act, content))

    def endorsement(self, signer: PartySigner, of: str, meaning: str = "approve") -> str:
        """A vote, a consent or an affirmation."""
        return self.sign(signer, "endorsement/v1", {"of": of, "meaning": meaning, "reason": None})

    def vote(self, of: str, *parties: PartyKeys, meaning: str = "approve") -> None:
        """Votes that must be admitted."""
        for party in parties:
            self.admit(self.endorsement(party.admin, of, meaning))

    def accept(self, of: str, key: PartySigner) -> None:
        """A consent that must be admitted."""
        self.admit(self.endorsement(key, of, "accept"))

    def decide(
        self, by: PartyKeys, act: str, content: Mapping[str, Any], *voters: PartyKeys
    ) -> str:
        """Propose and vote; the proposal's record id."""
        of = self.propose(by, act, content)
        self.vote(of, *voters)
        return of

    def join(self, party: PartyKeys, *members: PartyKeys, roles: Sequence[str]) -> None:
        """Admit a party by the votes of these members, the first of whom proposes."""
        of = self.propose(members[0], "admit", admission_of(party, roles))
        self.accept(of, party.admin)
        self.vote(of, *members[1:])

    def key(self, party: PartyKeys, key: PartySigner, **members: Any) -> str:
        """The registration of a signing key."""
        body = {
            "party": party.did,
            "multikey": key.multikey,
            "uses": ["records", "requests"],
            "holder_kind": "device",
            "replaces": None,
            "possession": self.possession(party, key),
        }
        return self.sign(members.pop("by", party.admin), "key/v1", body | members)

    def possession(self, party: PartyKeys, key: PartySigner) -> str:
        """The proof that the party holds the key."""
        return prove_possession(key.key, origin=self.consortium.origin, did=party.did)

    def admin_key(self, party: PartyKeys, key: PartySigner, by: PartySigner, **members: Any) -> str:
        """A further admin key; ``by`` itself where it is the committed one."""
        body = {
            "party": party.did,
            "multikey": key.multikey,
            "next_key": self.fold.parties[party.did].commitment,
            "retires": [],
            "possession": self.possession(party, key),
        }
        return self.sign(by, "admin-key/v1", body | members)

    def rotation(self, party: PartyKeys, following: PartySigner, **members: Any) -> str:
        """The committed key comes in force, and commits to the one that follows."""
        key = party.next_admin
        body = {"next_key": commit_key(following.multikey)} | members
        return self.admin_key(party, key, key, **body)

    def revocation(self, by: PartySigner, kid: str, **members: Any) -> str:
        """The end of a key, unless ``keeps`` says that it is narrowed."""
        body = {"kid": kid, "keeps": [], "reason": "lost", "contested_from": None} | members
        return self.sign(by, "key-revocation/v1", body)
