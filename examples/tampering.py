"""What a dishonest hand could do to a view, each with the code it must be refused with."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from keys.ed25519 import generate_seed, public_key_of, sign
from keys.encoding import decode_base64url, encode_base64url
from keys.multikey import encode_multikey
from ledger.checkpoint import parse_checkpoint, sign_checkpoint
from ledger.disclosure import encode_disclosure, tag_of
from ledger.note import ED25519_NOTE, Ed25519Signer, KeyName, VerifierKey, encode_note, parse_note

Members = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tampered:
    """A changed view, what was done to it, and the code of the refusal it must meet."""

    what: str
    code: str
    view: bytes


def tampered_views(honest: bytes, another: bytes) -> Iterator[Tampered]:
    """Every attack of the demo on one view; ``another`` is a view of another party's record."""
    for what, code, change in (
        ("one byte of a disclosed value is changed", "disclosure-unused", _change_value),
        ("one byte of the signed record is changed", "not-included", _change_record),
        ("the record is signed again with a stranger's key", "not-included", _sign_again),
        ("the checkpoint is signed with a forged log key", "log-signature-missing", _forge_log),
        ("the key path leaves out the key's own entry", "key-not-registered", _cut_key_path),
        ("two entries change places", "wrong-index", _swap_entries),
        ("an entry takes the place of another", "not-included", _swap_contents),
        ("a disclosure is added that was never signed", "disclosure-unused", _add_disclosure),
    ):
        yield Tampered(what, code, _changed(honest, change))
    taken = json.loads(another)["records"][0]["disclosures"][0]
    yield Tampered(
        "another party's disclosure is added",
        "disclosure-not-of-this-record",
        _changed(honest, lambda view: view["records"][0]["disclosures"].append(taken)),
    )


def _changed(view: bytes, change: Callable[[Members], None]) -> bytes:
    members = copy.deepcopy(json.loads(view))
    change(members)
    return json.dumps(members, ensure_ascii=False).encode()


def _record_entry(view: Members) -> Members:
    entry: Members = view["entries"][view["records"][0]["entry"]]
    return entry


def _change_value(view: Members) -> None:
    shown = view["records"][0]["disclosures"]
    array = json.loads(decode_base64url(shown[-1]))
    array[2] = {**array[2], "changed": True}
    shown[-1] = encode_disclosure(*array)


def _change_record(view: Members) -> None:
    entry = _record_entry(view)
    head, payload, signature = entry["jws"].split(".")
    claims = json.loads(decode_base64url(payload))
    claims["iat"] += 1
    changed = encode_base64url(json.dumps(claims, separators=(",", ":")).encode())
    entry["jws"] = f"{head}.{changed}.{signature}"


def _sign_again(view: Members) -> None:
    entry = _record_entry(view)
    header, payload, _ = entry["jws"].split(".")
    seed = generate_seed()
    members = json.loads(decode_base64url(header))
    did = members["kid"].partition("#")[0]
    members["kid"] = f"{did}#{encode_multikey(public_key_of(seed))}"
    signed = f"{encode_base64url(json.dumps(members, separators=(',', ':')).encode())}.{payload}"
    entry["jws"] = f"{signed}.{encode_base64url(sign(seed, signed.encode()))}"


def _forge_log(view: Members) -> None:
    checkpoint = parse_checkpoint(parse_note(view["checkpoint"].encode()).text)
    seed = generate_seed()
    key = VerifierKey(KeyName(checkpoint.origin), ED25519_NOTE, public_key_of(seed))
    forger = Ed25519Signer(key, lambda message: sign(seed, message))
    view["checkpoint"] = encode_note(sign_checkpoint(checkpoint, [forger])).decode()


def _cut_key_path(view: Members) -> None:
    view["records"][0]["keys"].pop()


def _swap_entries(view: Members) -> None:
    entries = view["entries"]
    entries[0], entries[1] = entries[1], entries[0]


def _swap_contents(view: Members) -> None:
    first, second = view["entries"][0], view["entries"][1]
    first["jws"], second["jws"] = second["jws"], first["jws"]


def _add_disclosure(view: Members) -> None:
    claims = json.loads(decode_base64url(_record_entry(view)["jws"].split(".")[1]))
    salt = "A" * 22 + tag_of(claims["iss"], claims["jti"])
    shown = view["records"][0]["disclosures"]
    shown.append(encode_disclosure(salt, "correction", {"reason": "never signed"}))
