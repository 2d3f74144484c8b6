"""``lotmark witness`` and ``verify-fork`` as an operator meets them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import Result

from api.witness_folder import WitnessFolder, read_witness
from ledger.anchor import encode_anchor
from ledger.note import encode_vkey
from ledger.store_witness import WitnessStore
from tests.api.cli.shell import PASSPHRASE, ROOT
from tests.api.cli.solo import lotmark
from tests.ledger.signers import a_signer
from tests.ledger.witness_requests import ORIGIN, History

pytestmark = [pytest.mark.item("3.4"), pytest.mark.item("3.4.forks")]

HONEST = History()
FORKED = History(fork=3)
NAME = "witness.example/w1"


def anchor_file(folder: Path, history: History = HONEST, *, seed: bytes | None = None) -> Path:
    vkey = encode_vkey(a_signer(history.origin, seed=seed).key)
    path = folder / "anchor.json"
    text = encode_anchor(history.origin, f"log {vkey}\nquorum none\n", "A" * 43)
    path.write_text(text, "utf-8")
    return path


class Shelf:
    """A witness's folder, and the commands run on it."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "witness"
        self.root = root

    def run(self, *arguments: str) -> Result:
        return lotmark("witness", *arguments, "--folder", str(self.folder))

    def json(self, *arguments: str, exit_code: int = 0) -> dict[str, Any]:
        result = self.run(*arguments, "--json")
        assert result.exit_code == exit_code, result.stderr
        return dict(json.loads(result.stdout))

    @contextmanager
    def served(self) -> Iterator[str]:
        command = [sys.executable, "-m", "api.cli", "witness", "serve", "--json", "--port", "0"]
        process = subprocess.Popen(
            [*command, "--folder", str(self.folder)],
            cwd=ROOT,
            env={"LOTMARK_PASSPHRASE": PASSPHRASE, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert process.stdout is not None
            document = ""
            while not document.endswith("}\n"):
                document += process.stdout.readline()
            url = str(json.loads(document)["url"])
            # It listens already; once it answers it also takes the signal that stops it.
            assert httpx.get(f"{url}/livez", timeout=60).text == "alive\n"
            yield url
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
        assert process.returncode == 0


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    made = Shelf(tmp_path)
    assert made.run("init", "--name", NAME, "--url", "http://w.example").exit_code == 0
    assert made.run("add-log", str(anchor_file(tmp_path))).exit_code == 0
    return made


def ask(url: str, body: bytes) -> int:
    return httpx.post(f"{url}/add-checkpoint", content=body).status_code


def test_a_forked_log_is_named_and_its_evidence_convinces_offline(
    shelf: Shelf, tmp_path: Path
) -> None:
    with shelf.served() as url:
        assert ask(url, HONEST.request(0, 6)) == 200
        assert shelf.json("show")["logs"][0]["size"] == 6
        assert ask(url, FORKED.request(6, 9)) == 422
    shown = shelf.run("show", "--language", "en")
    assert shown.exit_code == 1
    assert f"log {ORIGIN}" in shown.stdout
    assert "has signed two histories" in shown.stdout
    chinese = shelf.run("show", "--language", "zh")
    assert chinese.exit_code == 1
    assert "签署了两个历史" in chinese.stdout
    (file,) = shelf.json("export-evidence", "--out", str(tmp_path / "evidence"))["files"]
    anchor = str(anchor_file(tmp_path))
    for language, word in (("en", "has signed two histories"), ("zh", "签署了两个历史")):
        checked = lotmark("verify-fork", file, "--anchor", anchor, "--language", language)
        assert checked.exit_code == 0, checked.stderr
        assert word in checked.stdout
    members = json.loads(lotmark("verify-fork", file, "--anchor", anchor, "--json").stdout)
    assert (members["first"]["size"], members["second"]["size"]) == (6, 9)
    # Who holds another key of that name is not convinced.
    other = str(anchor_file(tmp_path, seed=b"\x01" * 32))
    refused = lotmark("verify-fork", file, "--anchor", other)
    assert refused.exit_code == 1
    assert "refused: no-known-signature" in refused.stderr


def test_an_honest_log_leaves_status_zero(shelf: Shelf, tmp_path: Path) -> None:
    never = shelf.run("show", "--language", "en")
    assert (never.exit_code, "nothing cosigned yet" in never.stdout) == (0, True)
    with shelf.served() as url:
        assert ask(url, HONEST.request(0, 6)) == 200
        assert ask(url, HONEST.request(6, 8, proof=[b"\x07" * 32])) == 422
    shown = shelf.run("show", "--language", "en")
    assert shown.exit_code == 0
    assert "that alone shows nothing" in shown.stdout
    assert shelf.json("export-evidence", "--out", str(tmp_path / "none"))["files"] == []


def test_two_witnesses_do_not_share_a_folder(shelf: Shelf) -> None:
    again = shelf.run("init", "--name", "another.example")
    assert again.exit_code == 1
    assert "refused: witness-exists" in again.stderr
    with shelf.served():
        second = shelf.run("serve", "--port", "0")
    assert second.exit_code == 1
    assert "refused: store-in-use" in second.stderr


def test_a_witness_without_its_memory_does_not_serve(shelf: Shelf) -> None:
    (shelf.folder / "witness.db").unlink()
    refused = shelf.run("serve", "--port", "0")
    assert refused.exit_code == 1
    assert "refused: witness-state-lost" in refused.stderr
    assert "new name" in refused.stderr


def test_the_key_may_be_one_that_is_there_already(tmp_path: Path) -> None:
    seed = "A" * 43
    made = lotmark(
        *("witness", "init", "--name", NAME, "--key", "env:WITNESS_SEED"),
        *("--folder", str(tmp_path / "w"), "--json"),
        env={"WITNESS_SEED": seed},
    )
    assert made.exit_code == 0, made.stderr
    line = json.loads(made.stdout)["policy_line"]
    assert line.startswith(f"witness {NAME} {NAME}+")
    assert not (tmp_path / "w" / "witness.key").exists()


def test_a_log_is_named_by_an_anchor_or_by_origin_and_key(shelf: Shelf, tmp_path: Path) -> None:
    vkey = encode_vkey(a_signer("key.example").key)
    added = shelf.json("add-log", "--origin", "go.sum database tree", "--vkey", vkey)
    assert added == {"origin": "go.sum database tree", "vkeys": [vkey]}
    both = shelf.run("add-log", str(anchor_file(tmp_path)), "--origin", ORIGIN)
    assert both.exit_code == 2
    assert shelf.run("add-log").exit_code == 2
    cosigner = json.loads(shelf.folder.joinpath("witness.json").read_text())["vkey"]
    refused = shelf.run("add-log", "--origin", "x", "--vkey", cosigner)
    assert "refused: malformed-verifier-key" in refused.stderr


def test_no_witness_is_told_with_what_to_do(tmp_path: Path) -> None:
    missing = lotmark("witness", "show", "--folder", str(tmp_path / "none"))
    assert missing.exit_code == 1
    assert "lotmark witness init" in missing.stderr


@pytest.mark.parametrize("folder", [(), ("--folder", "ours/w1")], ids=["default", "named"])
def test_a_witness_lives_in_a_folder_named_from_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    made = lotmark("witness", "init", "--name", NAME, *folder)
    assert made.exit_code == 0, made.stderr
    assert lotmark("witness", "add-log", str(anchor_file(tmp_path)), *folder).exit_code == 0
    shown = lotmark("witness", "show", "--language", "en", *folder)
    assert (shown.exit_code, "nothing cosigned yet" in shown.stdout) == (0, True)
    root = Path(folder[-1] if folder else "witness")
    store = WitnessStore(root / "witness.db", vkey=read_witness(WitnessFolder(root)).vkey)
    monkeypatch.chdir("/")
    # A connection that is opened only now is to the same file.
    assert store.last() == {}
    store.close()


def test_a_witness_that_could_not_be_made_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    init = ("witness", "init", "--folder", str(folder), "--name")
    refused = lotmark(*init, "no name+")
    assert (refused.exit_code, "malformed-verifier-key" in refused.stderr) == (1, True)
    assert not folder.exists()
    assert lotmark(*init, NAME).exit_code == 0
