"""Whatever step a change of keys was interrupted at, the next one finishes it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from api.key_changes import admin_change, signing_change, switch_admin, switch_signing
from api.party_folder import NewParty, PartyFolder, PartyProfile, create_party
from api.setup_errors import KeyChangeDamaged
from keys.key_file import Cost, seal_seed
from keys.key_storage import load_key_file, store_key_file
from tests.api.cli.shell import PASSPHRASE
from tests.ledger.parties import ORIGIN, a_seed

pytestmark = pytest.mark.item("3.2.rotation")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> NewParty:
    """A party with a new key drawn."""
    folder = PartyFolder(tmp_path_factory.mktemp("party") / "acme")
    profile = PartyProfile("acme", {"en": "Acme"}, ("supplier",))
    party = create_party(folder, profile, passphrase=PASSPHRASE, cost=Cost.INTERACTIVE)
    drawn = seal_seed(a_seed("drawn"), passphrase=PASSPHRASE, cost=Cost.INTERACTIVE)
    store_key_file(admin_change(folder).drawn, drawn)
    admin_change(folder).keep("kept")
    return party


def multikey(path: Path) -> str:
    """The public key of a key file."""
    return load_key_file(path).header.multikey


@pytest.mark.parametrize("done", [0, 1, 2])
def test_a_switch_that_was_interrupted_is_finished(
    made: NewParty, tmp_path: Path, done: int
) -> None:
    folder = PartyFolder(tmp_path / "acme")
    shutil.copytree(made.folder.root, folder.root)
    change = admin_change(folder)
    committed, drawn = multikey(folder.next_key), multikey(change.drawn)
    if done >= 1:
        shutil.copy(folder.next_key, folder.admin_key)
    if done >= 2:
        change.drawn.replace(folder.next_key)
    switch_admin(change, committed)
    assert (multikey(folder.admin_key), multikey(folder.next_key)) == (committed, drawn)
    assert not list(folder.root.glob("*.pending"))


def test_a_key_that_the_log_did_not_put_in_force_takes_no_place(
    made: NewParty, tmp_path: Path
) -> None:
    folder = PartyFolder(tmp_path / "acme")
    shutil.copytree(made.folder.root, folder.root)
    before = folder.admin_key.read_bytes()
    with pytest.raises(KeyChangeDamaged, match=r"in .*next-admin\.key"):
        switch_admin(admin_change(folder), made.signing.multikey)
    assert folder.admin_key.read_bytes() == before
    with pytest.raises(KeyChangeDamaged, match="expected the record"):
        admin_change(folder).begun(ORIGIN)


def test_a_signing_key_takes_its_place_once(made: NewParty, tmp_path: Path) -> None:
    folder = PartyFolder(tmp_path / "acme")
    shutil.copytree(made.folder.root, folder.root)
    change = signing_change(folder)
    drawn = admin_change(folder).drawn
    shutil.copy(drawn, change.drawn)
    old = multikey(folder.signing_key)
    # As it is left by a crash between the two steps.
    folder.signing_key.with_name("signing.key.ended-1").hardlink_to(folder.signing_key)
    switch_signing(change, is_kept=True)
    switch_signing(change, is_kept=True)
    assert multikey(folder.signing_key) == multikey(drawn)
    assert [multikey(path) for path in folder.root.glob("*.ended-*")] == [old]
