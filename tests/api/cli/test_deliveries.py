"""``lotmark delivered`` and ``differences``, for a party that delivers nothing yet."""

from __future__ import annotations

import json

import pytest

from tests.api.cli.solo import SoloLog

pytestmark = pytest.mark.item("4.6.exposure")


def test_a_party_without_deliveries_is_told_nothing(solo: SoloLog) -> None:
    told = solo.json("delivered", "--month", "2026-10", "--inputs", "--recompute")
    assert (told["rows"], told["entries"], told["recounted"]) == ([], [], True)
    assert told["provenance"]["method"] == "DLV-1"
    shown = solo.run("differences", "--supplier", "hanfeng-drive")
    assert (shown.exit_code, shown.stdout) == (0, "nothing\n")
    refused = solo.run("delivered", "--month", "October", "--json")
    assert json.loads(refused.stdout)["error"]["code"] == "malformed-query"
