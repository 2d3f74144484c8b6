"""Entry bundles: for members only unless the charter opens them, and enough for a mirror."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.audit_sources import open_public_source
from api.client import LogClient
from api.client_transport import Effects
from api.party_folder import PartySigner
from keys.identifiers import Did
from ledger.checkpoint import parse_checkpoint
from ledger.note import parse_note
from ledger.tiles import TILE_WIDTH, EntryBundle, HashTile, encode_tile_path, parse_bundle
from ledger.tree import leaf_hash
from tests.api.service import (
    LABORATORY,
    MEMBERS_PLAN,
    OEM,
    STRANGER,
    SUPPLIER,
    LiveService,
    code_of,
    request_key,
    serve,
)
from tests.ledger import reference_tree
from tests.ledger.acts import Members

pytestmark = pytest.mark.item("3.3.bundles")
VOTERS = (OEM, SUPPLIER, LABORATORY)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveService]:
    """A log whose bundles are for members."""
    yield from serve(tmp_path / "log", MEMBERS_PLAN)


def first_bundle(live: LiveService) -> str:
    """The path of a bundle of one entry."""
    assert live.size() >= 1
    return "/tile/entries/000.p/1"


@pytest.fixture
def members(live: LiveService) -> Members:
    """Signs what members decide; no two of its records are alike."""
    return Members(live.consortium, at_ms=live.clock.now_ms())


def decide(live: LiveService, members: Members, act: str, content: dict[str, Any]) -> None:
    """Propose, and have everybody who may vote for it."""
    first, *others = (live.party(slug) for slug in VOTERS)
    of = live.admit(members.proposal(first, act, content))
    for voter in others:
        # The vote that completes the rule may leave none to be cast.
        live.submit(members.endorsement(voter.admin, of))


def read(live: LiveService, slug: str) -> httpx.Response:
    """A member asks for a bundle."""
    return live.signed(slug).get(first_bundle(live))


def test_members_read_bundles_and_strangers_do_not(live: LiveService) -> None:
    assert code_of(live.http.get(first_bundle(live))) == "signature-required"
    for slug in (*VOTERS, STRANGER):
        assert len(parse_bundle(read(live, slug).content, width=1)) == 1


def test_a_suspended_party_reads_none_until_it_is_reinstated(
    live: LiveService, members: Members
) -> None:
    party = {"party": live.party(STRANGER).did}
    decide(live, members, "suspend", party)
    assert code_of(read(live, STRANGER)) == "not-permitted"
    assert read(live, SUPPLIER).status_code == 200
    assert live.signed(STRANGER).get("/v1/records?mine=1").status_code == 200, "its own it reads"
    decide(live, members, "reinstate", party)
    assert read(live, STRANGER).status_code == 200


def test_a_removed_party_reads_none(live: LiveService, members: Members) -> None:
    decide(live, members, "remove", {"party": live.party(STRANGER).did})
    assert code_of(read(live, STRANGER)) == "unknown-key"
    assert read(live, SUPPLIER).status_code == 200


def test_the_charter_opens_bundles_and_closes_them_again(
    live: LiveService, members: Members
) -> None:
    decide(live, members, "amend", {"entry_bundles": "open"})
    opened = live.http.get(first_bundle(live))
    assert opened.status_code == 200
    assert opened.headers["cache-control"].startswith("public, ")
    decide(live, members, "amend", {"entry_bundles": "members"})
    assert code_of(live.http.get(first_bundle(live))) == "signature-required"


def test_no_request_by_another_method_or_a_known_tag_tells_a_stranger_more(
    live: LiveService,
) -> None:
    tag = read(live, OEM).headers["etag"]
    path = first_bundle(live)
    assert live.http.head(path).status_code == 401
    assert live.http.get(path, headers={"If-None-Match": tag}).status_code == 401


def mirror_client(live: LiveService) -> LogClient:
    """A member's mirror: the client that every command uses, with a key for requests."""
    key = request_key(live.party(LABORATORY))
    effects = Effects(now_s=lambda: live.now_s, wait=lambda _: None)
    signer = PartySigner(Did(key.did), key.key)
    return LogClient(live.settings.public_url, signer=signer, effects=effects)


def test_a_mirror_copies_the_log_and_serves_the_same_bytes(
    live: LiveService, tmp_path: Path
) -> None:
    """Every byte that it keeps is proven by the checkpoint, so that it need not be trusted."""
    live.submit_many([live.record() for _ in range(TILE_WIDTH + 20 - live.size())])
    kept = tmp_path / "mirror"
    with mirror_client(live) as client:
        note = client.checkpoint()
        size = open_public_source(client, live.anchor).reach.size
        for number in range(-(-size // TILE_WIDTH)):
            width = min(TILE_WIDTH, size - number * TILE_WIDTH)
            for tile in (EntryBundle(number, width), HashTile(0, number, width)):
                path = kept / encode_tile_path(tile)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(client.tile(encode_tile_path(tile)))
    again = open_public_source(Kept(kept, note), live.anchor)
    entries = [row[0] for row in again.entry_texts()]
    checkpoint = parse_checkpoint(parse_note(note).text)
    assert checkpoint.size == len(entries) == TILE_WIDTH + 20
    assert reference_tree.root([leaf_hash(text) for text in entries]) == checkpoint.root


@dataclass(frozen=True, slots=True)
class Kept:
    """What a mirror has copied, as files."""

    folder: Path
    note: bytes

    def checkpoint(self) -> bytes:
        """The newest note."""
        return self.note

    def tile(self, path: str) -> bytes:
        """A tile or bundle."""
        return (self.folder / path).read_bytes()
