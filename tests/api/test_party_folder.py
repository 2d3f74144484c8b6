"""A party's folder: keys drawn once, a statement without secrets, and what is no such folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from api.party_folder import (
    NewParty,
    PartyFolder,
    PartyProfile,
    create_party,
    encode_statement,
    parse_statement,
    read_profile,
    remember_service,
    signer_for,
)
from api.setup_errors import MalformedStatement, PartyDamaged, PartyExists, PartyMissing
from keys.identifiers import parse_origin
from keys.key_file import Cost
from keys.signer import open_signer
from ledger.commitment import commit_key
from tests.api.cli.shell import PASSPHRASE

pytestmark = pytest.mark.item("2.7")

PROFILE = PartyProfile("acme", {"en": "Acme", "zh": "艾克美"}, ("supplier",))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> NewParty:
    """One party for all tests that only read."""
    folder = PartyFolder(tmp_path_factory.mktemp("party") / "acme")
    return create_party(folder, PROFILE, passphrase=PASSPHRASE, cost=Cost.INTERACTIVE)


def test_every_key_opens_with_the_passphrase_and_is_another(made: NewParty) -> None:
    paths = (made.folder.admin_key, made.folder.next_key, made.folder.signing_key)
    opened = [
        open_signer(f"file:{path}", environment={}, passphrase=lambda: PASSPHRASE).multikey
        for path in paths
    ]
    assert len(set(opened)) == 3
    assert opened[0] == made.admin.multikey
    assert opened[2] == made.signing.multikey
    assert commit_key(opened[1]) == made.statement.next_key


def test_the_statement_holds_no_secret_and_comes_back_as_it_was(made: NewParty) -> None:
    text = made.folder.statement.read_bytes()
    assert parse_statement(text) == made.statement
    assert set(json.loads(text)) == {
        "format",
        "slug",
        "names",
        "roles",
        "accreditations",
        "entity",
        "parent",
        "admin_keys",
        "next_key",
    }


def test_keys_are_never_overwritten(made: NewParty, tmp_path: Path) -> None:
    before = made.folder.admin_key.read_bytes()
    with pytest.raises(PartyExists, match="never overwritten"):
        create_party(made.folder, PROFILE, passphrase=PASSPHRASE, cost=Cost.INTERACTIVE)
    assert made.folder.admin_key.read_bytes() == before
    empty = PartyFolder(tmp_path / "other")
    create_party(empty, PROFILE, passphrase=PASSPHRASE, cost=Cost.INTERACTIVE)


def test_the_profile_remembers_the_service(made: NewParty) -> None:
    remember_service(made.folder, url="http://127.0.0.1:1", anchor=b"{}")
    assert read_profile(made.folder).url == "http://127.0.0.1:1"
    assert read_profile(made.folder).names == PROFILE.names
    assert made.folder.anchor.read_bytes() == b"{}"


def test_no_folder_and_a_damaged_one_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(PartyMissing, match="lotmark keygen"):
        read_profile(PartyFolder(tmp_path))
    other = '{"format": "lotmark.party/v1", "slug": "a", "names": {}, "roles": 5, "url": null}'
    for text in ("{", "[]", other, other.replace("v1", "v2").replace("5", "[]"), "[" * 100_000):
        (tmp_path / "party.json").write_text(text)
        with pytest.raises(PartyDamaged):
            read_profile(PartyFolder(tmp_path))


@pytest.mark.parametrize(
    ("member", "value"),
    [("names", {"en": {}}), ("roles", [1]), ("accreditations", [[]]), ("slug", 1)],
)
def test_a_profile_with_other_values_than_texts_is_damaged(
    made: NewParty, tmp_path: Path, member: str, value: object
) -> None:
    members = json.loads(made.folder.profile.read_bytes())
    (tmp_path / "party.json").write_text(json.dumps(members))
    assert read_profile(PartyFolder(tmp_path)).slug == "acme"
    (tmp_path / "party.json").write_text(json.dumps(members | {member: value}))
    with pytest.raises(PartyDamaged):
        read_profile(PartyFolder(tmp_path))


def test_a_key_speaks_for_its_party_on_one_log(made: NewParty) -> None:
    signer = signer_for(parse_origin("quality.example"), "acme", made.signing)
    assert signer.kid == f"did:web:quality.example:parties:acme#{made.signing.multikey}"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("format", "lotmark.founder/v2"),
        ("slug", "Not A Slug"),
        ("names", []),
        ("names", {"en": {}}),
        ("names", {"en": ["Acme"]}),
        ("accreditations", [1]),
        ("accreditations", [{}]),
        ("accreditations", "iatf"),
        ("admin_keys", [1]),
        ("entity", 1),
        ("parent", {}),
        ("roles", ["king"]),
        ("roles", "supplier"),
        ("roles", [["supplier"]]),
        ("admin_keys", ["z6MkNotAKey"]),
        ("next_key", "short"),
        ("more", 1),
    ],
)
def test_another_statement_is_refused(made: NewParty, member: str, value: object) -> None:
    members = json.loads(encode_statement(made.statement))
    assert parse_statement(json.dumps(members).encode())
    with pytest.raises(MalformedStatement):
        parse_statement(json.dumps(members | {member: value}).encode())
