"""Reading a trust policy file (C2SP tlog-policy).

Line by line, each word by word; anything the format does not have is refused, and so is a
key that no verifier may be configured with.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ledger.errors import MalformedTrustPolicy, MalformedVerifierKey
from ledger.limits import (
    POLICY_BYTES_MAX,
    POLICY_GROUPS_MAX,
    POLICY_LOGS_MAX,
    POLICY_WITNESSES_MAX,
)
from ledger.note import ED25519_COSIGNATURE, ED25519_NOTE, VerifierKey, parse_vkey
from ledger.trust_policy import NO_QUORUM, Group, TrustedLog, TrustPolicy, Witness

_REFUSED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_COUNT = re.compile(r"[1-9][0-9]{0,3}", re.ASCII)


def parse_trust_policy(text: str) -> TrustPolicy:
    """Read a policy text (tlog-policy).

    Raises:
        MalformedTrustPolicy: a control character, an unknown line, a name undefined, defined
            twice or a member twice, a key refused or standing twice, a threshold outside
            1..n, not exactly one quorum line, or beyond the bounds.
    """
    reader = _PolicyReader()
    for line in _split_lines(text):
        words = [word for word in re.split(r"[ \t]+", line) if word]
        if words and not words[0].startswith("#"):
            reader.read(words)
    return reader.policy()


@dataclass(slots=True)
class _PolicyReader:
    """What has been defined so far; it never leaves this module."""

    logs: list[TrustedLog] = field(default_factory=list)
    witnesses: list[Witness] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    quorums: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    members: set[str] = field(default_factory=set)
    keys: set[bytes] = field(default_factory=set)  # Raw keys, and their 4-byte IDs.

    def read(self, words: Sequence[str]) -> None:
        """Take in one line."""
        match words:
            case ["log", vkey] | ["log", vkey, _]:
                self._add_log(vkey, *words[2:])
            case ["witness", name, vkey] | ["witness", name, vkey, _]:
                self._add_witness(name, vkey, *words[3:])
            case ["group", name, threshold, _, *_]:
                self._add_group(name, threshold, words[3:])
            case ["quorum", name]:
                self._add_quorum(name)
            case _:
                raise MalformedTrustPolicy(
                    f"expected a policy line, found {' '.join(words)[:80]!r}"
                )

    def policy(self) -> TrustPolicy:
        """The whole policy, after the last line."""
        if len(self.quorums) != 1:
            raise MalformedTrustPolicy(f"expected one quorum line, found {len(self.quorums)}")
        quorum = None if self.quorums[0] == NO_QUORUM else self.quorums[0]
        return TrustPolicy(
            tuple(self.logs), tuple(self.witnesses), tuple(self.groups), quorum=quorum
        )

    def _add_log(self, vkey: str, url: str | None = None) -> None:
        self.logs.append(TrustedLog(self._key(vkey, ED25519_NOTE), url))
        _require_at_most(POLICY_LOGS_MAX, self.logs)

    def _add_witness(self, name: str, vkey: str, url: str | None = None) -> None:
        self._define(name)
        self.witnesses.append(Witness(name, self._key(vkey, ED25519_COSIGNATURE), url))
        _require_at_most(POLICY_WITNESSES_MAX, self.witnesses)

    def _add_group(self, name: str, threshold: str, members: Sequence[str]) -> None:
        for member in members:
            # A witness that counted twice would be two votes of one party.
            if member not in self.names or member in self.members:
                raise MalformedTrustPolicy(f"expected a member not used before, found {member!r}")
            self.members.add(member)
        self._define(name)
        self.groups.append(Group(name, _parse_threshold(threshold, len(members)), tuple(members)))
        _require_at_most(POLICY_GROUPS_MAX, self.groups)

    def _add_quorum(self, name: str) -> None:
        if name != NO_QUORUM and name not in self.names:
            raise MalformedTrustPolicy(f"expected a name defined above, found {name!r}")
        self.quorums.append(name)

    def _define(self, name: str) -> None:
        if name == NO_QUORUM or name in self.names:
            raise MalformedTrustPolicy(f"expected a new name, found {name!r}")
        self.names.add(name)

    def _key(self, vkey: str, algorithm: int) -> VerifierKey:
        try:
            key = parse_vkey(vkey)
        except MalformedVerifierKey as fault:
            raise MalformedTrustPolicy(str(fault)) from fault
        if key.algorithm != algorithm:
            raise MalformedTrustPolicy(f"expected key type {algorithm}, found {key.algorithm}")
        if self.keys & {key.public, key.key_id}:
            raise MalformedTrustPolicy(f"expected each key once, found that of {key.name} twice")
        self.keys |= {key.public, key.key_id}
        return key


def _split_lines(text: str) -> list[str]:
    refused = _REFUSED.search(text)
    if refused is not None:
        raise MalformedTrustPolicy(f"expected printable text, found {refused[0]!r}")
    if len(text.encode()) > POLICY_BYTES_MAX:
        raise MalformedTrustPolicy(f"expected at most {POLICY_BYTES_MAX} bytes, found more")
    if not text.endswith("\n"):
        raise MalformedTrustPolicy(f"expected LF at the end, found {text[-1:]!r}")
    return text[:-1].split("\n")


def _parse_threshold(text: str, members: int) -> int:
    threshold = {"any": 1, "all": members}.get(text)
    if threshold is None and _COUNT.fullmatch(text):
        threshold = int(text)
    if threshold is None or threshold > members:
        raise MalformedTrustPolicy(f"expected any, all or 1..{members}, found {text[:40]!r}")
    return threshold


def _require_at_most(limit: int, found: Sequence[object]) -> None:
    if len(found) > limit:
        raise MalformedTrustPolicy(f"expected at most {limit} such lines, found more")
