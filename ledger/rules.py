"""What a charter rules and an amendment may replace (docs/spec/governance.md, 1 and 4).

The rules in force after an entry are a value of their own, so that what was done under older
ones, as the signing of a checkpoint, is judged by those.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from ledger import limits
from ledger.errors import MalformedCharter, MalformedTrustPolicy
from ledger.trust_policy import TrustPolicy
from ledger.trust_policy_file import parse_trust_policy

ACTS: Final = ("admit", "suspend", "remove", "recover", "amend", "record-type", "policy")
NO_WITNESSES: Final = "quorum none\n"


@dataclass(frozen=True, slots=True)
class Quorum:
    """Who decides on an act, and how many of them: a count, or None for the majority."""

    electorate: frozenset[str]
    threshold: int | None

    def body(self) -> dict[str, Any]:
        """The rule as a charter or an amendment has it."""
        threshold = "majority" if self.threshold is None else self.threshold
        return {"electorate": sorted(self.electorate), "threshold": threshold}


@dataclass(frozen=True, slots=True)
class CharterLimits:
    """The consortium's own bounds, never wider than :mod:`ledger.limits`."""

    entry_bytes_max: int
    disclosure_bytes_max: int
    disclosures_max: int


@dataclass(frozen=True, slots=True)
class CredentialRight:
    """Who may sign credentials of a kind: a role, and an accreditation where one is asked."""

    kind: str
    role: str
    accreditation: str | None = None

    def body(self) -> dict[str, Any]:
        """The row of a charter."""
        return {"kind": self.kind, "role": self.role, "accreditation": self.accreditation}


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules in force at one moment."""

    quorum: Mapping[str, Quorum]
    limits: CharterLimits
    has_open_bundles: bool
    operator: str
    credentials: tuple[CredentialRight, ...]
    witness_policy: str
    log_keys: tuple[str, ...]

    def rights_for(self, kind: str) -> tuple[CredentialRight, ...]:
        """The rows of a credential kind; none where it is nobody's to sign."""
        return tuple(right for right in self.credentials if right.kind == kind)

    def trust_policy(self) -> TrustPolicy:
        """Log keys and witnesses in force as one trust policy.

        Raises:
            MalformedTrustPolicy: they do not go together.
        """
        return join_policy(self.log_keys, self.witness_policy)


def read_rules(body: Mapping[str, Any]) -> Rules:
    """The rules of a charter's body that meets its schema; :func:`check_policy` is yet to come."""
    return Rules(
        quorum=read_quorum(body["quorum"]),
        limits=CharterLimits(**body["limits"]),
        has_open_bundles=body["entry_bundles"] == "open",
        operator=body["operator"],
        credentials=read_credentials(body["credentials"]),
        witness_policy=body["witness_policy"],
        log_keys=tuple(body["log_keys"]),
    )


def amend_rules(rules: Rules, content: Mapping[str, Any], log_keys: tuple[str, ...]) -> Rules:
    """The rules after an amendment; what it does not name stays.

    Args:
        rules: those before it.
        content: of the proposal, conforming to its schema.
        log_keys: the log keys after it.

    Raises:
        MalformedCharter: the witness policy is none, or names a log key.
    """
    changes: dict[str, Any] = {"log_keys": log_keys}
    if "quorum" in content:
        changes["quorum"] = read_quorum(content["quorum"])
    if "limits" in content:
        changes["limits"] = CharterLimits(**content["limits"])
    if "entry_bundles" in content:
        changes["has_open_bundles"] = content["entry_bundles"] == "open"
    if "credentials" in content:
        changes["credentials"] = read_credentials(content["credentials"])
    changes |= {name: content[name] for name in ("operator", "witness_policy") if name in content}
    amended = replace(rules, **changes)
    check_policy(amended)
    return amended


def read_quorum(body: Mapping[str, Any]) -> Mapping[str, Quorum]:
    """The quorum of every act."""
    return {act: _read_act(rule) for act, rule in body.items()}


def read_credentials(rows: Sequence[Mapping[str, Any]]) -> tuple[CredentialRight, ...]:
    """The table of credential kinds."""
    return tuple(CredentialRight(**row) for row in rows)


def join_policy(log_keys: Sequence[str], witness_policy: str) -> TrustPolicy:
    """The trust policy of log keys and of a policy text that names witnesses only.

    Raises:
        MalformedTrustPolicy: no policy text, one with log lines, or a key twice in both.
    """
    policy = parse_trust_policy("".join(f"log {key}\n" for key in log_keys) + witness_policy)
    if len(policy.logs) != len(log_keys):
        raise MalformedTrustPolicy("expected no log lines in a witness policy, found some")
    return policy


def check_policy(rules: Rules) -> None:
    """Check that log keys and witnesses go together.

    Raises:
        MalformedCharter: they do not.
    """
    if len(rules.witness_policy.encode()) > limits.WITNESS_POLICY_BYTES_MAX:
        most = limits.WITNESS_POLICY_BYTES_MAX
        raise MalformedCharter(f"witness_policy: expected at most {most} bytes, found more")
    try:
        rules.trust_policy()
    except MalformedTrustPolicy as fault:
        raise MalformedCharter(f"witness_policy: {fault}") from fault


def _read_act(rule: Mapping[str, Any]) -> Quorum:
    threshold = rule["threshold"]
    return Quorum(frozenset(rule["electorate"]), None if threshold == "majority" else threshold)
