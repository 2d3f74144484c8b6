"""Settings: their defaults, their documentation, and what they refuse."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from api.settings import Settings

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"
#: Read by keys.signer and by the command line, not by the settings.
ELSEWHERE = {
    "LOTMARK_PASSPHRASE",
    "LOTMARK_PARTY",
    "LOTMARK_URL",
    "LOTMARK_ANCHOR",
    "LOTMARK_COST",
    "LOTMARK_AUDIT_STATE",
    "LOTMARK_DATABASE_ROLE",
}


@pytest.mark.item("2.6")
def test_every_setting_is_documented_and_every_documented_one_exists() -> None:
    documented = set(re.findall(r"^\| `(LOTMARK_[A-Z_]+)`", REFERENCE.read_text("utf-8"), re.M))
    known = {f"LOTMARK_{name.upper()}" for name in Settings.model_fields}
    assert documented - ELSEWHERE == known


@pytest.mark.item("2.6")
def test_the_public_address_follows_host_and_port_unless_it_is_given() -> None:
    assert Settings(port=8099).public_url == "http://127.0.0.1:8099"
    assert Settings(base_url="https://log.example/quality/").public_url == (
        "https://log.example/quality"
    )


@pytest.mark.item("2.6")
@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_port_out_of_range_is_refused(port: int) -> None:
    with pytest.raises(ValidationError):
        Settings(port=port)
