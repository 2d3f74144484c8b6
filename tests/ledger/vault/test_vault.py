"""The vault on rows: what opens, what is gone, and after a crash at which step."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from keys.encoding import encode_base64url
from ledger import limits
from ledger.vault.epoch_file import epoch_of, span_of
from ledger.vault.erasing import without_groups
from ledger.vault.errors import EpochMissing, ShelfMissing
from ledger.vault.sealing import VaultRow
from ledger.vault.shelf import KeyShelf
from ledger.vault.vault import Vault
from tests.ledger.vault.vault_rows import disclosures, looked_up, sealed

pytestmark = pytest.mark.item("5.6")

TEXTS = {3: disclosures("a", "b"), 5: disclosures("c"), 4_095: disclosures("d")}


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    """A vault whose shelf is empty."""
    return Vault(KeyShelf(tmp_path / "shelf"))


def again(vault: Vault) -> Vault:
    """The same shelf in another process."""
    return Vault(KeyShelf(vault.shelf.folder))


def erased(
    vault: Vault, rows: dict[int, VaultRow], index: int, *groups: str
) -> dict[int, VaultRow]:
    """The rows after an erasure."""
    new = vault.erase(looked_up(rows), index=index, groups=groups)
    return rows | {row.entry: row for row in new}


def test_what_is_sealed_opens_with_its_shelf(vault: Vault) -> None:
    rows = sealed(vault, TEXTS)
    assert again(vault).open(looked_up(rows)) == TEXTS


def test_rows_hold_no_plaintext(vault: Vault) -> None:
    for row in sealed(vault, TEXTS).values():
        assert TEXTS[row.entry].encode() not in row.content


def test_a_group_may_reach_over_two_epochs(vault: Vault) -> None:
    last = limits.VAULT_EPOCH_ENTRIES - 1
    texts = {last: "a~", last + 1: "b~"}
    rows = sealed(vault, texts)
    assert vault.open(looked_up(rows)) == texts
    assert rows[last].epoch_key != rows[last + 1].epoch_key
    assert span_of(epoch_of(last + 1)).start == last + 1


def test_a_row_does_not_open_for_another_record(vault: Vault) -> None:
    rows = sealed(vault, TEXTS)
    moved = {5: rows[3]._replace(entry=5)}
    assert vault.open(looked_up(rows, 3)) == {3: TEXTS[3]}
    assert vault.open(looked_up(moved)) == {}


@pytest.mark.parametrize("version", [0, 2, -1, 2**32, 2**70])
def test_a_row_does_not_open_under_another_version(vault: Vault, version: int) -> None:
    rows = sealed(vault, TEXTS)
    assert vault.open(looked_up({3: rows[3]._replace(version=version)})) == {}


def test_erased_groups_are_gone_and_all_else_opens(vault: Vault) -> None:
    rows = erased(vault, sealed(vault, TEXTS), 3, "a")
    left = TEXTS | {3: disclosures("b")}
    assert vault.open(looked_up(rows)) == left
    assert again(vault).open(looked_up(rows)) == left


@pytest.mark.item("5.done.erased-backup")
def test_rows_of_before_the_erasure_open_but_for_what_was_erased(vault: Vault) -> None:
    # The rows of yesterday's backup, or those of a crash between the shelf and the database.
    before = sealed(vault, TEXTS)
    erased(vault, before, 3, "a")
    assert again(vault).open(looked_up(before)) == TEXTS | {3: disclosures("b")}


def test_a_process_that_knew_the_old_key_opens_nothing_more(vault: Vault) -> None:
    other, before = again(vault), sealed(vault, TEXTS)
    assert other.open(looked_up(before)) == TEXTS
    erased(vault, before, 3, "a")
    assert other.open(looked_up(before)) == TEXTS | {3: disclosures("b")}


def test_an_old_shelf_is_what_opens_the_erased(vault: Vault, tmp_path: Path) -> None:
    before = sealed(vault, TEXTS)
    shutil.copytree(vault.shelf.folder, tmp_path / "copy")
    after = erased(vault, before, 3, "a")
    old = Vault(KeyShelf(tmp_path / "copy"))
    assert old.open(looked_up(before)) == TEXTS
    assert old.open(looked_up(after)) == {}


def test_an_erasure_may_be_repeated_and_finishes_what_a_crash_left(vault: Vault) -> None:
    before = sealed(vault, TEXTS)
    vault.erase(looked_up(before), index=3, groups=["a"])
    key = vault.shelf.read(0).file.key_id
    rows = erased(vault, before, 3, "a")
    assert vault.shelf.read(0).file.key_id == key, "nothing was left to erase"
    assert {row.epoch_key for row in rows.values()} == {key}
    assert vault.erase(looked_up(rows), index=3, groups=["a"]) == ()


def test_a_second_erasure_keeps_what_the_first_one_left(vault: Vault) -> None:
    before = sealed(vault, TEXTS)
    rows = erased(vault, before, 3, "a")
    rows |= sealed(vault, {7: disclosures("e", "f")})
    rows = erased(vault, rows, 7, "e")
    left = TEXTS | {3: disclosures("b"), 7: disclosures("f")}
    assert again(vault).open(looked_up(rows)) == left
    assert again(vault).open(looked_up(before)) == {i: left[i] for i in before}


def test_the_last_group_may_be_erased_and_is_not_lost(vault: Vault) -> None:
    rows = erased(vault, sealed(vault, TEXTS), 5, "c")
    assert 5 not in vault.open(looked_up(rows))
    assert not vault.is_lost(looked_up(rows, 5)[0])


def test_the_same_group_of_another_record_stays(vault: Vault) -> None:
    texts = {1: disclosures("a", "b"), 2: disclosures("a", "b")}
    rows = erased(vault, sealed(vault, texts), 1, "a", "b")
    assert vault.open(looked_up(rows)) == {2: texts[2]}


@pytest.mark.parametrize("groups", [(), ("z",)])
def test_erasing_what_is_not_there_changes_nothing(vault: Vault, groups: tuple[str, ...]) -> None:
    rows = sealed(vault, TEXTS)
    key = vault.shelf.read(0).file.key_id
    assert vault.erase(looked_up(rows), index=3, groups=groups) == ()
    assert vault.shelf.read(0).file.key_id == key


def test_contents_that_do_not_open_lose_their_key_all_the_same(vault: Vault) -> None:
    before = sealed(vault, TEXTS)
    without = {index: row for index, row in before.items() if index != 3}
    vault.erase(looked_up(without, 3, 5, 4_095), index=3, groups=["a"])
    assert vault.open(looked_up(before)) == {i: TEXTS[i] for i in (5, 4_095)}


def test_a_lost_epoch_file_loses_its_contents_only(vault: Vault) -> None:
    texts = TEXTS | {limits.VAULT_EPOCH_ENTRIES: disclosures("z")}
    rows = sealed(vault, texts)
    (vault.shelf.folder / "epochs" / f"{0:012d}.json").unlink()
    found = looked_up(rows)
    assert vault.open(found) == {limits.VAULT_EPOCH_ENTRIES: disclosures("z")}
    assert [vault.is_lost(one) for one in found] == [True, True, True, False]
    with pytest.raises(EpochMissing, match="expected the keys of entries from 0 on"):
        vault.shelf.read(0)
    # New contents go in under a new key; the old rows stay lost.
    new = sealed(vault, {9: "x~"})
    assert vault.open(looked_up(rows | new)) == {9: "x~", 4_096: disclosures("z")}


def test_a_missing_shelf_is_named(tmp_path: Path) -> None:
    shelf = KeyShelf(tmp_path / "shelf")
    with pytest.raises(ShelfMissing, match="expected the key shelf of this log in"):
        shelf.expect()
    shelf.make()
    shelf.expect()


def test_an_envelope_goes_with_its_group() -> None:
    envelope = "!" + encode_base64url(json.dumps({"group": "a", "ciphertext": "x"}).encode())
    other = "!" + encode_base64url(json.dumps({"group": "b", "ciphertext": "x"}).encode())
    text = f"{disclosures('c')}{envelope}~{other}~"
    assert without_groups(text, ["a"]) == f"{disclosures('c')}{other}~"
    assert without_groups(text, ["c"]) == f"{envelope}~{other}~"
    assert without_groups(text, ["a", "b", "c"]) == ""
    assert without_groups("no~disclosure~", ["a"]) == "no~disclosure~"
