"""A log that holds whatever it is given, with a tree that is right throughout, and its views.

For refusals that happen for the stated reason: the entry, the charter or the key is forged,
and chain, paths and checkpoint are those of a log that admitted it all the same. Views are
made as plain JSON values, so that a test can change any place of them.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from keys.encoding import encode_base64
from ledger.anchor import encode_anchor
from ledger.checkpoint import Checkpoint, encode_checkpoint
from ledger.cosignature import CosignedAt
from ledger.entry import NO_LEAF, EntryHead, encode_head
from ledger.note import ED25519_COSIGNATURE, Ed25519Signer, encode_note, encode_vkey, sign_note
from ledger.tree import TreeSize
from ledger.view import FORMAT
from tests.ledger import reference_tree
from tests.ledger.parties import NOW_MS, ORIGIN, a_log_signer, record_id_of
from tests.ledger.signers import a_cosigner, key_of

WITNESSES: Final = ("witness.example/north", "witness.example/south")
COSIGNED_AT: Final = CosignedAt(NOW_MS // 1000 + 60)

Document = dict[str, Any]
ChangeHead = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Show:
    """A record to show, all places given as indices in the log."""

    index: int
    keys: Sequence[int] = ()
    type: int | None = None
    disclosures: Sequence[str] = ()
    after: Sequence[int] = ()
    decision: str | None = None
    erased: Sequence[Mapping[str, object]] = ()


@dataclass(frozen=True)
class ForgedLog:
    """Entries in order: a JWS each, and what is done to its head before it is hashed."""

    jwss: tuple[str, ...]
    heads: Mapping[int, ChangeHead] = field(default_factory=dict)
    origin: str = ORIGIN

    @cached_property
    def entries(self) -> tuple[tuple[str, str], ...]:
        """Head and JWS of every entry, chained."""
        built: list[tuple[str, str]] = []
        previous = NO_LEAF
        for index, jws in enumerate(self.jwss):
            head = encode_head(EntryHead(self.origin, index, previous, NOW_MS + 1000 * index))
            changed = self.heads.get(index, str)(head)
            built.append((changed, jws))
            previous = reference_tree.leaf(entry_bytes(changed, jws))
        return tuple(built)

    @cached_property
    def leaves(self) -> tuple[bytes, ...]:
        """The leaf hash of every entry."""
        return tuple(reference_tree.leaf(entry_bytes(*entry)) for entry in self.entries)

    def with_record(self, index: int, jws: str) -> ForgedLog:
        """The log with another record at one index, or one more at its end."""
        return replace(self, jwss=(*self.jwss[:index], jws, *self.jwss[index + 1 :]))

    def with_head(self, index: int, change: ChangeHead) -> ForgedLog:
        """The log with one head written otherwise; later entries chain to what it became."""
        return replace(self, heads={**self.heads, index: change})

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        """What the log says of itself at a size."""
        count = len(self.jwss) if size is None else size
        root = reference_tree.root(self.leaves[:count])
        return Checkpoint(self.origin, TreeSize(count), root)

    def note(self, *witnesses: str, size: int | None = None) -> str:
        """The signed checkpoint at a size, cosigned by the witnesses of these names."""
        return signed(encode_checkpoint(self.checkpoint(size)), *witnesses)

    def entry(self, index: int, size: int | None = None) -> Document:
        """One entry as it stands in the table of a view."""
        count = len(self.jwss) if size is None else size
        path = reference_tree.path(index, self.leaves[:count])
        head, jws = self.entries[index]
        return {"head": head, "jws": jws, "path": [encode_base64(node) for node in path]}

    def view(self, *shows: Show, note: str = "", also: Sequence[int] = ()) -> Document:
        """A view of the records; ``also`` puts further entries into its table."""
        table = sorted({i for show in shows for i in _indices(show)} | set(also))
        return {
            "format": FORMAT,
            "checkpoint": note or self.note(),
            "entries": [self.entry(index) for index in table],
            "records": [_record(show, table) for show in shows],
        }


def entry_bytes(head: str, jws: str) -> bytes:
    """The bytes that are hashed."""
    return f"{head}{jws}\n".encode()


def signed(text: str, *witnesses: str, by: Ed25519Signer | None = None) -> str:
    """A note over any text, by the log's key if no other is given, cosigned by witnesses."""
    note = sign_note(text, [by or a_log_signer()])
    lines = [a_cosigner(name).cosign(note.text.encode(), COSIGNED_AT) for name in witnesses]
    return encode_note(replace(note, signatures=(*note.signatures, *lines))).decode()


def policy_text(quorum: str = "none") -> str:
    """A trust policy with the log's key and both witnesses; the groups are ``one`` and ``both``."""
    lines = [f"log {encode_vkey(a_log_signer().key)}"]
    names = ("north", "south")
    for name, key_name in zip(names, WITNESSES, strict=True):
        lines.append(f"witness {name} {encode_vkey(key_of(key_name, ED25519_COSIGNATURE))}")
    # A member of one group only: "both" and "one" never stand in the same file.
    kind = {"one": "any", "both": "all"}.get(quorum)
    lines += [f"group {quorum} {kind} {' '.join(names)}"] if kind else []
    return "".join(f"{line}\n" for line in [*lines, f"quorum {quorum}"])


def anchor_text(charter: str, quorum: str = "none", *, origin: str = ORIGIN) -> str:
    """The anchor file for a charter, given as its submission or its JWS."""
    return encode_anchor(origin, policy_text(quorum), record_id_of(charter))


def changed(document: Document, change: Callable[[Document], object]) -> Document:
    """A copy of the document after the change."""
    other = copy.deepcopy(document)
    change(other)
    return other


def as_text(document: object) -> str:
    """The document as one line of JSON."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


def as_lines(document: Document) -> str:
    """The document in its JSONL form."""
    header = {name: value for name, value in document.items() if name != "records"}
    return "".join(as_text(line) for line in [header, *document["records"]])


def _indices(show: Show) -> set[int]:
    return {show.index, *show.keys, *show.after} | (set() if show.type is None else {show.type})


def _record(show: Show, table: Sequence[int]) -> Document:
    return {
        "entry": table.index(show.index),
        "type": None if show.type is None else table.index(show.type),
        "keys": [table.index(index) for index in show.keys],
        "after": [table.index(index) for index in show.after],
        "disclosures": list(show.disclosures),
        "decision": show.decision,
        "erased": list(show.erased),
    }
