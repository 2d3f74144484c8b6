"""A log whose parties come later, change keys, lose them and are recovered.

It goes on from the log of :mod:`tests.ledger.view_story`. Every entry has a name, and a show
names the evidence that a reader gets with a record. What a verifier should say of the signer
stands here as it is meant, not as the code under test finds it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from keys.encoding import encode_base64url
from ledger.compose import Filing
from tests.ledger.parties import (
    NOW_S,
    ORIGIN,
    SAMPLE_GROUPS,
    PartyKeys,
    PartySigner,
    a_party,
    record_id_of,
)
from tests.ledger.view_log import ForgedLog, Show
from tests.ledger.view_story import (
    CHARTER,
    ENDORSEMENT,
    OTHER_REPORT,
    TYPE,
    Story,
    a_story,
    expected_result,
    jws_of,
)

STORY: Final[Story] = a_story()
FIRST, SECOND = STORY.first, STORY.second
KESTREL: Final = a_party("kestrel-forge")
LINDEN: Final = a_party("linden-plating")
OAK: Final = a_party("oak-tooling")
KESTREL_ADDED: Final = KESTREL.another_key("added admin")
KESTREL_SIGNING_B: Final = KESTREL.another_key("signing b")
SECOND_SIGNING_B: Final = SECOND.another_key("signing b")
SECOND_RECOVERED: Final = SECOND.another_key("recovered")
SECOND_SIGNING_C: Final = SECOND.another_key("signing c")

#: Entries behind those of the story, in order.
NAMES: Final = (
    *("kestrel-proposed", "kestrel-approved", "kestrel-accepts", "kestrel-key", "kestrel-report"),
    *("linden-proposed", "linden-approved", "linden-accepts", "linden-key", "linden-report"),
    *("kestrel-adds", "second-rotates", "second-key-b", "second-report-b", "second-report-late"),
    *("kestrel-key-b", "kestrel-report-b", "kestrel-revokes", "kestrel-reaffirms"),
    *("second-lost", "second-approved", "second-accepts", "second-key-c", "second-report-c"),
    *("second-narrows", "oak-proposed", "oak-accepts", "linden-revokes", "kestrel-rotates"),
)


def at(name: str) -> int:
    """The index of a named entry."""
    return OTHER_REPORT + 1 + NAMES.index(name)


def commitment_to(key: PartySigner) -> str:
    """What names a key before it is shown."""
    return encode_base64url(hashlib.sha256(key.multikey.encode("ascii")).digest())


@dataclass(frozen=True, slots=True)
class SignerStory:
    """What is true of a record's signer and key, in the words of docs/spec/view.md."""

    key_registered_at: int
    member_since: int
    approved_by: tuple[PartyKeys, ...] = ()
    key_ended_at: int | None = None
    contested: Mapping[str, int] | None = None
    reaffirmed_at: int | None = None

    def members(self) -> dict[str, Any]:
        """As the result names them."""
        return {
            "key_registered_at": self.key_registered_at,
            "member_since": self.member_since,
            "approved_by": sorted(str(party.did) for party in self.approved_by),
            "key_ended_at": self.key_ended_at,
            "contested": self.contested,
            "reaffirmed_at": self.reaffirmed_at,
        }


class _Writer:
    """Signs one entry after the other; a later one may name the record id of an earlier one."""

    def __init__(self) -> None:
        self.texts = list(STORY.submissions)
        self._grown = STORY.consortium

    def act(self, name: str, signer: PartySigner, vct: str, **body: Any) -> None:
        assert len(self.texts) == at(name)
        self.texts.append(self._grown.governance(signer, vct, body, label=name))

    def propose(self, name: str, signer: PartySigner, act: str, **content: Any) -> None:
        self.act(name, signer, "proposal/v1", act=act, content=content, reason=None)

    def endorse(self, name: str, signer: PartySigner, meaning: str, of: str) -> None:
        record = record_id_of(self.texts[at(of)])
        self.act(name, signer, "endorsement/v1", of=record, meaning=meaning, reason=None)

    def key(self, name: str, signer: PartySigner, key: PartySigner) -> None:
        assert len(self.texts) == at(name)
        body: dict[str, Any] = {"party": key.did, "multikey": key.multikey, "uses": ["records"]}
        body |= {"holder_kind": "machine", "replaces": None, "possession": possession(key)}
        composer = self._grown.composer(signer, label=name)
        holder = {"name": "Line 4", "role": "gauge"}
        text = composer.compose_governance("key/v1", body, iat=NOW_S, holder=holder)
        self.texts.append(text)

    def admin_key(
        self,
        name: str,
        signer: PartySigner,
        key: PartySigner,
        *,
        next_key: str,
        retires: Sequence[str],
    ) -> None:
        own = {"party": key.did, "multikey": key.multikey, "possession": possession(key)}
        self.act(name, signer, "admin-key/v1", **own, next_key=next_key, retires=[*retires])

    def revoke(self, name: str, signer: PartySigner, key: PartySigner, **members: Any) -> None:
        whole = {"keeps": [], "reason": "stolen", "contested_from": None} | members
        self.act(name, signer, "key-revocation/v1", kid=key.kid, **whole)

    def report(self, name: str, key: PartySigner) -> None:
        assert len(self.texts) == at(name)
        kind = self._grown.kind
        composer = self._grown.composer(key, label=name)
        text = composer.compose_record(kind, SAMPLE_GROUPS, filing=Filing(), iat=NOW_S)
        self.texts.append(text)


def possession(key: PartySigner) -> str:
    """The new key's signature over whose it is to be (docs/spec/governance.md, section 3)."""
    text = f"lotmark.possession/v1\n{ORIGIN}\n{key.did}\n{key.multikey}\n"
    return encode_base64url(key.sign(text.encode()))


