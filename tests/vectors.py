"""Where other people's test vectors are.

They are read from the environment variable ``LOTMARK_VECTORS``, else from
``shared/vectors`` beside the project or one folder above that; they are never copied.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def vectors_dir() -> Path:
    """Find the vectors; without them a test skips, and in CI it fails."""
    named = os.environ.get("LOTMARK_VECTORS")
    beside = [ROOT.parent / "shared" / "vectors", ROOT.parent.parent / "shared" / "vectors"]
    for folder in [Path(named)] if named else beside:
        if folder.is_dir():
            return folder
    reason = "expected vectors in LOTMARK_VECTORS or ../shared/vectors, found neither"
    if os.environ.get("LOTMARK_CI") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
