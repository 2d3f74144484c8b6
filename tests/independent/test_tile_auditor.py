"""The independent auditor runs here, proves a good log and refuses a damaged one."""

from __future__ import annotations

import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.independent.tile_auditor import AuditRefused, TileAudit, audit_tiles, auditor_python

SIZE = 600
CHECKPOINT = "checkpoint"
FULL_TILE = "tile/0/000"
PARTIAL_BUNDLE = "tile/entries/002.p/88"


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a line a request on standard error."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base's name)
        pass


@pytest.fixture(scope="module")
def verifier_key(log: Path) -> str:
    return (log / "key").read_text("utf-8")


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("log")
    script = Path(__file__).with_name("make_log.py")
    command = [str(auditor_python()), "-I", str(script), str(folder), str(SIZE)]
    key = subprocess.run(command, capture_output=True, check=True, timeout=60, text=True).stdout
    (folder / "key").write_text(key, "utf-8")
    return folder


def test_the_auditor_proves_every_tile_and_bundle(log: Path, verifier_key: str) -> None:
    found = audit_tiles(verifier_key, str(log))
    assert found == TileAudit("log.example/tiles", SIZE, found.root, tiles=4, bundles=3)


def test_the_auditor_reads_a_log_over_http(log: Path, verifier_key: str) -> None:
    handler = partial(QuietHandler, directory=str(log))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        found = audit_tiles(verifier_key, f"http://127.0.0.1:{server.server_port}/")
        server.shutdown()
    assert found.size == SIZE


@pytest.mark.parametrize("path", [CHECKPOINT, FULL_TILE, PARTIAL_BUNDLE])
def test_the_auditor_refuses_one_changed_byte(log: Path, verifier_key: str, path: str) -> None:
    file = log / path
    good = file.read_bytes()
    file.write_bytes(good[:40] + bytes([good[40] ^ 1]) + good[41:])
    try:
        with pytest.raises(AuditRefused, match="Error"):
            audit_tiles(verifier_key, str(log))
    finally:
        file.write_bytes(good)


def test_the_auditor_refuses_a_log_without_a_tile(log: Path, verifier_key: str) -> None:
    hidden = (log / FULL_TILE).rename(log / "hidden")
    try:
        with pytest.raises(AuditRefused, match="tile/0/000 is not available"):
            audit_tiles(verifier_key, str(log))
    finally:
        hidden.rename(log / FULL_TILE)