def _admission(party: PartyKeys) -> dict[str, Any]:
    return {
        "slug": party.slug,
        "names": {"en": party.slug},
        "roles": ["supplier"],
        "accreditations": [],
        "entity": "legal-entity",
        "parent": None,
        "admin_keys": [party.admin.multikey],
        "next_key": commitment_to(party.next_admin),
    }


@cache
def member_texts() -> tuple[str, ...]:
    """Every submission of the log, in order."""
    write = _Writer()
    _write_admissions(write)
    _write_rotations(write)
    _write_revocations(write)
    _write_recovery(write)
    _write_rest(write)
    assert len(write.texts) == at(NAMES[-1]) + 1
    return tuple(write.texts)


def _write_admissions(write: _Writer) -> None:
    write.propose("kestrel-proposed", FIRST.admin, "admit", **_admission(KESTREL))
    write.endorse("kestrel-approved", SECOND.admin, "approve", "kestrel-proposed")
    write.endorse("kestrel-accepts", KESTREL.admin, "accept", "kestrel-proposed")
    write.key("kestrel-key", KESTREL.admin, KESTREL.signing)
    write.report("kestrel-report", KESTREL.signing)
    write.propose("linden-proposed", KESTREL.admin, "admit", **_admission(LINDEN))
    write.endorse("linden-approved", FIRST.admin, "approve", "linden-proposed")
    write.endorse("linden-accepts", LINDEN.admin, "accept", "linden-proposed")
    write.key("linden-key", LINDEN.admin, LINDEN.signing)
    write.report("linden-report", LINDEN.signing)


def _write_rotations(write: _Writer) -> None:
    kept = commitment_to(KESTREL.next_admin)
    write.admin_key("kestrel-adds", KESTREL.admin, KESTREL_ADDED, next_key=kept, retires=[])
    rotated, fresh = SECOND.next_admin, commitment_to(SECOND.another_key("later admin"))
    retired = [SECOND.admin.multikey]
    write.admin_key("second-rotates", rotated, rotated, next_key=fresh, retires=retired)
    write.key("second-key-b", rotated, SECOND_SIGNING_B)
    write.report("second-report-b", SECOND_SIGNING_B)
    write.report("second-report-late", SECOND.signing)


def _write_revocations(write: _Writer) -> None:
    write.key("kestrel-key-b", KESTREL_ADDED, KESTREL_SIGNING_B)
    write.report("kestrel-report-b", KESTREL_SIGNING_B)
    write.revoke(
        "kestrel-revokes", KESTREL_ADDED, KESTREL.signing, contested_from=at("kestrel-report")
    )
    write.endorse("kestrel-reaffirms", KESTREL.admin, "accept", "kestrel-report")


def _write_recovery(write: _Writer) -> None:
    keys = {
        "party": SECOND.did,
        "admin_keys": [SECOND_RECOVERED.multikey],
        "next_key": commitment_to(SECOND.another_key("next recovered")),
    }
    write.propose("second-lost", FIRST.admin, "recover", **keys)
    write.endorse("second-approved", KESTREL.admin, "approve", "second-lost")
    write.endorse("second-accepts", SECOND_RECOVERED, "accept", "second-lost")
    write.key("second-key-c", SECOND_RECOVERED, SECOND_SIGNING_C)
    write.report("second-report-c", SECOND_SIGNING_C)


def _write_rest(write: _Writer) -> None:
    write.revoke("second-narrows", SECOND_RECOVERED, SECOND_SIGNING_C, keeps=["records"])
    write.propose("oak-proposed", FIRST.admin, "admit", **_admission(OAK))
    write.endorse("oak-accepts", OAK.admin, "accept", "oak-proposed")
    write.revoke("linden-revokes", LINDEN.admin, LINDEN.signing, reason="left")
    fresh = commitment_to(KESTREL.another_key("later admin"))
    retired = [KESTREL.admin.multikey]
    rotated = KESTREL.next_admin
    write.admin_key("kestrel-rotates", rotated, rotated, next_key=fresh, retires=retired)


@cache
def member_log() -> ForgedLog:
    """The log that holds all of it."""
    return ForgedLog(tuple(jws_of(text) for text in member_texts()))


def places(*names: str | int) -> tuple[int, ...]:
    """Entries by name, those of the story by index; ascending."""
    return tuple(sorted(at(name) if isinstance(name, str) else name for name in names))


FOUNDED: Final = (CHARTER, ENDORSEMENT)
KESTREL_JOINED: Final = places(*FOUNDED, "kestrel-proposed", "kestrel-approved", "kestrel-accepts")
KESTREL_KEYED: Final = places(*KESTREL_JOINED, "kestrel-key")
LINDEN_JOINED: Final = places(
    *KESTREL_JOINED, "linden-proposed", "linden-approved", "linden-accepts"
)
LINDEN_KEYED: Final = places(*LINDEN_JOINED, "linden-key")
ROTATED: Final = places(*FOUNDED, "second-rotates")
RECOVERED: Final = places(*KESTREL_JOINED, "second-lost", "second-approved", "second-accepts")


def show(name: str, keys: Sequence[int], after: Sequence[int] = ()) -> Show:
    """A named record as its reader gets it."""
    text = member_texts()[at(name)]
    is_report = "-report" in name
    disclosures = text[:-1].split("~")[1:]
    return Show(at(name), keys, TYPE if is_report else None, disclosures, after)


def told(log: ForgedLog, *shows: tuple[Show, SignerStory]) -> dict[str, Any]:
    """What a verifier says of these records."""
    result = expected_result(log, *[item for item, _ in shows])
    pairs = zip(result["records"], shows, strict=True)
    return result | {"records": [record | story.members() for record, (_, story) in pairs]}
