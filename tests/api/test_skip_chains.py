"""Chains of skip-lot in the folder of a party: readable by it alone, and as drawn."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from api.skip_chains import SkipChains
from keys.encoding import decode_base64url
from quality.in_force.skipping import hashed

pytestmark = pytest.mark.item("6.2.skip-lot")


def test_a_chain_is_kept_under_its_end_and_leads_there(tmp_path: Path) -> None:
    chains = SkipChains(tmp_path / "skip-lot")
    assert list(chains.kept()) == []
    chain = chains.draw(5)
    assert chains.find(chain.end) == chain
    assert list(chains.kept()) == [chain]
    for position in (1, 5):
        value = decode_base64url(chain.reveal(position))
        assert hashed(value, position) == decode_base64url(chain.end)


def test_the_seed_is_for_its_owner_alone_and_in_no_text(tmp_path: Path) -> None:
    folder = tmp_path / "skip-lot"
    chain = SkipChains(folder).draw(5)
    (path,) = folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert "seed" not in repr(chain)
    assert json.loads(path.read_text())["seed"] not in str(chain)


def test_no_two_chains_have_a_seed_in_common(tmp_path: Path) -> None:
    chains = SkipChains(tmp_path)
    assert chains.draw(5).seed != chains.draw(5).seed


@pytest.mark.parametrize(
    "changed", [{"length": 4}, {"length": 0}, {"length": "5"}, {"seed": "A" * 43}, {"format": "x"}]
)
def test_a_file_that_was_changed_is_none(tmp_path: Path, changed: dict[str, object]) -> None:
    chains = SkipChains(tmp_path)
    chain = chains.draw(5)
    (path,) = tmp_path.iterdir()
    path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))
    assert chains.find(chain.end) is None
    path.write_text("no JSON")
    assert (chains.find(chain.end), list(chains.kept())) == (None, [])
