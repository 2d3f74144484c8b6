"""The public read path: C2SP tiles, their caching, and an independent auditor over all of it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ledger.checkpoint import parse_checkpoint
from ledger.note import encode_vkey, parse_note
from ledger.tiles import TILE_WIDTH, parse_bundle
from ledger.tree import leaf_hash
from tests.api.service import OEM, LiveService, code_of, serve
from tests.independent.tile_auditor import TileAudit, audit_tiles
from tests.ledger import reference_tree
from tests.ledger.parties import ORIGIN, a_log_signer

pytestmark = pytest.mark.item("2.5")
SIZE = 2 * TILE_WIDTH + 88
PUBLIC = "public, max-age=31536000, immutable"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A log of two full tiles and a partial one."""
    for live in serve(tmp_path_factory.mktemp("log")):
        live.submit_many([live.record() for _ in range(SIZE - live.size())])
        assert live.size() == SIZE
        yield live


def entries(live: LiveService) -> list[bytes]:
    """Every entry, read from the bundles."""
    paths = ["tile/entries/000", "tile/entries/001", f"tile/entries/002.p/{SIZE - 512}"]
    bundles = [live.http.get(f"/{path}").content for path in paths]
    widths = (TILE_WIDTH, TILE_WIDTH, SIZE - 2 * TILE_WIDTH)
    return [
        entry
        for bundle, width in zip(bundles, widths, strict=True)
        for entry in parse_bundle(bundle, width=width)
    ]


# ---- the independent auditor ----


def test_an_independent_auditor_proves_the_running_log(service: LiveService) -> None:
    vkey = encode_vkey(a_log_signer().key)
    found = audit_tiles(vkey, f"{service.settings.public_url}/")
    assert found == TileAudit(str(ORIGIN), SIZE, found.root, tiles=4, bundles=3)


def test_the_auditor_refuses_the_log_under_another_key(service: LiveService) -> None:
    other = encode_vkey(a_log_signer(label="another log").key)
    with pytest.raises(AssertionError):
        audit_tiles(other, f"{service.settings.public_url}/")


# ---- what is served ----


def test_the_entries_hash_to_the_root_of_the_checkpoint(service: LiveService) -> None:
    note = parse_note(service.http.get("/checkpoint").content)
    checkpoint = parse_checkpoint(note.text)
    assert (checkpoint.origin, checkpoint.size) == (ORIGIN, SIZE)
    assert reference_tree.root([leaf_hash(entry) for entry in entries(service)]) == checkpoint.root


def test_the_lowest_tiles_hold_the_leaves(service: LiveService) -> None:
    paths = ["tile/0/000", "tile/0/001", f"tile/0/002.p/{SIZE - 512}"]
    leaves = b"".join(service.http.get(f"/{path}").content for path in paths)
    assert leaves == b"".join(leaf_hash(entry) for entry in entries(service))


@pytest.mark.parametrize("kind", ["0", "entries"])
@pytest.mark.parametrize("width", [1, 2, 87, 88])
def test_every_width_that_is_reached_is_served_as_a_prefix(
    service: LiveService, kind: str, width: int
) -> None:
    whole = service.http.get(f"/tile/{kind}/002.p/88").content
    part = service.http.get(f"/tile/{kind}/002.p/{width}")
    assert part.status_code == 200
    assert whole.startswith(part.content)


@pytest.mark.parametrize("path", ["0/000.p/255", "entries/001.p/1", "1/000.p/1"])
def test_a_full_tile_is_served_in_part_too(service: LiveService, path: str) -> None:
    assert service.http.get(f"/tile/{path}").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "0/002",
        "0/002.p/89",
        "0/003",
        "0/003.p/1",
        "entries/002",
        "entries/002.p/89",
        "1/000",
        "1/000.p/3",
        "1/001",
        "2/000.p/1",
        "63/000",
        "64/000",
        "0/000.p/0",
        "0/000.p/256",
        "0/000.p/01",
        "0/0",
        "0/00",
        "0/0000",
        "0/x000/000",
        "0/000/",
        "0/000.p/",
        "-1/000",
        "+0/000",
        "entry/000",
        "data/000",
        "",
        "0/%30%30%30.p/%32x",
        "0/x999/x999/x999/x999/x999/x999/999",
    ],
)
def test_what_no_checkpoint_implies_is_absent(service: LiveService, path: str) -> None:
    answer = service.http.get(f"/tile/{path}")
    assert code_of(answer) == "not-found"
    assert answer.headers["cache-control"] == "no-store"


def test_a_tile_is_there_as_soon_as_its_entries_are(own_service: LiveService) -> None:
    width = own_service.size() + 1
    path = f"/tile/0/000.p/{width}"
    assert own_service.http.get(path).status_code == 404
    own_service.admit(own_service.record())
    assert own_service.http.get(path).status_code == 200


