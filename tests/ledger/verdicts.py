"""What a verifier says of a view or receipt, in one form for Python and JavaScript."""

from __future__ import annotations

import base64
import dataclasses
import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from keys.errors import KeysError
from ledger.anchor import parse_anchor
from ledger.errors import LedgerError
from ledger.receipt import verify_receipt
from ledger.sharing.members import decision_members
from ledger.verify import VerifiedRecord, verify_view
from ledger.view import parse_view

Verdict = dict[str, Any]

ROOT: Final = Path(__file__).resolve().parents[2]
VERIFIER: Final = ROOT / "portal" / "static" / "verifier.mjs"
RUNNER: Final = ROOT / "tests" / "portal" / "verdicts_in_node.mjs"
SAFE_MAX: Final = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Case:
    """A view, or a receipt with the JWS it is for, and the anchor to verify it by."""

    name: str
    document: bytes
    anchor: bytes
    jws: str | None = None


def python_verdict(case: Case) -> Verdict:
    """The code of the refusal, or the result; any other exception is a fault and passes."""
    try:
        return {"result": _plain(_result(case))}
    except (LedgerError, KeysError) as fault:
        return {"code": fault.code}


def node_verdicts(cases: Sequence[Case], *, node: Path, folder: Path) -> list[Verdict]:
    """What the verifier of the browser says of each, in one process."""
    file = folder / "cases.json"
    file.write_text(json.dumps([_encode(case) for case in cases]), encoding="utf-8")
    command = [str(node), str(RUNNER), str(VERIFIER), str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    return list(json.loads(ended.stdout))


def disagreements(cases: Sequence[Case], *, node: Path, folder: Path) -> list[str]:
    """Where the two say different things of the same bytes."""
    others = node_verdicts(cases, node=node, folder=folder)
    pairs = zip(cases, map(python_verdict, cases), others, strict=True)
    return [
        f"{case.name}: Python says {str(ours)[:900]}, JavaScript {str(theirs)[:900]}"
        for case, ours, theirs in pairs
        if ours != theirs
    ]


def _encode(case: Case) -> dict[str, Any]:
    document, anchor = (base64.b64encode(data).decode() for data in (case.document, case.anchor))
    return {"document": document, "anchor": anchor, "jws": case.jws}


def _result(case: Case) -> dict[str, Any]:
    anchor = parse_anchor(case.anchor)
    if case.jws is not None:
        receipt = verify_receipt(case.document, case.jws, anchor=anchor)
        members = dataclasses.asdict(receipt)
        size = members.pop("included_in")
        return {**members, "origin": anchor.origin, "size": size}
    found = verify_view(parse_view(case.document), anchor)
    return {
        "origin": found.origin,
        "size": found.size,
        "cosigned_by": list(found.cosigned_by),
        "records": [_members(record) for record in found.records],
    }


def _members(record: VerifiedRecord) -> dict[str, Any]:
    """The result as docs/spec/view.md names it, with the content that was opened."""
    names = {field.name for field in dataclasses.fields(record)}
    names -= {"included_in", "signer", "aftermath"}
    members = {name: getattr(record, name) for name in names}
    members |= dataclasses.asdict(record.signer) | dataclasses.asdict(record.aftermath)
    contested = record.aftermath.contested
    members["contested"] = contested and {"from": contested.start, "at": contested.at}
    opened = {disclosure.group: disclosure.value for disclosure in record.groups}
    members["erased"] = [{"group": item.group, "at": item.at} for item in record.erased]
    members["contradictions"] = [dataclasses.asdict(item) for item in record.contradictions]
    members["decision"] = record.decision and decision_members(record.decision)
    included = {"index": record.index, "size": record.included_in}
    return {**members, "included": included, "groups": opened}


def _plain(value: Any) -> Any:
    """As JSON gives it back; an integer that a double cannot hold is its text."""
    match value:
        case bool():
            return value
        case int():
            return value if value <= SAFE_MAX else str(value)
        case dict():
            return {name: _plain(item) for name, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return value
