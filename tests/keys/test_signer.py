"""Signers: opened from a URI, refused with a remedy, and silent about their secrets."""

from __future__ import annotations

import traceback
from functools import cache
from pathlib import Path

import pytest

from keys.ed25519 import public_key_of, sign, verify
from keys.encoding import encode_base64url
from keys.errors import (
    DamagedKeyFile,
    MalformedKey,
    SignerUnavailable,
    UnusablePassphrase,
    WrongPassphrase,
)
from keys.key_file import Cost, KeyFile, seal_seed
from keys.key_storage import store_key_file
from keys.multikey import encode_multikey
from keys.signer import BUILT_IN_SCHEMES, KeyAccess, SeedSigner, Signer, open_signer

pytestmark = pytest.mark.item("2.2")

SEED = bytes(range(100, 132))
SEED_TEXT = encode_base64url(SEED)
PASSPHRASE = "correct horse"
OTHER_PASSPHRASE = "wrong battery"
MESSAGE = b"lotmark.test/v1\nlot 17"


@cache
def a_key_file() -> KeyFile:
    return seal_seed(SEED, passphrase=PASSPHRASE, cost=Cost.INTERACTIVE)


@pytest.fixture
def key_path(tmp_path: Path) -> Path:
    path = tmp_path / "party.key"
    store_key_file(path, a_key_file())
    return path


def never_asked() -> str:
    pytest.fail("the passphrase was asked for")


def check_signer(signer: Signer) -> None:
    """What every signer does, wherever its key is kept."""
    assert signer.public_key == public_key_of(SEED)
    assert signer.multikey == encode_multikey(signer.public_key)
    assert signer.sign(MESSAGE) == sign(SEED, MESSAGE)
    verify(signer.public_key, MESSAGE, signer.sign(MESSAGE))


def test_a_seed_signer_signs_as_its_seed() -> None:
    check_signer(SeedSigner(SEED))


def test_a_variable_signer_signs_as_its_seed() -> None:
    check_signer(open_signer("env:LOG_KEY", environment={"LOG_KEY": SEED_TEXT}))


@pytest.mark.parametrize("form", ["file:{}", "file://{}"])
def test_a_file_signer_signs_as_its_seed(key_path: Path, form: str) -> None:
    uri = form.format(key_path)
    check_signer(open_signer(uri, environment={}, passphrase=lambda: PASSPHRASE))


def test_a_relative_path_is_taken_from_the_working_folder(
    key_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(key_path.parent)
    check_signer(open_signer("file:party.key", environment={}, passphrase=lambda: PASSPHRASE))


def test_the_passphrase_variable_goes_before_the_prompt(key_path: Path) -> None:
    environment = {"LOTMARK_PASSPHRASE": PASSPHRASE}
    check_signer(open_signer(f"file:{key_path}", environment=environment, passphrase=never_asked))


def test_a_key_service_is_a_further_scheme() -> None:
    def open_service(rest: str, access: KeyAccess) -> Signer:
        return SeedSigner(SEED if (rest, access.environment["REGION"]) == ("log/1", "eu") else b"")

    schemes = {**BUILT_IN_SCHEMES, "kms": open_service}
    check_signer(open_signer("kms:log/1", environment={"REGION": "eu"}, schemes=schemes))


def test_an_unknown_scheme_is_refused_with_a_remedy() -> None:
    with pytest.raises(SignerUnavailable, match=r"env, file, found 'kms'; use file:PATH") as found:
        open_signer("kms:log/1", environment={})
    assert found.value.code == "signer-unavailable"


@pytest.mark.parametrize("uri", ["", SEED_TEXT, ":x", "FILE:x", "/a/b:c", f"{SEED_TEXT}:x"])
def test_a_text_without_a_scheme_is_refused_and_not_repeated(uri: str) -> None:
    with pytest.raises(SignerUnavailable, match="expected a signer URI") as found:
        open_signer(uri, environment={})
    assert SEED_TEXT[:8] not in shown(found.value)


@pytest.mark.parametrize(
    "value",
    ["", "x", SEED_TEXT[:-1], SEED_TEXT + "A", SEED_TEXT + "=", SEED_TEXT + "\n", SEED.hex()],
)
def test_a_variable_that_holds_no_seed_is_refused_and_not_repeated(value: str) -> None:
    with pytest.raises(SignerUnavailable, match="expected 32 bytes of seed in base64url") as found:
        open_signer("env:LOG_KEY", environment={"LOG_KEY": value})
    assert len(value) < 8 or value[:8] not in shown(found.value)
    assert found.value.__context__ is None


def test_an_unset_variable_is_refused_with_a_remedy() -> None:
    with pytest.raises(SignerUnavailable, match="found it unset; set and export it"):
        open_signer("env:LOG_KEY", environment={"OTHER": SEED_TEXT})


@pytest.mark.parametrize("name", ["", "1X", "A B", "A=B", "LOG-KEY", "Ä"])
def test_a_name_that_no_variable_has_is_refused(name: str) -> None:
    with pytest.raises(SignerUnavailable, match="expected env:NAME"):
        open_signer(f"env:{name}", environment={name: SEED_TEXT})


def test_a_wrong_passphrase_is_refused_and_not_repeated(key_path: Path) -> None:
    with pytest.raises(WrongPassphrase) as found:
        open_signer(f"file:{key_path}", environment={}, passphrase=lambda: OTHER_PASSPHRASE)
    assert OTHER_PASSPHRASE not in shown(found.value)


def test_a_file_signer_without_any_passphrase_is_refused_with_a_remedy(key_path: Path) -> None:
    with pytest.raises(UnusablePassphrase, match="set LOTMARK_PASSPHRASE or"):
        open_signer(f"file:{key_path}", environment={})


def test_nobody_is_asked_for_the_passphrase_of_a_file_that_cannot_open(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.key"
    damaged.write_text("{}", "utf-8")
    with pytest.raises(DamagedKeyFile):
        open_signer(f"file:{damaged}", environment={}, passphrase=never_asked)
    with pytest.raises(SignerUnavailable, match="bring it back"):
        open_signer(f"file:{tmp_path}/none.key", environment={}, passphrase=never_asked)


def test_a_file_uri_with_a_host_is_refused(key_path: Path) -> None:
    with pytest.raises(SignerUnavailable, match="found file: with a host"):
        open_signer(f"file://server{key_path}", environment={}, passphrase=never_asked)


def test_nothing_that_holds_a_secret_shows_it() -> None:
    signer = SeedSigner(SEED)
    access = KeyAccess({"LOG_KEY": SEED_TEXT}, lambda: PASSPHRASE)
    for text in (repr(signer), str(signer), f"{signer!r:>200}", repr(access), repr(a_key_file())):
        assert SEED_TEXT not in text
        assert repr(SEED) not in text
        assert SEED.hex() not in text
        assert PASSPHRASE not in text
    assert repr(signer) == f"SeedSigner({signer.multikey})"


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_seed_of_another_length_makes_no_signer(length: int) -> None:
    with pytest.raises(MalformedKey, match=f"expected 32 bytes of seed, found {length}"):
        SeedSigner(bytes(length))


def shown(error: BaseException) -> str:
    return repr(error) + "".join(traceback.format_exception(error))
