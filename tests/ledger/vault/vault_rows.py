"""Small contents of small logs, sealed and looked up as a store does it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from keys.encoding import encode_base64url
from ledger.strict_json import encode_json
from ledger.vault.sealing import Found, Plain, VaultRow
from ledger.vault.vault import Vault


def a_record_id(index: int) -> bytes:
    """32 bytes, another for each index."""
    return hashlib.sha256(b"%d" % index).digest()


def a_disclosure(group: str, value: str = "measured") -> str:
    """The text of ``[salt, group, value]``."""
    return encode_base64url(encode_json([f"salt of {group}", group, value]))


def disclosures(*groups: str, value: str = "measured") -> str:
    """Disclosures of these groups, each ended by ``~``."""
    return "".join(a_disclosure(group, value) + "~" for group in groups)


def sealed(vault: Vault, texts: Mapping[int, str]) -> dict[int, VaultRow]:
    """The rows of a commit."""
    plains = [Plain(text, index, a_record_id(index)) for index, text in texts.items()]
    return {row.entry: row for row in vault.seal(plains)}


def looked_up(rows: Mapping[int, VaultRow], *indices: int) -> list[Found]:
    """What a store finds of these entries, of all that have rows where none is named."""
    wanted = indices or tuple(sorted(rows))
    return [Found(index, a_record_id(index), rows.get(index)) for index in wanted]
