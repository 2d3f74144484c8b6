"""What an audit remembers, so that the next one reads only what came after it.

Nothing of it is believed for its own sake as far as the log can bear it out: the open tiles
give the root of what was audited, the log must prove that it extends that root, and every
remembered governance entry must lie under it. What stays the file's own word are tallies,
findings, jti keys and what records said of the state of a trade; whoever may change the file
could as well change the program.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from operator import itemgetter
from typing import Any, Final

from keys.encoding import decode_base64, encode_base64
from keys.errors import MalformedEncoding
from ledger.admission import Place
from ledger.audit_errors import AuditStateDamaged, LogNotExtended
from ledger.audit_findings import Finding, Tallies
from ledger.audit_jtis import KEY_BYTES
from ledger.domain_state import DomainState, Said
from ledger.entitled import EntitledFold
from ledger.entitled_reading import Folds
from ledger.entry import split_entry
from ledger.errors import LedgerError, LogRolledBack
from ledger.fold import Governing, PublicFold, apply
from ledger.open_tiles import OpenTiles
from ledger.record import encode_record_id, parse_jws, record_id
from ledger.tile_nodes import FoldedTiles, TileNodeReader, TileReader
from ledger.tree import (
    LeafIndex,
    TreeSize,
    leaf_hash,
    prove_consistency,
    prove_inclusion,
    verify_consistency,
    verify_inclusion,
)

_MEMBERS: Final = frozenset(
    {"admitted_ms", "covered", "findings", "governing", "jtis", "leaf", "repeats", "root", "size"}
    | {"gaps", "said", "tallies", "tiles"}
)


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a log reaches: its size, and the root that it shows for it."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class AuditMemory:
    """Where an audit stopped.

    ``governing`` holds (index, admission time, bytes) of every entry that the fold followed,
    ``said`` what changed the state of the trade, ``gaps`` (party, index) where it is not known,
    ``covered`` the size of the last checkpoint compared, ``jtis`` 16 bytes an entry.
    """

    open_tiles: OpenTiles
    leaf: bytes
    admitted_ms: int
    covered: int
    tallies: Tallies
    findings: tuple[Finding, ...]
    repeats: tuple[tuple[int, int], ...]
    governing: tuple[tuple[int, int, bytes], ...]
    said: tuple[Said, ...]
    gaps: tuple[tuple[str, int], ...]
    jtis: bytes

    @property
    def size(self) -> int:
        """How many entries were audited."""
        return self.open_tiles.size

    def root(self) -> bytes:
        """The root of the entries audited."""
        return self.open_tiles.frontier().root()


def encode_memory(memory: AuditMemory) -> dict[str, Any]:
    """The memory as plain values for JSON; of the jti keys, which are kept apart, the digest."""
    return {
        "size": memory.size,
        "root": encode_base64(memory.root()),
        "tiles": [encode_base64(row) for row in memory.open_tiles.hashes],
        "leaf": encode_base64(memory.leaf),
        "admitted_ms": memory.admitted_ms,
        "covered": memory.covered,
        "tallies": list(memory.tallies.counts()),
        "findings": [list(finding) for finding in memory.findings],
        "repeats": [list(pair) for pair in memory.repeats],
        "governing": [[index, at, text.decode("ascii")] for index, at, text in memory.governing],
        "said": [_encode_said(said) for said in memory.said],
        "gaps": [list(gap) for gap in memory.gaps],
        "jtis": hashlib.sha256(memory.jtis).hexdigest(),
    }


def parse_memory(members: Mapping[str, Any], jtis: bytes) -> AuditMemory:
    """The inverse of :func:`encode_memory`.

    Args:
        members: what it gave.
        jtis: the jti keys that were kept, perhaps with those of a later audit that was killed.

    Raises:
        AuditStateDamaged: it gave something else.
    """
    try:
        memory = _read(members, jtis[: members["size"] * KEY_BYTES])
        if frozenset(members) != _MEMBERS or encode_memory(memory) != members:
            raise AuditStateDamaged("expected the parts of an audit's memory to fit each other")
    except (KeyError, TypeError, ValueError, MalformedEncoding, LedgerError) as fault:
        raise AuditStateDamaged(f"what is remembered of the audit was changed: {fault}") from fault
    return memory


def _read(members: Mapping[str, Any], jtis: bytes) -> AuditMemory:
    rows = tuple(decode_base64(row) for row in members["tiles"])
    return AuditMemory(
        open_tiles=OpenTiles(TreeSize(members["size"]), rows),
        leaf=decode_base64(members["leaf"]),
        admitted_ms=int(members["admitted_ms"]),
        covered=int(members["covered"]),
        tallies=Tallies(*members["tallies"]),
        findings=tuple(Finding(*item) for item in members["findings"]),
        repeats=tuple((int(first), int(index)) for first, index in members["repeats"]),
        governing=tuple(
            (int(index), int(at), text.encode("ascii")) for index, at, text in members["governing"]
        ),
        said=tuple(_parse_said(item) for item in members["said"]),
        gaps=tuple((str(party), int(index)) for party, index in members["gaps"]),
        jtis=jtis,
    )


def _encode_said(said: Said) -> dict[str, Any]:
    return {**asdict(said), "to": list(said.to)}


def _parse_said(members: Mapping[str, Any]) -> Said:
    return Said(**{**members, "to": tuple(members["to"])})


def check_extends(memory: AuditMemory, tiles: TileReader, extent: Extent) -> None:
    """Check that a log of this extent goes on from what was audited.

    Raises:
        LogRolledBack: it is shorter.
        LogNotExtended: it is another history, or its tiles do not prove that it is not.
        AuditStateDamaged: a remembered governance entry is not in the audited log.
    """
    old, new = TreeSize(memory.size), TreeSize(extent.size)
    if new < old:
        raise LogRolledBack(f"expected a log of at least {old} entries as audited, found {new}")
    folded = FoldedTiles(tiles)
    try:
        proof = prove_consistency(old, new, TileNodeReader(new, folded))
        verify_consistency(old, new, old_root=memory.root(), new_root=extent.root, proof=proof)
    except LedgerError as fault:
        raise LogNotExtended(
            f"expected a log that extends the {old} entries of root "
            f"{encode_record_id(memory.root())}, found another: {fault}"
        ) from fault
    nodes = TileNodeReader(new, folded)
    for index, _, text in memory.governing:
        try:
            path = prove_inclusion(LeafIndex(index), old, nodes)
            verify_inclusion(
                LeafIndex(index), old, leaf=leaf_hash(text), path=path, root=memory.root()
            )
        except LedgerError as fault:
            raise AuditStateDamaged(f"remembered entry {index} is not the log's") from fault


def restore_folds(origin: str, memory: AuditMemory, state: DomainState) -> Folds:
    """Both folds as they stood: of entries that were verified then, in the log's order.

    Args:
        origin: the log's.
        memory: where the earlier audit stopped.
        state: that of the trade before any entry.

    Raises:
        AuditStateDamaged: they do not make one.
    """
    public, entitled = PublicFold(origin), EntitledFold(state, dict(memory.gaps))
    governing: Iterator[_Item] = ((index, (at, text)) for index, at, text in memory.governing)
    said: Iterator[_Item] = ((item.index, item) for item in memory.said)
    try:
        for index, item in heapq.merge(governing, said, key=itemgetter(0)):
            if isinstance(item, Said):
                entitled = entitled.apply_said(item, public)
            else:
                place = Place(index, item[0])
                public = apply(public, _governing(origin, item[1], place))
    except (LedgerError, LookupError, TypeError) as fault:
        raise AuditStateDamaged(f"what is remembered to be in force: {fault}") from fault
    return Folds(public, entitled)


_Item = tuple[int, Said | tuple[int, bytes]]


def _governing(origin: str, text: bytes, place: Place) -> Governing:
    jws = split_entry(text)[1]
    parsed = parse_jws(jws, origin=origin)
    if parsed.claims.body is None:
        raise AuditStateDamaged(f"expected governance in entry {place.index}, found none")
    return Governing(
        index=place.index,
        admitted_ms=place.admitted_ms,
        record_id=record_id(jws),
        iss=parsed.claims.iss,
        kid=parsed.header.kid,
        vct=parsed.claims.vct,
        body=parsed.claims.body,
    )
