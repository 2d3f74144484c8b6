"""Keys are rotated, brought from devices, declared stolen: with the commands alone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import Result

from api.cli.options import open_key_file
from keys.key_file import Cost, seal_seed
from keys.key_storage import load_key_file, store_key_file
from tests.api.cli.answer_cut import cut_answers
from tests.api.cli.shell import PASSPHRASE, ROOT
from tests.api.cli.solo import SLUG, SoloLog, lotmark

pytestmark = pytest.mark.item("3.done.cli")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SoloLog]:
    """A log of one party, served."""
    found = SoloLog(tmp_path)
    with found.served():
        yield found


def multikey(path: Path) -> str:
    """The public key of a key file."""
    return load_key_file(path).header.multikey


def key_of(log: SoloLog, found: str) -> dict[str, Any]:
    """A key in the answer of 'lotmark keys'."""
    keys = log.json("keys")["keys"]
    key: dict[str, Any] = next(item for item in keys if item["kid"].endswith(found))
    return key


def code(log: SoloLog, *arguments: str) -> str:
    """The code of a command that must be refused."""
    result = log.run(*arguments, "--json")
    assert result.exit_code == 1, result.stdout
    return str(json.loads(result.stdout)["error"]["code"])


def rotate_and_die(log: SoloLog) -> None:
    """Run 'lotmark rotate' in a process that is killed when the log has answered it."""
    processes: list[subprocess.Popen[bytes]] = []

    def kill() -> None:
        processes[0].kill()

    with cut_answers(log.port, kill) as port:
        command = [sys.executable, "-m", "api.cli", "rotate", "--yes"]
        environment = {
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "LOTMARK_PASSPHRASE": PASSPHRASE,
            "LOTMARK_COST": "interactive",
            "LOTMARK_PARTY": str(log.party),
            "LOTMARK_URL": f"http://127.0.0.1:{port}",
        }
        processes.append(subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL))
        assert processes[0].wait(60) == -9


@pytest.mark.item("3.2.rotation")
def test_a_rotation_killed_after_its_admission_is_finished_by_running_it_again(
    log: SoloLog,
) -> None:
    admin, committed = (multikey(log.party / name) for name in ("admin.key", "next-admin.key"))
    size = log_size(log)
    rotate_and_die(log)
    # The log has it, the folder has not: the old file would sign nothing any more.
    assert log_size(log) == size + 1
    assert multikey(log.party / "admin.key") == admin
    assert code(log, "register-key") == "key-not-valid"
    following = multikey(log.party / "next-admin.key.pending")

    # Who cannot open the new key is told before it takes the place of the one that opens.
    mistyped = mistyping(log, "rotate", "--yes")
    assert (mistyped.exit_code, "refused: wrong-passphrase" in mistyped.stderr) == (1, True)
    assert "may have been sent already" in mistyped.stderr
    assert multikey(log.party / "next-admin.key.pending") == following

    again = log.run("rotate", "--yes")
    assert again.exit_code == 0, again.stderr
    assert "going on from there" in again.stderr
    assert log_size(log) == size + 1
    assert multikey(log.party / "admin.key") == committed
    assert multikey(log.party / "next-admin.key") == following
    assert not list(log.party.glob("*.pending"))
    assert key_of(log, admin)["ended_at"] == size
    assert "the one in next-admin.key" in log.run("keys").stdout

    # And the new pair rotates once more.
    assert log.json("rotate", "--yes")["multikey"] == following


ROTATIONS = [
    pytest.param(("rotate", "--yes"), "next-admin.key", id="admin"),
    pytest.param(("rotate", "--signing", "--yes"), "signing.key", id="signing"),
]


def mistyping(log: SoloLog, *arguments: str) -> Result:
    """Run a command as the party under a passphrase that opens none of its keys."""
    env = {"LOTMARK_PARTY": str(log.party), "LOTMARK_URL": log.url, "LOTMARK_PASSPHRASE": "typo"}
    return lotmark(*arguments, env=env)


@pytest.mark.item("3.2.rotation")
@pytest.mark.parametrize(("command", "name"), ROTATIONS)
def test_a_mistyped_passphrase_seals_no_key_that_the_log_will_have(
    log: SoloLog, command: tuple[str, ...], name: str
) -> None:
    refused = mistyping(log, *command)
    assert (refused.exit_code, "refused: wrong-passphrase" in refused.stderr) == (1, True)
    assert not list(log.party.glob("*.pending"))
    made = log.json(*command)
    opened = open_key_file(log.party / name, PASSPHRASE)
    assert opened.multikey == multikey(log.party / name)
    assert made["index"] == log_size(log) - 1


@pytest.mark.item("3.2.rotation")
@pytest.mark.parametrize(("command", "name"), ROTATIONS)
def test_a_drawn_key_that_does_not_open_and_was_not_sent_is_drawn_anew(
    log: SoloLog, command: tuple[str, ...], name: str
) -> None:
    sealed = seal_seed(b"\x07" * 32, passphrase="typo", cost=Cost.INTERACTIVE)
    store_key_file(log.party / f"{name}.pending", sealed)
    made = log.run(*command)
    assert made.exit_code == 0, made.stderr
    assert "nothing was sent with it" in made.stderr
    assert multikey(log.party / name) != sealed.header.multikey
    assert open_key_file(log.party / name, PASSPHRASE)
    assert not list(log.party.glob("*.pending"))


def log_size(log: SoloLog) -> int:
    """How many entries the log has."""
    return int(httpx.get(f"{log.url}/readyz", verify=False).json()["size"])


@pytest.mark.item("3.2")
def test_a_signing_key_is_replaced_and_the_old_one_superseded(log: SoloLog) -> None:
    path = log.party / "signing.key"
    old = multikey(path)
    made = log.json("rotate", "--signing", "--yes")
    assert multikey(path) == made["multikey"] != old
    assert key_of(log, old)["superseded_s"] is not None
    assert key_of(log, made["multikey"])["uses"] == key_of(log, old)["uses"]
    assert not list(log.party.glob("*.pending"))
    assert log.run("show").exit_code == 2
    assert log.run("show", "0").exit_code == 0


@pytest.mark.item("3.2.contested")
def test_a_stolen_key_ends_its_entries_are_contested_and_one_is_affirmed(
    log: SoloLog, tmp_path: Path
) -> None:
    device = tmp_path / "phone"
    anchor = str(log.data / "anchor.json")
    made = lotmark("device-key", SLUG, "--party", str(device), "--anchor", anchor)
    assert made.exit_code == 0, made.stderr
    uses = ("--use", "record:parameters", "--use", "requests")
    key = log.json("register-key", "--from", str(device / "device.json"), *uses)["multikey"]
    document = tmp_path / "heat.json"
    document.write_text("{}")
    bring = ("define", "parameters", "heat", str(document), "--party", str(device))
    brought = log.json(*bring)

    narrowed = ("revoke", key[-8:], "--reason", "other", "--keep", "record:parameters", "--yes")
    log.json(*narrowed)
    assert key_of(log, key)["uses"] == ["record:parameters"]

    # Named by the entry that registered it: the phone is gone, and its key with it.
    since = str(key_of(log, key)["registered_at"])
    stolen = ("revoke", since, "--reason", "stolen", "--contested-from", str(brought["index"]))
    asked = log.run(*stolen)
    assert asked.exit_code == 1
    assert f"from entry {brought['index']} on is contested" in asked.stderr
    ended = log.json(*stolen, "--yes")
    (contested,) = key_of(log, key)["contested"]
    assert (contested["from"], contested["at"]) == (brought["index"], ended["index"])
    assert code(log, *bring) == "key-not-valid"
    assert code(log, "revoke", key, "--reason", "stolen", "--yes") == "key-not-valid"

    log.json("reaffirm", str(brought["index"]), "--yes")
    assert code(log, "reaffirm", brought["record_id"], "--yes") == "not-permitted"


def test_the_last_signing_key_and_the_last_admin_key_are_told_apart(log: SoloLog) -> None:
    asked = log.run("revoke", "--signing", "--reason", "lost")
    assert (asked.exit_code, "it is the last signing key" in asked.stderr) == (1, True)
    old = multikey(log.party / "signing.key")
    ended = log.run("revoke", "--signing", "--reason", "lost", "--yes")
    assert (ended.exit_code, "next: 'lotmark rotate --signing'" in ended.stdout) == (0, True)
    admin = multikey(log.party / "admin.key")
    assert code(log, "revoke", admin, "--reason", "lost", "--yes") == "not-permitted"
    # The key that ended is never in force again; another one is drawn in its place.
    again = log.run("register-key", "--json")
    error = json.loads(again.stdout)["error"]
    at = key_of(log, old)["ended_at"]
    assert error["code"] == "key-not-valid"
    assert f"was ended by entry {at}" in error["remedy"]
    assert "'lotmark rotate --signing'" in error["remedy"]
    drawn = log.json("rotate", "--signing", "--yes")["multikey"]
    assert multikey(log.party / "signing.key") == drawn
    assert multikey(log.party / "signing.key.ended-1") == old
    assert key_of(log, drawn)["ended_at"] is None
    assert code(log, "revoke", "z6MkNone", "--reason", "lost", "--yes") == "key-not-valid"


def test_a_device_key_for_another_party_is_not_registered(log: SoloLog, tmp_path: Path) -> None:
    anchor = str(log.data / "anchor.json")
    other = tmp_path / "other"
    assert lotmark("device-key", "other", "--party", str(other), "--anchor", anchor).exit_code == 0
    found = code(log, "register-key", "--from", str(other / "device.json"))
    assert found == "malformed-statement"
