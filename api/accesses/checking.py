"""What an owner checks of what it is told: signatures of readers, and the digests on the log.

Nothing of it is believed because the service says so. Rows are judged by the readers' own
signatures and, hour by hour, by the tree hash that the operator has put on the log.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from api.accesses.errors import MalformedAccess, MalformedEvidence
from api.accesses.periods import HOUR_MS, Period, digest_state
from api.accesses.rows import Access, parse_access
from api.http_signatures import prove_request
from api.request_errors import RequestError
from api.request_evidence import evidence_digest, parse_evidence

#: How long after its end an hour's digest may be missing before that is a finding.
LATE_MS: Final = 3 * HOUR_MS


@dataclass(frozen=True, slots=True)
class AccessFinding:
    """Something that does not hold; ``evidence`` is what shows it to others."""

    code: str
    detail: str
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FoundDigest:
    """A digest as the log has it, verified from the trust anchor."""

    record_id: str
    index: int
    state: Mapping[str, Any]

    @property
    def period(self) -> Period:
        """What it is about."""
        return Period(self.state["from"], self.state["until"])


def check_signatures(
    rows: Sequence[str], requests: Mapping[str, str], *, owner: str
) -> Iterator[AccessFinding]:
    """What does not hold of rows and the signed requests that they name."""
    for text in rows:
        detail = _fault_of(text, requests, owner)
        if detail is not None:
            yield AccessFinding("access-not-proven", detail, {"row": text})


def check_digests(
    rows: Sequence[str], digests: Sequence[FoundDigest], *, kept_from_ms: int, now_ms: int
) -> Iterator[AccessFinding]:
    """What does not hold of rows and the digests over them.

    Args:
        rows: every row of the owner since ``kept_from_ms``, in their order.
        digests: those of the owner, oldest first.
        kept_from_ms: rows before it were purged.
        now_ms: the time of who checks.
    """
    accesses = [(parse_access(text).at_ms, text) for text in rows]
    for digest in digests:
        period = digest.period
        if period.from_ms >= kept_from_ms:
            own = [text for at, text in accesses if period.from_ms <= at < period.until_ms]
            yield from _compare(digest, digest_state(period, own))
    for earlier, later in pairwise(digests):
        if earlier.period.until_ms != later.period.from_ms:
            detail = f"expected a digest from {earlier.period.until_ms}, found the next from "
            evidence = {"records": [earlier.record_id, later.record_id]}
            yield AccessFinding("digest-missing", f"{detail}{later.period.from_ms}", evidence)
    if digests and digests[-1].period.until_ms + LATE_MS < now_ms:
        until_ms = digests[-1].period.until_ms
        detail = f"expected a digest for every hour, found none since {until_ms}"
        yield AccessFinding("digest-missing", detail, {"records": [digests[-1].record_id]})


def _compare(digest: FoundDigest, found: Mapping[str, Any]) -> Iterator[AccessFinding]:
    said = dict(digest.state)
    if said == found:
        return
    yield AccessFinding(
        "accesses-differ",
        f"expected {said['count']} rows of root {said['root']} as the log says, "
        f"found {found['count']} of {found['root']}",
        {"record": digest.record_id, "entry": digest.index, "said": said, "found": dict(found)},
    )


def _fault_of(text: str, requests: Mapping[str, str], owner: str) -> str | None:
    try:
        access = parse_access(text)
        evidence = requests.get(access.request)
        if evidence is None or evidence_digest(evidence) != access.request:
            return "expected the request that the row names, found another or none"
        return _fault_of_names(access, prove_request(parse_evidence(evidence)), owner)
    except (MalformedAccess, MalformedEvidence, RequestError) as fault:
        return f"{fault.code}: {fault}"


def _fault_of_names(access: Access, kid: str, owner: str) -> str | None:
    if access.kid != kid:
        return f"expected a request signed by {access.kid}, found one by {kid}"
    if kid.partition("#")[0] != access.reader:
        return f"expected a key of {access.reader}, found {kid}"
    return None if access.owner == owner else f"expected a row of {owner}, found {access.owner}"