# ---- caching ----

IMMUTABLE = ["/tile/0/000", "/tile/0/002.p/88", "/tile/1/000.p/2", "/tile/entries/001"]


@pytest.mark.parametrize("path", IMMUTABLE)
def test_tiles_are_kept_for_ever_by_every_cache(service: LiveService, path: str) -> None:
    answer = service.http.get(path)
    assert answer.headers["cache-control"] == PUBLIC
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["etag"][0] == '"', "a strong tag"


@pytest.mark.parametrize("path", [*IMMUTABLE, "/checkpoint", "/v1/anchor"])
def test_what_is_known_is_not_sent_again(service: LiveService, path: str) -> None:
    tag = service.http.get(path).headers["etag"]
    for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        answer = service.http.get(path, headers={"If-None-Match": known})
        assert (answer.status_code, answer.content) == (304, b""), known
        assert answer.headers["etag"] == tag
        assert answer.headers["cache-control"]
    assert service.http.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_tags_differ_where_bytes_do(service: LiveService) -> None:
    paths = [f"/tile/0/002.p/{width}" for width in range(1, 88)] + IMMUTABLE
    tags = {service.http.get(path).headers["etag"] for path in paths}
    assert len(tags) == len(paths)


def test_a_tile_has_the_same_bytes_after_the_log_has_grown(own_service: LiveService) -> None:
    path = f"/tile/0/000.p/{own_service.size()}"
    before = own_service.http.get(path)
    own_service.submit_many([own_service.record() for _ in range(300)])
    after = own_service.http.get(path)
    assert (before.content, before.headers["etag"]) == (after.content, after.headers["etag"])


def test_a_checkpoint_is_asked_for_each_time(service: LiveService) -> None:
    answer = service.http.get("/checkpoint")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_a_checkpoint_s_tag_changes_with_it(own_service: LiveService) -> None:
    tag = own_service.http.get("/checkpoint").headers["etag"]
    own_service.admit(own_service.record())
    answer = own_service.http.get("/checkpoint", headers={"If-None-Match": tag})
    assert answer.status_code == 200
    assert answer.headers["etag"] != tag


# ---- browsers ----


@pytest.mark.parametrize("path", [*IMMUTABLE, "/checkpoint", "/v1/anchor", "/tile/0/999"])
def test_a_page_of_any_origin_may_read_the_log(service: LiveService, path: str) -> None:
    answer = service.http.get(path, headers={"Origin": "https://mirror.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


def test_a_page_may_ask_before_it_reads(service: LiveService) -> None:
    asked = {"Origin": "https://mirror.example", "Access-Control-Request-Method": "GET"}
    answer = service.http.options("/tile/0/000", headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD"
    assert "If-None-Match" in answer.headers["access-control-allow-headers"]
    refused = service.http.options("/v1/records", headers=asked)
    assert "access-control-allow-origin" not in refused.headers


# ---- bundles for members ----


def test_bundles_are_for_members_where_the_charter_says_so(members_service: LiveService) -> None:
    size = members_service.size()
    path = f"/tile/entries/000.p/{size}"
    assert code_of(members_service.http.get(path)) == "signature-required"
    answer = members_service.signed(OEM).get(path)
    assert answer.status_code == 200
    assert len(parse_bundle(answer.content, width=size)) == size


def test_no_shared_cache_keeps_a_bundle_for_members(members_service: LiveService) -> None:
    answer = members_service.signed(OEM).get("/tile/entries/000.p/1")
    assert answer.headers["cache-control"].startswith("private, ")
    assert "Signature" in answer.headers["vary"]
    public = members_service.http.get("/tile/0/000.p/1")
    assert public.headers["cache-control"] == PUBLIC


def test_a_bundle_that_is_not_there_looks_the_same_to_all(members_service: LiveService) -> None:
    assert members_service.http.get("/tile/entries/009").status_code == 404


def test_tiles_are_whole_while_the_log_grows(own_service: LiveService) -> None:
    def read(_: int) -> bool:
        note = parse_note(own_service.http.get("/checkpoint").content)
        size = parse_checkpoint(note.text).size
        full, width = divmod(size, TILE_WIDTH)
        paths = [f"/tile/{kind}/{full:03d}.p/{width}" for kind in ("0", "entries") if width]
        return all(own_service.http.get(path).status_code == 200 for path in paths)

    with ThreadPoolExecutor(4) as threads:
        reading = threads.map(read, range(120))
        for _ in range(6):
            own_service.submit_many([own_service.record() for _ in range(60)])
        assert all(reading), "a checkpoint implies its tiles from the moment it is served"
