"""Random lives of parties and keys, as logs that nobody judged, for verifiers to agree about.

A scene plays moves, most of them as the rules ask and some with one flaw, and keeps its own
short account of what an honest log would have made of them. Then one entry is shown with some
of the others as its evidence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from hypothesis import strategies as st

from keys.encoding import encode_base64url
from ledger.compose import Composer
from ledger.record import NO_POLICY
from tests.ledger.parties import (
    NOW_S,
    ORIGIN,
    PartyKeys,
    PartySigner,
    RandomStream,
    a_party,
    payload_of,
    record_id_of,
)
from tests.ledger.sample_types import REMOVED
from tests.ledger.verdicts import Case
from tests.ledger.view_log import ForgedLog, Show, anchor_text, as_text
from tests.ledger.view_story import jws_of

FOUNDERS: Final = tuple(a_party(slug) for slug in ("borealis-motors", "hanfeng-drive"))
OTHERS: Final = tuple(a_party(slug) for slug in ("kestrel-forge", "linden-plating"))
PARTIES: Final = FOUNDERS + OTHERS
MOVES_MIN: Final = 6
MOVES_MAX: Final = 16
#: The simplest draw is an honest one, so that shrinking takes the flaws out.
FLAWED_ONCE_IN: Final = 60
ODD_VALUES: Final[tuple[Any, ...]] = (None, True, 0, 1, -1, "", "x", [], ["x"], {}, REMOVED)

Draw = Callable[[st.SearchStrategy[Any]], Any]


@dataclass
class _Account:
    """What a party has, by the scene's own account."""

    keys: PartyKeys
    admin: list[PartySigner] = field(default_factory=list)
    signing: list[PartySigner] = field(default_factory=list)
    following: PartySigner | None = None
    is_member: bool = False
    drawn: int = 0

    def fresh(self) -> PartySigner:
        self.drawn += 1
        return self.keys.another_key(f"scene {self.drawn}")


@dataclass
class _Proposed:
    record_id: str
    party: _Account
    key: PartySigner
    following: PartySigner


class Scene:
    """A log in the making."""

    def __init__(self, draw: Draw) -> None:
        """Begin with the charter of two founders."""
        self.draw = draw
        self.texts: list[str] = []
        self.accounts = [_Account(party) for party in PARTIES]
        self.proposed: list[_Proposed] = []
        self.links = [0]
        self.affirmed: dict[int, list[int]] = {}
        self._found()

    def _found(self) -> None:
        for account in self.accounts[: len(FOUNDERS)]:
            account.admin = [account.keys.admin]
            account.following = account.keys.next_admin
        self.accounts[0].is_member = True
        founders = [
            {
                "slug": party.slug,
                "admin_keys": [party.admin.multikey],
                "next_key": commitment(party.next_admin),
            }
            for party in FOUNDERS
        ]
        body = {"origin": ORIGIN, "founders": founders, "types": []}
        self._sign(FOUNDERS[0].admin, "charter/v1", body)
        self.charter_id = record_id_of(self.texts[0])

    def play(self) -> None:
        """Play one move, perhaps a flawed one."""
        move = self.draw(st.sampled_from(_MOVES))
        move(self)

    def pick(self, among: list[Any]) -> Any:
        """One of them, if there is any."""
        return self.draw(st.sampled_from(among)) if among else None

    def member(self) -> _Account:
        """A party that may sign."""
        found: _Account = self.pick([account for account in self.accounts if account.is_member])
        return found

    def act(self, signer: PartySigner, vct: str, **body: Any) -> bool:
        """Append an entry; whether it is as it was meant, and so a link of a path."""
        flaw: int = self.draw(st.integers(0, FLAWED_ONCE_IN))
        if flaw == FLAWED_ONCE_IN and body:
            name = self.draw(st.sampled_from(sorted(body)))
            body[name] = self.draw(st.sampled_from(ODD_VALUES))
        if flaw == FLAWED_ONCE_IN - 1:
            party = self.draw(st.sampled_from(PARTIES))
            signer = self.draw(st.sampled_from([party.admin, party.signing, party.next_admin]))
        self._sign(signer, vct, {k: v for k, v in body.items() if v is not REMOVED})
        if flaw == FLAWED_ONCE_IN - 2:
            self.texts[-1] = _flipped(self.texts[-1])
        if vct not in {"document-part/v1"} and flaw < FLAWED_ONCE_IN - 2:
            self.links.append(len(self.texts) - 1)
        return flaw < FLAWED_ONCE_IN - 2

    def _sign(self, signer: PartySigner, vct: str, body: dict[str, Any]) -> None:
        label = f"entry {len(self.texts)}"
        composer = Composer(ORIGIN, NO_POLICY, signer, RandomStream(label))
        self.texts.append(composer.compose_governance(vct, body, iat=NOW_S))


def _join(scene: Scene) -> None:
    account = scene.accounts[1]
    body = {"of": scene.charter_id, "meaning": "approve", "reason": None}
    if scene.act(account.keys.admin, "endorsement/v1", **body):
        account.is_member = True


