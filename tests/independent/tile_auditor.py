"""Hands a log to the independent auditor and reads its verdict."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPT = Path(__file__).with_name("audit_tiles.py")


@dataclass(frozen=True, slots=True)
class TileAudit:
    """What the auditor proved: every tile and entry bundle of a tree of this size and root."""

    origin: str
    size: int
    root: str
    tiles: int
    bundles: int


class AuditRefused(AssertionError):
    """The auditor is not content; the text is its reason."""


def auditor_python() -> Path:
    """Find the auditor's own Python; without it a test skips, and in CI it fails."""
    python = Path(os.environ.get("LOTMARK_AICS", ROOT / ".venv-aics")) / "bin" / "python"
    if not python.exists():
        pytest.skip("expected aics-tlog in .venv-aics, found nothing: run make test once")
    return python


def audit_tiles(verifier_key: str, prefix: str) -> TileAudit:
    """Audit what a URL prefix or a folder serves.

    Raises:
        AuditRefused: a signature, tile or entry bundle is missing or wrong.
    """
    command = [str(auditor_python()), "-I", str(SCRIPT), verifier_key, prefix]
    done = subprocess.run(command, capture_output=True, check=False, timeout=110, text=True)
    if done.returncode != 0:
        raise AuditRefused(done.stderr.strip())
    return TileAudit(**json.loads(done.stdout))
