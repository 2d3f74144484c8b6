"""Checkpoints against other people's vectors, and every way to spell one wrongly."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from ledger.checkpoint import (
    Checkpoint,
    encode_checkpoint,
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
)
from ledger.errors import (
    BadNoteSignature,
    MalformedNote,
    NoKnownSignature,
    WrongOrigin,
)
from ledger.note import Ed25519Verifier, encode_note, parse_vkey, sign_note
from ledger.tree import EMPTY_ROOT, TreeSize
from tests.ledger.signers import a_signer
from tests.vectors import vectors_dir

pytestmark = [pytest.mark.item("2.4"), pytest.mark.item("2.done.vectors-tlog")]

ORIGIN = "log.example/lots"
LOG = a_signer(ORIGIN)
ROOT = bytes(range(32))
ROOT64 = base64.b64encode(ROOT).decode()
CHECKPOINT = Checkpoint(ORIGIN, TreeSize(7), ROOT)


@pytest.fixture(scope="module")
def go() -> Any:
    return json.loads((vectors_dir() / "tlog/go-x-mod-sumdb/tlog.json").read_text())


@pytest.fixture(scope="module")
def sumdb() -> Any:
    path = vectors_dir() / "tlog/torchwood/litewitness-sumdb.json"
    vector = json.loads(path.read_text())
    return vector | {"note": vector["cases"][0]["body"].partition("\n\n")[2]}


def test_published_tree_text_is_read_and_written(go: Any) -> None:
    expected = go["format_tree"]
    checkpoint = parse_checkpoint(expected["text"])
    assert checkpoint == Checkpoint(
        expected["origin"], TreeSize(expected["size"]), base64.b64decode(expected["hash_b64"])
    )
    assert encode_checkpoint(checkpoint) == expected["text"]


def test_published_bad_tree_texts_are_refused(go: Any) -> None:
    for text in go["parse_tree_bad"]:
        with pytest.raises(MalformedNote):
            parse_checkpoint(text)


def open_sumdb(sumdb: Any, *, note: str | None = None, origin: str | None = None) -> Checkpoint:
    verifier = Ed25519Verifier(parse_vkey(sumdb["log_vkey"]))
    data = (note or sumdb["note"]).encode()
    return open_checkpoint(data, [verifier], origin=origin or sumdb["origin"]).checkpoint


def test_checkpoint_of_the_go_checksum_database_verifies(sumdb: Any) -> None:
    # Its key is not named as its origin: one must not be derived from the other.
    assert open_sumdb(sumdb).size == 35_225_469


def test_checkpoint_of_the_go_checksum_database_is_of_its_own_origin_only(sumdb: Any) -> None:
    with pytest.raises(WrongOrigin) as refused:
        open_sumdb(sumdb, origin="sum.golang.org")
    assert refused.value.code == "wrong-origin"


@pytest.mark.parametrize(
    ("old", "new"),
    [("35225469", "35225468"), ("vt5T", "vt5U"), ("database tree", "database three")],
)
def test_altered_checkpoint_of_the_go_checksum_database_is_refused(
    sumdb: Any, old: str, new: str
) -> None:
    with pytest.raises(BadNoteSignature):
        open_sumdb(sumdb, note=sumdb["note"].replace(old, new))


def test_signed_checkpoint_is_opened() -> None:
    data = encode_note(sign_checkpoint(CHECKPOINT, [LOG]))
    opened = open_checkpoint(data, [Ed25519Verifier(LOG.key)], origin=ORIGIN)
    assert opened.checkpoint == CHECKPOINT
    assert [line.name for line in opened.verified] == [ORIGIN]


def test_checkpoint_by_an_unknown_key_is_refused() -> None:
    # The same name with another key, as a forger would make it.
    data = encode_note(sign_checkpoint(CHECKPOINT, [a_signer(ORIGIN, seed=bytes(32))]))
    with pytest.raises(NoKnownSignature):
        open_checkpoint(data, [Ed25519Verifier(LOG.key)], origin=ORIGIN)


def test_signed_text_that_is_no_checkpoint_is_a_malformed_note() -> None:
    data = encode_note(sign_note(f"{ORIGIN}\n7\n", [LOG]))
    with pytest.raises(MalformedNote) as refused:
        open_checkpoint(data, [Ed25519Verifier(LOG.key)], origin=ORIGIN)
    assert refused.value.code == "malformed-note"


WELL_FORMED = {
    f"{ORIGIN}\n7\n{ROOT64}\n": CHECKPOINT,
    f"{ORIGIN}\n0\n{base64.b64encode(EMPTY_ROOT).decode()}\n": Checkpoint(
        ORIGIN, TreeSize(0), EMPTY_ROOT
    ),
    f"a log\n{2**63 - 1}\n{ROOT64}\n": Checkpoint("a log", TreeSize(2**63 - 1), ROOT),
    f"{ORIGIN}\n7\n{ROOT64}\nx\ny z\n": Checkpoint(ORIGIN, TreeSize(7), ROOT, ("x", "y z")),
}


@pytest.mark.parametrize("text", WELL_FORMED)
def test_checkpoint_is_read_and_written(text: str) -> None:
    assert parse_checkpoint(text) == WELL_FORMED[text]
    assert encode_checkpoint(WELL_FORMED[text]) == text


MALFORMED = {
    "empty": "",
    "two lines": f"{ORIGIN}\n7\n",
    "no LF at the end": f"{ORIGIN}\n7\n{ROOT64}",
    "extension without LF": f"{ORIGIN}\n7\n{ROOT64}\nx",
    "empty origin": f"\n7\n{ROOT64}\n",
    "empty size": f"{ORIGIN}\n\n{ROOT64}\n",
    "empty root": f"{ORIGIN}\n7\n\n",
    "empty extension": f"{ORIGIN}\n7\n{ROOT64}\n\n",
    "empty extension between": f"{ORIGIN}\n7\n{ROOT64}\n\nx\n",
    "leading zero": f"{ORIGIN}\n07\n{ROOT64}\n",
    "two zeros": f"{ORIGIN}\n00\n{ROOT64}\n",
    "plus sign": f"{ORIGIN}\n+7\n{ROOT64}\n",
    "minus sign": f"{ORIGIN}\n-7\n{ROOT64}\n",
    "space before the size": f"{ORIGIN}\n 7\n{ROOT64}\n",
    "hexadecimal size": f"{ORIGIN}\n0x7\n{ROOT64}\n",
    "underscore": f"{ORIGIN}\n1_0\n{ROOT64}\n",
    "other digits": f"{ORIGIN}\n\u0667\n{ROOT64}\n",
    "size of 2^63": f"{ORIGIN}\n{2**63}\n{ROOT64}\n",
    "size of 20 digits": f"{ORIGIN}\n{10**19}\n{ROOT64}\n",
    "root of 31 bytes": f"{ORIGIN}\n7\n{base64.b64encode(ROOT[:31]).decode()}\n",
    "root of 33 bytes": f"{ORIGIN}\n7\n{base64.b64encode(ROOT + b'x').decode()}\n",
    "root without padding": f"{ORIGIN}\n7\n{ROOT64[:-1]}\n",
    "root with spare bits": f"{ORIGIN}\n7\n{ROOT64[:-2]}9=\n",
    "root in base64url": f"{ORIGIN}\n7\n{'_' * 43}=\n",
    "space after the root": f"{ORIGIN}\n7\n{ROOT64} \n",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_any_other_form_of_a_checkpoint_is_refused(name: str) -> None:
    with pytest.raises(MalformedNote) as refused:
        parse_checkpoint(MALFORMED[name])
    assert refused.value.code == "malformed-note"


@pytest.mark.parametrize(
    "checkpoint",
    [
        Checkpoint("", TreeSize(7), ROOT),
        Checkpoint("a\nb", TreeSize(7), ROOT),
        Checkpoint(ORIGIN, TreeSize(-1), ROOT),
        Checkpoint(ORIGIN, TreeSize(2**63), ROOT),
        Checkpoint(ORIGIN, TreeSize(7), ROOT[:31]),
        Checkpoint(ORIGIN, TreeSize(7), ROOT, ("",)),
        Checkpoint(ORIGIN, TreeSize(7), ROOT, ("a\nb",)),
    ],
)
def test_checkpoint_that_has_no_text_is_not_signed(checkpoint: Checkpoint) -> None:
    sign_checkpoint(CHECKPOINT, [LOG])
    with pytest.raises(MalformedNote):
        sign_checkpoint(checkpoint, [LOG])