def _propose(scene: Scene) -> None:
    proposer, party = scene.member(), scene.pick(scene.accounts[1:])
    key, following = party.fresh(), party.fresh()
    content = {"admin_keys": [key.multikey], "next_key": commitment(following)}
    named = {"party": party.keys.did} if party.is_member else {"slug": party.keys.slug}
    flaw = scene.draw(st.integers(0, FLAWED_ONCE_IN))
    if flaw == FLAWED_ONCE_IN:
        name = scene.draw(st.sampled_from(sorted(content)))
        content[name] = scene.draw(st.sampled_from((*ODD_VALUES[:-1], [key.multikey] * 5)))
    act = "recover" if party.is_member else "admit"
    act = (
        scene.draw(st.sampled_from(["admit", "recover", "roles"]))
        if flaw == FLAWED_ONCE_IN - 1
        else act
    )
    signer = scene.pick(proposer.admin)
    if scene.act(signer, "proposal/v1", act=act, content=named | content, reason=None):
        proposed = _Proposed(record_id_of(scene.texts[-1]), party, key, following)
        scene.proposed.append(proposed)


def _approve(scene: Scene) -> None:
    proposed, voter = scene.pick(scene.proposed), scene.member()
    if proposed is None or proposed.party is voter:
        return _propose(scene)
    body = {"of": proposed.record_id, "meaning": "approve", "reason": None}
    scene.act(scene.pick(voter.admin), "endorsement/v1", **body)
    return None


def _accept(scene: Scene) -> None:
    proposed = scene.pick(scene.proposed)
    if proposed is None:
        return _propose(scene)
    body = {"of": proposed.record_id, "meaning": "accept", "reason": None}
    if scene.act(proposed.key, "endorsement/v1", **body):
        party = proposed.party
        party.admin, party.following, party.is_member = [proposed.key], proposed.following, True
        scene.proposed = [one for one in scene.proposed if one.party is not party]
    return None


def _rotate(scene: Scene) -> None:
    account = scene.member()
    key, following = account.following, account.fresh()
    if key is None:
        return
    retired = scene.draw(st.booleans())
    retires = [account.admin[0].multikey] if retired else []
    if scene.act(key, "admin-key/v1", **_own(key), next_key=commitment(following), retires=retires):
        account.admin = [*account.admin[int(retired) :], key]
        account.following = following


def _add(scene: Scene) -> None:
    account = scene.member()
    key, signer = account.fresh(), scene.pick(account.admin)
    kept = account.following or key
    if scene.act(signer, "admin-key/v1", **_own(key), next_key=commitment(kept), retires=[]):
        account.admin.append(key)


def _register(scene: Scene) -> None:
    account = scene.member()
    key = account.fresh()
    if scene.act(scene.pick(account.admin), "key/v1", **_own(key)):
        account.signing.append(key)


def _revoke(scene: Scene) -> None:
    account = scene.member()
    key = scene.pick([*account.signing, *account.admin])
    start = scene.draw(st.sampled_from([None, 0, len(scene.texts) // 2, len(scene.texts)]))
    keeps = scene.draw(st.sampled_from([[], [], ["records"]]))
    body = {"kid": key.kid, "keeps": keeps, "reason": "lost", "contested_from": start}
    if scene.act(scene.pick(account.admin), "key-revocation/v1", **body) and not keeps:
        account.signing = [one for one in account.signing if one is not key]
        account.admin = [one for one in account.admin if one is not key] or account.admin


def _submit(scene: Scene) -> None:
    keys = [key for account in scene.accounts for key in account.signing]
    if not keys:
        return _register(scene)
    scene.act(scene.pick(keys), "document-part/v1", text="x")
    return None


def _reaffirm(scene: Scene) -> None:
    index = scene.pick(list(range(len(scene.texts))))
    text = scene.texts[index]
    did = payload_of(text)["iss"]
    account = next(one for one in scene.accounts if one.keys.did == did)
    body = {"of": record_id_of(text), "meaning": "accept", "reason": None}
    if scene.act(scene.pick(account.admin) or account.keys.admin, "endorsement/v1", **body):
        place = scene.links.pop()
        scene.affirmed.setdefault(index, []).append(place)


_MOVES: Final = (
    *(_join, _propose, _approve, _accept, _accept, _rotate, _add, _register, _register),
    *(_revoke, _submit, _submit, _reaffirm),
)


@st.composite
def scenes(draw: Draw) -> Case:
    """A view of one entry of a random log."""
    scene = Scene(draw)
    for _ in range(draw(st.integers(MOVES_MIN, MOVES_MAX))):
        scene.play()
    log = ForgedLog(tuple(jws_of(text) for text in scene.texts))
    size = len(scene.texts)
    index = size - 1 - draw(st.integers(0, size - 1))
    # Most evidence is all of it and nothing else; the rest lacks a link, or has one too many.
    choices = st.sets(st.integers(1, size), max_size=2)
    changed = draw(choices) if draw(st.integers(0, 3)) == 3 else set()
    links = [i for i in range(size) if (i in scene.links) is not (i in changed)]
    keys = tuple(i for i in links if i < index)
    affirmed = scene.affirmed.get(index, [])
    after = tuple(i for i in sorted([*links, *affirmed]) if i > index)
    after = after if draw(st.booleans()) else ()
    view = log.view(Show(index, keys, None, (), after))
    return Case("a scene", as_text(view).encode(), anchor_text(scene.texts[0]).encode())


def commitment(key: PartySigner) -> str:
    """What names a key before it is shown."""
    return encode_base64url(hashlib.sha256(key.multikey.encode("ascii")).digest())


def _own(key: PartySigner) -> dict[str, Any]:
    return {"party": key.did, "multikey": key.multikey}


def _flipped(text: str) -> str:
    found = text[-20]
    return f"{text[:-20]}{'B' if found == 'A' else 'A'}{text[-19:]}"
