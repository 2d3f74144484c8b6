"""A new log key is introduced by itself and by one in force (docs/spec/governance.md, 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ledger import limits
from ledger.errors import MalformedCharter, NoteRefused
from ledger.note import (
    ED25519_NOTE,
    Ed25519Signer,
    Ed25519Verifier,
    encode_note,
    encode_vkey,
    open_note,
    parse_vkey,
    sign_note,
)

PURPOSE: Final = "lotmark.log-key/v1"


def introduction_text(origin: str, vkey: str) -> str:
    """The three lines that the new key and one in force sign."""
    return f"{PURPOSE}\n{origin}\n{vkey}\n"


def introduce_log_key(origin: str, new: Ed25519Signer, old: Ed25519Signer) -> dict[str, str]:
    """A row of ``log_keys.add``: the new key, and the note that both keys sign."""
    vkey = encode_vkey(new.key)
    note = sign_note(introduction_text(origin, vkey), [new, old])
    return {"vkey": vkey, "note": encode_note(note).decode()}


def change_log_keys(
    in_force: Sequence[str], change: Mapping[str, Any], *, origin: str
) -> tuple[str, ...]:
    """The log keys after an amendment.

    Raises:
        MalformedCharter: a key is no log key of this log, is not introduced by itself and by
            one in force, or is retired without being in force; or 1..8 are not left.
        LedgerError: no verifier key, or no note.
    """
    for row in change["add"]:
        _check_introduction(row["vkey"], row["note"], in_force, origin=origin)
    unknown = [vkey for vkey in change["retire"] if vkey not in in_force]
    if unknown:
        raise MalformedCharter(f"expected log keys in force to retire, found {unknown[0][:80]}")
    kept = [vkey for vkey in in_force if vkey not in change["retire"]]
    after = tuple(dict.fromkeys([*kept, *(row["vkey"] for row in change["add"])]))
    if not 1 <= len(after) <= limits.LOG_KEYS_MAX:
        raise MalformedCharter(
            f"expected 1..{limits.LOG_KEYS_MAX} log keys to be left, found {len(after)}"
        )
    return after


def _check_introduction(vkey: str, note: str, in_force: Sequence[str], *, origin: str) -> None:
    key = parse_vkey(vkey)
    if key.algorithm != ED25519_NOTE or key.name != origin:
        raise MalformedCharter(f"expected a key that signs for {origin}, found {vkey[:80]}")
    if vkey in in_force:
        raise MalformedCharter(f"expected a new log key, found one in force: {vkey[:80]}")
    known = [Ed25519Verifier(parse_vkey(other)) for other in in_force]
    try:
        opened = open_note(note.encode(), [Ed25519Verifier(key), *known])
    except NoteRefused as fault:
        raise MalformedCharter(f"log key {vkey[:80]}: {fault}") from fault
    signers = {line.key_id for line in opened.verified}
    if opened.text != introduction_text(origin, vkey) or not (
        key.key_id in signers and len(signers) > 1
    ):
        raise MalformedCharter(
            f"expected the introduction of {vkey[:80]} signed by itself and by a log key in force"
        )
