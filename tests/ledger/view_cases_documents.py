"""Cases that the documents themselves decide: anchor, size, JSON and form (rows A1 to A4)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, Final

from keys.encoding import encode_base64
from ledger.note import ED25519_NOTE
from tests.keys import slow_ed25519
from tests.ledger.parties import ORIGIN, a_log_signer
from tests.ledger.view_edits import (
    ANCHOR,
    LOG,
    SHOW,
    SINGLE,
    Edit,
    add,
    drop,
    edited,
    put,
    refused,
    rewrite,
)
from tests.ledger.view_log import as_lines, as_text, policy_text
from tests.ledger.view_vectors import Pieces, Repeat, ViewCase

TEXT: Final = as_text(SINGLE)
LINES: Final = as_lines(LOG.view(SHOW, SHOW))
ANCHOR_MEMBERS: Final[dict[str, Any]] = json.loads(ANCHOR)

IDENTITY: Final = (1).to_bytes(32, "little")
ORDER_EIGHT: Final = bytes.fromhex(
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"
)
NOT_CANONICAL: Final = (2**255 - 19 + 3).to_bytes(32, "little")


def document_cases() -> Iterator[ViewCase]:
    """All cases of rows A1 to A4."""
    yield from _anchors()
    yield from _json_faults()
    yield from _line_faults()
    yield from _forms()
    yield from _bounds()


def mixed_order_key() -> bytes:
    """A point that is canonical and of large order, but outside the prime-order subgroup."""
    key, torsion = slow_ed25519.decode(a_log_signer().key.public), slow_ed25519.decode(ORDER_EIGHT)
    assert key is not None
    assert torsion is not None
    return slow_ed25519.encode(slow_ed25519.add(key, torsion))


def vkey_of(name: str, algorithm: int, public: bytes) -> str:
    """A vkey text over any bytes, with the key ID that belongs to them."""
    material = bytes([algorithm]) + public
    key_id = hashlib.sha256(name.encode() + b"\n" + material).digest()[:4]
    return f"{name}+{key_id.hex()}+{encode_base64(material)}"


def _anchor(*edits: Edit) -> str:
    return json.dumps(edited(ANCHOR_MEMBERS, *edits), ensure_ascii=False)


def _policy(key: bytes, algorithm: int = ED25519_NOTE) -> str:
    return _anchor(put("policy", to=f"log {vkey_of(ORIGIN, algorithm, key)}\nquorum none\n"))


def _anchors() -> Iterator[ViewCase]:
    log_key = a_log_signer().key.public
    other_id = policy_text().replace(a_log_signer().key.key_id.hex(), "00000000", 1)
    twice = policy_text().splitlines()[0]
    faults: list[tuple[str, str | Pieces]] = [
        ("anchor is not JSON", ANCHOR[:-2]),
        ("anchor is an array", f"[{ANCHOR}]"),
        ("anchor names a member twice", ANCHOR.replace("{", f'{{"origin": "{ORIGIN}",', 1)),
        ("anchor has one more member", _anchor(put("note", to=""))),
        ("anchor lacks the charter", _anchor(drop("charter"))),
        ("anchor has another format", _anchor(put("format", to="lotmark.anchor/v2"))),
        ("anchor's origin is a number", _anchor(put("origin", to=1))),
        ("anchor's origin is upper case", _anchor(put("origin", to="Log.example"))),
        ("anchor's origin has 201 bytes", _anchor(put("origin", to="a" * 201))),
        ("anchor's charter has 42 characters", _anchor(rewrite("charter", by=lambda x: x[1:]))),
        ("anchor's charter has spare bits", _anchor(rewrite("charter", by=lambda x: x[:-1] + "B"))),
        ("anchor's policy is null", _anchor(put("policy", to=None))),
        ("anchor's policy has no quorum", _anchor(put("policy", to=twice + "\n"))),
        ("anchor's policy lacks its last LF", _anchor(rewrite("policy", by=lambda x: x[:-1]))),
        (
            "anchor's policy names a log key twice",
            _anchor(rewrite("policy", by=lambda x: f"{twice}\n{x}")),
        ),
        ("anchor's quorum is not defined", _anchor(put("policy", to=f"{twice}\nquorum one\n"))),
        ("anchor's key has another key ID", _anchor(put("policy", to=other_id))),
        ("anchor's key has small order", _policy(IDENTITY)),
        ("anchor's key is not canonical", _policy(NOT_CANONICAL)),
        ("anchor's key is outside the subgroup", _policy(mixed_order_key())),
        ("anchor's key has 31 bytes", _policy(log_key[:31])),
        ("anchor's log key is of the type of witnesses", _policy(log_key, 4)),
        ("anchor begins with a byte order mark", (b"\xef\xbb\xbf", ANCHOR)),
        ("anchor is larger than 1 MiB", (ANCHOR, Repeat(" ", 2**20))),
    ]
    for name, anchor in faults:
        yield refused("A1", name, "malformed-anchor", anchor=anchor)
    yield refused("A1", "anchor comes before the view", "malformed-anchor", "", anchor="{}")


def _json_faults() -> Iterator[ViewCase]:
    disclosure = SHOW.disclosures[0]
    nested = "[" * 31 + "]" * 31
    faults: list[tuple[str, str | Pieces]] = [
        ("view is empty", ""),
        ("view is cut off", TEXT[:-3]),
        ("view has a comma too many", TEXT.replace('"erased":[]', '"erased":[],')),
        ("view names a member twice", TEXT.replace('{"format"', '{"records":[],"format"', 1)),
        (
            "view names a member twice, once by an escape",
            TEXT.replace('"entry":', '"\\u0065ntry":0,"entry":', 1),
        ),
        ("view has a fraction", TEXT.replace('"entry":4', '"entry":4.0')),
        ("view has an exponent", TEXT.replace('"entry":4', '"entry":4e0')),
        ("view has a minus zero", TEXT.replace('"keys":[0', '"keys":[-0')),
        ("view has a leading zero", TEXT.replace('"entry":4', '"entry":04')),
        ("view has 2^53", TEXT.replace('"entry":4', '"entry":9007199254740992')),
        ("view has a number of 5,000 digits", TEXT.replace('"entry":4', f'"entry":{"4" * 5000}')),
        ("view has a NaN", TEXT.replace('"decision":null', '"decision":NaN')),
        ("view has a comment", TEXT.replace('"erased"', '/**/"erased"')),
        ("view has a lone surrogate", TEXT.replace(disclosure, "\\ud800")),
        ("view has a reversed surrogate pair", TEXT.replace(disclosure, "\\udc00\\ud800")),
        ("view has a raw control character", TEXT.replace(disclosure, "\t")),
        ("view has no UTF-8", (TEXT[:-5], b"\xff", TEXT[-5:])),
        ("view has an encoded surrogate", ('{"format":"', b"\xed\xa0\x80", '"}')),
        ("view begins with a byte order mark", (b"\xef\xbb\xbf", TEXT)),
        ("view ends in a no-break space", TEXT.rstrip() + "\u00a0"),
        ("view has 33 levels", TEXT.replace('"erased":[]', f'"erased":[{nested}]')),
        ("view is two documents", TEXT.rstrip() * 2),
    ]
    for name, view in faults:
        yield refused("A3", name, "malformed-json", view)


def _line_faults() -> Iterator[ViewCase]:
    header, record, last = LINES.splitlines(keepends=True)
    for name, lines in [
        ("a line of JSONL is not JSON", [header, record[:-2] + "\n", last]),
        ("a line of JSONL is empty", [header, "\n", record, last]),
        ("JSONL begins with an empty line", ["\n", header, record, last]),
        ("JSONL ends with an empty line", [header, record, last, "\n"]),
        ("a line of JSONL holds two records", [header, record.rstrip() + last]),
        ("a line of JSONL names a member twice", [header, record.replace("{", '{"entry":4,', 1)]),
        ("a record of JSONL is spread over two lines", [header, record.replace(",", ",\n", 1)]),
        ("a line of JSONL is not JSON and the last has no LF", [header, "{\n", last.rstrip()]),
    ]:
        yield refused("A3", name, "malformed-json", "".join(lines))
    with_records = as_text({**json.loads(header), "records": [json.loads(record)]})
    for name, lines in [
        ("the last line of JSONL has no LF", [header, record, last.rstrip()]),
        ("JSONL has no record", [header]),
        ("a line of JSONL is an array", [header, "[]\n"]),
        ("the header of JSONL is an array", ["[]\n", record]),
        ("the header of JSONL has records", [with_records, last]),
        ("a record of JSONL has one more member", [header, record.replace("{", '{"x":1,', 1)]),
    ]:
        yield refused("A4", name, "malformed-view", "".join(lines))


def _forms() -> Iterator[ViewCase]:
    record = ("records", 0)
    faults: list[tuple[str, Edit]] = [
        ("view has one more member", put("valid", to=True)),
        ("view lacks the checkpoint", drop("checkpoint")),
        ("view has another format", put("format", to="lotmark.view/v2")),
        ("the format is a number", put("format", to=1)),
        ("the checkpoint is an object", put("checkpoint", to={})),
        ("the table is an object", put("entries", to={})),
        ("the table is empty", put("entries", to=[])),
        ("the records are null", put("records", to=None)),
        ("no record is shown", put("records", to=[])),
        ("an entry has one more member", put("entries", 0, "index", to=0)),
        ("an entry lacks its path", drop("entries", 0, "path")),
        ("an entry is a string", put("entries", 0, to="")),
        ("a head is null", put("entries", 0, "head", to=None)),
        ("a JWS is an array", put("entries", 0, "jws", to=[])),
        ("a path is a string", put("entries", 0, "path", to="")),
        ("a path holds a number", put("entries", 0, "path", 0, to=0)),
        ("a record has one more member", put(*record, "valid", to=True)),
        ("a record lacks its decision", drop(*record, "decision")),
        ("an entry is beyond the table", put(*record, "entry", to=5)),
        ("an entry is negative", put(*record, "entry", to=-1)),
        ("an entry is true", put(*record, "entry", to=True)),
        ("an entry is a string", put(*record, "entry", to="4")),
        ("an entry is null", put(*record, "entry", to=None)),
        ("a type is beyond the table", put(*record, "type", to=5)),
        ("a type is false", put(*record, "type", to=False)),
        ("the keys are an object", put(*record, "keys", to={})),
        ("the keys are not ascending", put(*record, "keys", to=[0, 2, 1])),
        ("the keys name one twice", put(*record, "keys", to=[0, 1, 1, 2])),
        ("a key is beyond the table", add(*record, "keys", item=5)),
        ("a record lacks its after", drop(*record, "after")),
        ("after is null", put(*record, "after", to=None)),
        ("after is not ascending", put(*record, "after", to=[3, 2])),
        ("after names one twice", put(*record, "after", to=[2, 2])),
        ("after names one beyond the table", put(*record, "after", to=[5])),
        ("the disclosures are a string", put(*record, "disclosures", to="")),
        ("a disclosure is null", add(*record, "disclosures", item=None)),
        ("a decision is there", put(*record, "decision", to={})),
        ("a decision is false", put(*record, "decision", to=False)),
        ("an erased group is a text", put(*record, "erased", to=["note"])),
        ("erased is null", put(*record, "erased", to=None)),
    ]
    for number, (name, edit) in enumerate(faults):
        again = any(other == name for other, _ in faults[:number])
        unique = f"{name}, of a record" if again else name
        yield refused("A4", unique, "malformed-view", edited(SINGLE, edit))
    yield refused("A4", "view is an array", "malformed-view", f"[{TEXT}]")
    yield refused("A4", "view is a string", "malformed-view", '"view"')


def _bounds() -> Iterator[ViewCase]:
    yield refused("A2", "view is larger than 64 MiB", "too-large", (TEXT, Repeat(" ", 2**26)))
    whole = LOG.view(*[SHOW], also=range(11))
    for member, most in [("keys", 256), ("after", 64)]:
        many = edited(whole, put("records", 0, member, to=list(range(most + 1))))
        many["entries"] *= most // 11 + 1
        yield refused("A4", f"{member} are {most + 1}", "malformed-view", many)
    before, after = TEXT.split(as_text(SINGLE["records"][0]).rstrip())
    small = as_text({**SINGLE["records"][0], "disclosures": []}).rstrip()
    records: Pieces = (before, small, Repeat(f",{small}", 10_000), after)
    yield refused("A4", "10,001 records are shown", "malformed-view", records)
    entry = as_text({"head": "", "jws": "", "path": []}).rstrip()
    before, after = TEXT.split(as_text(SINGLE["entries"][0]).rstrip())
    entries: Pieces = (before, Repeat(f"{entry},", 65_536), entry, after)
    yield refused("A4", "the table holds 65,540 entries", "malformed-view", entries)
