"""Views of parties and keys that come and go, one link of whose evidence was changed.

Signed again by its own key or by another, in a log whose tree is right; or the evidence names
other entries than it should. The same for the same seed.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Final

from tests.ledger.parties import PartySigner, payload_of, record_id_of, sign_parts
from tests.ledger.verdicts import Case
from tests.ledger.view_honest_members import HONEST
from tests.ledger.view_log import ForgedLog, Show, anchor_text, as_text
from tests.ledger.view_members import (
    KESTREL,
    KESTREL_ADDED,
    KESTREL_SIGNING_B,
    LINDEN,
    OAK,
    SECOND_RECOVERED,
    SECOND_SIGNING_B,
    SECOND_SIGNING_C,
    STORY,
    member_log,
    member_texts,
)
from tests.ledger.view_mutations import change_value, write_json
from tests.ledger.view_story import jws_of, kid_of

_PARTIES: Final = (STORY.first, STORY.second, KESTREL, LINDEN, OAK)
_KEYS: Final = (KESTREL_ADDED, KESTREL_SIGNING_B, SECOND_RECOVERED, SECOND_SIGNING_B)


def mutated_paths(seed: int, count: int) -> Iterator[Case]:
    """So many views of the honest ones, each with one link or two that are not."""
    anchor = anchor_text(STORY.charter).encode()
    for number in range(count):
        chance = random.Random(f"path {seed} {number}")
        name = chance.choice(sorted(HONEST))
        log, show = member_log(), HONEST[name][0]
        for _ in range(chance.choice((1, 1, 2))):
            if chance.random() < 0.7:
                log = _link_changed(chance, log, show)
            else:
                show = _evidence_changed(chance, show)
        title = f"path, seed {seed}, number {number}, {name}"
        yield Case(title, as_text(log.view(show)).encode(), anchor)


@cache
def _signers() -> dict[str, PartySigner]:
    own = [key for party in _PARTIES for key in (party.admin, party.signing, party.next_admin)]
    return {key.kid: key for key in (*own, *_KEYS, SECOND_SIGNING_C)}


def _link_changed(chance: random.Random, log: ForgedLog, show: Show) -> ForgedLog:
    index = chance.choice([i for i in (*show.keys, *show.after, show.index) if i] or [show.index])
    text = member_texts()[index]
    claims = copy.deepcopy(payload_of(text))
    if chance.random() < 0.8:
        change_value(chance, claims.get("body") or claims)
    if chance.random() < 0.2 and isinstance(claims.get("body"), dict):
        claims["body"]["of"] = record_id_of(chance.choice(member_texts()))
    signer = _signers()[kid_of(jws_of(text))]
    if chance.random() < 0.2:
        signer = chance.choice(list(_signers().values()))
        claims["iss"] = signer.did
    header = {"alg": "EdDSA", "kid": signer.kid, "typ": "lotmark+sd-jwt"}
    jws = sign_parts(write_json(chance, header), write_json(chance, claims), signer)
    return log.with_record(index, jws)


def _evidence_changed(chance: random.Random, show: Show) -> Show:
    index = chance.choice(range(len(member_texts())))
    if chance.random() < 0.5 and show.after:
        return replace(show, after=_toggled(show.after, index))
    return replace(show, keys=_toggled(show.keys, index))


def _toggled(places: Sequence[int], index: int) -> tuple[int, ...]:
    return tuple(sorted({*places} ^ {index}))
