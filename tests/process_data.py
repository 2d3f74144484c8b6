"""Where process data of others is.

It is read from the environment variable ``LOTMARK_DATA``, else from ``shared/data`` beside the
project or one folder above that; it is never copied.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def process_data_dir() -> Path:
    """Find the data; without it a test skips, and in CI it fails."""
    named = os.environ.get("LOTMARK_DATA")
    beside = [ROOT.parent / "shared" / "data", ROOT.parent.parent / "shared" / "data"]
    # The variable names the folder of a service's own data as well, which holds none of this.
    for folder in [*([Path(named)] if named else []), *beside]:
        if (folder / "tep").is_dir():
            return folder
    reason = "expected data in LOTMARK_DATA or ../shared/data, found neither"
    if os.environ.get("LOTMARK_CI") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
