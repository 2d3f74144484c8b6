"""What a quality credential must be, and whose it is to sign.

Rules for ``quality-credential/v1`` that its schema cannot say. Whose it is to sign which kind
stands in the charter's table; :data:`DEFAULT_RIGHTS` is the one that a new charter is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from ledger.faults import Fault
from ledger.rules import CredentialRight
from quality.flags import Flag
from quality.limits import limit_faults, limits_of
from quality.values import Groups, day, decimal, part, pointed, text

#: Which roles may sign which kind by default.
SIGNING_ROLES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "system-certificate": frozenset({"certifier"}),
        "calibration": frozenset({"certifier", "laboratory"}),
        "material-certificate-3.1": frozenset({"supplier"}),
        "certificate-of-analysis": frozenset({"laboratory", "supplier"}),
        "rohs-reach-declaration": frozenset({"supplier"}),
        "part-submission-warrant": frozenset({"supplier"}),
        "msa-study": frozenset({"supplier"}),
        "capability-study": frozenset({"supplier"}),
        "process-audit": frozenset({"auditor", "certifier", "oem"}),
        "change-approval": frozenset({"oem"}),
    }
)

#: The same as rows of a charter's table; no accreditation is asked for until a consortium does.
DEFAULT_RIGHTS: Final = tuple(
    CredentialRight(kind, role) for kind, roles in SIGNING_ROLES.items() for role in sorted(roles)
)


def credential_faults(groups: Groups, *, signer: str | None) -> Iterator[Fault]:
    """The faults of a quality credential's groups; ``signer`` is its party, where known."""
    yield from _holder_faults(groups, signer)
    yield from _date_faults(groups)
    for pointer, item in pointed("", groups, "results", "items"):
        yield from limit_faults(pointer, item)


def credential_kind(groups: Groups) -> str | None:
    """The kind of credential that the groups show; None where they show none."""
    return _kind(groups)


def credential_flags(groups: Groups) -> Iterator[Flag]:
    """What a quality credential says that is true but bad."""
    for pointer, item in pointed("", groups, "results", "items"):
        yield from _result_flags(groups, pointer, item=item)
    if _kind(groups) == "system-certificate" and "detail" in groups:
        yield from _accreditation_flags(groups)


def _kind(groups: Groups) -> str | None:
    return text(groups, "credential", "kind")


def _holder_faults(groups: Groups, signer: str | None) -> Iterator[Fault]:
    """The holder that everyone reads owns the record, and nobody certifies its own system."""
    holder = text(groups, "credential", "holder", "party")
    if holder is None:
        return
    if _kind(groups) == "system-certificate" and holder == signer:
        yield Fault("/credential/holder/party", "another party than the certifier", holder)
    subject = text(groups, "manifest", "subject")
    if "manifest" in groups and subject != holder:
        yield Fault("/manifest/subject", f"the holder {holder}", str(subject))


def _date_faults(groups: Groups) -> Iterator[Fault]:
    start, end = day(groups, "credential", "valid_from"), day(groups, "credential", "valid_until")
    if start is not None and end is not None and end < start:
        yield Fault("/credential/valid_until", f"{start} (valid from) or later", str(end))
    determined, due = day(groups, "results", "determined_on"), day(groups, "results", "due_on")
    if determined is not None and due is not None and due < determined:
        yield Fault("/results/due_on", f"{determined} (determined) or later", str(due))


def _result_flags(groups: Groups, pointer: str, *, item: object) -> Iterator[Flag]:
    value = decimal(item, "value")
    if value is not None and limits_of(item).excludes(value):
        yield Flag(
            "result-outside-limits",
            f"{pointer}/value",
            en=f"the result {value} is outside the limits",
            zh=f"结果值 {value} 超出限值",
        )
    if _kind(groups) == "calibration" and part(item, "uncertainty") is None:
        yield Flag(
            "uncertainty-missing",
            pointer,
            en="a calibration result without its measurement uncertainty",
            zh="校准结果未给出测量不确定度",
        )


def _accreditation_flags(groups: Groups) -> Iterator[Flag]:
    if part(groups, "detail", "accreditation") is None:
        yield Flag(
            "accreditation-missing",
            "/detail",
            en="a system certificate that names no accreditation of its certifier",
            zh="体系证书未注明认证机构的认可信息",
        )
