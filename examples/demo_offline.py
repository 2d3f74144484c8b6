"""Verify the demo's views with nothing but files: ``python -m examples.demo_offline FOLDER``.

The folder holds ``anchor.json`` and ``views/``. Network calls are refused for the life of
the process, so that a verifier which asked anybody would fail here. Exit status 1 where an
honest view is refused, or a tampered one is not, or not with the expected code.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Final

from examples.demo_flags import tell_flags
from examples.tampering import tampered_views
from keys.errors import KeysError
from ledger.anchor import Anchor, parse_anchor
from ledger.errors import LedgerError
from ledger.verify import VerifiedRecord, verify_view
from ledger.view import parse_view

#: The types of what was measured, found and certified.
MEASURED: Final = frozenset(
    {"inspection-report/v1", "parameter-upload/v1", "corrective-action/v1", "quality-credential/v1"}
)


class NetworkRefused(BaseException):
    """Somebody tried to reach the network."""


def refuse_network() -> None:
    """From here on no socket can be made in this process."""

    def watch(event: str, _: tuple[object, ...]) -> None:
        if event.startswith(("socket.", "urllib.", "http.", "ftplib.", "subprocess.")):
            raise NetworkRefused(event)

    sys.addaudithook(watch)


def verify_folder(folder: Path) -> bool:
    """Verify every view, then every tampered sibling of two of them."""
    anchor = parse_anchor((folder / "anchor.json").read_bytes())
    paths = sorted((folder / "views").glob("*.json"))
    verified = [_verify_one(path, anchor) for path in paths]
    records = [record for found in verified for record in found]
    agreed = Counter(record.type for record in records if record.type not in MEASURED)
    print(f"  {', '.join(f'{count} {vct}' for vct, count in sorted(agreed.items()))} as well")
    tell_flags(records, anchor.origin)
    refused = _verify_tampered(paths, anchor)
    whole = sum(map(bool, verified))
    print(f"  {whole} of {len(paths)} views verified, offline, from the anchor alone")
    return bool(paths) and all(verified) and refused


def _verify_one(path: Path, anchor: Anchor) -> tuple[VerifiedRecord, ...]:
    """Verify a view and print what was measured in it; nothing where it is refused."""
    try:
        view = verify_view(parse_view(path.read_bytes()), anchor)
    except (LedgerError, KeysError) as fault:
        print(f"  {path.name}: REFUSED {fault.code}: {fault}")
        return ()
    for record in view.records:
        if record.type in MEASURED:
            print(f"  {path.name}  {_describe(record)}")
    return view.records


def _describe(record: VerifiedRecord) -> str:
    signer = record.issuer.rpartition(":")[2]
    ended, contested = record.aftermath.key_ended_at, record.aftermath.contested
    later = "" if ended is None else f"; key ended at entry {ended}"
    later += "" if contested is None else "; contested by its issuer"
    return (
        f"{record.type:<22} signed by {signer:<16} included at {record.index:>2} of "
        f"{record.included_in}, key of entry {record.signer.key_registered_at:>2}, "
        f"{len(record.shown)} of {record.defined} groups, "
        f"{len(record.cosigned_by)} witnesses{later}"
    )


def _verify_tampered(paths: list[Path], anchor: Anchor) -> bool:
    honest = paths[0].read_bytes()
    signer = _issuer(honest)
    another = next(path.read_bytes() for path in paths if _issuer(path.read_bytes()) != signer)
    print(f"\n  the same with {paths[0].name}, tampered with:")
    found = [
        _is_refused(case.what, case.code, case.view, anchor=anchor)
        for case in tampered_views(honest, another)
    ]
    return all(found)


def _is_refused(what: str, code: str, view: bytes, *, anchor: Anchor) -> bool:
    try:
        verify_view(parse_view(view), anchor)
        found = "accepted"
    except (LedgerError, KeysError) as fault:
        found = fault.code
    mark = "refused" if found == code else "WRONG  "
    print(f"  {mark}  {found:<30} {what}")
    if found != code:
        print(f"           expected {code}")
    return found == code


def _issuer(view: bytes) -> str:
    members = json.loads(view)
    jws = members["entries"][members["records"][0]["entry"]]["jws"]
    return str(jws.partition(".")[0])


def main(arguments: list[str]) -> int:
    """Verify the folder that is named."""
    refuse_network()
    return 0 if verify_folder(Path(arguments[0])) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
