"""What a specification must be, and what it may say that is bad.

Rules for ``specification/v1`` that its schema cannot say. Special characteristics (CC, SC) are
sampled with acceptance number zero or inspected whole: the automotive rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ledger.faults import Fault
from quality.counterparty import Roles, counterparty_faults
from quality.flags import Flag
from quality.limits import limit_faults, limits_of, nominal_flags
from quality.repeats import repeat_faults
from quality.sampling.master_table import AQLS
from quality.sampling.plan import C_ZERO, PERCENT_MAX
from quality.values import Groups, decimal, items, part, pointed, text

_ROLES: Final = Roles(("state",), "customer", "supplier")
_SPECIAL: Final = frozenset({"CC", "SC"})
_WITHOUT_REJECTS: Final = ("c=0", "100 %")
_ABOVE_ZERO: Final = (
    ("gauge", "resolution"),
    ("gauge", "uncertainty_max"),
    ("capability", "at_least"),
)


def specification_faults(groups: Groups, *, signer: str | None) -> Iterator[Fault]:
    """The faults of a specification's groups; ``signer`` is its party, where known."""
    yield from counterparty_faults(groups, _ROLES, signer=signer)
    yield from repeat_faults("/characteristics", items(groups, "characteristics"), name="number")
    for pointer, characteristic in pointed("", groups, "characteristics"):
        yield from limit_faults(pointer, characteristic)
        yield from _kind_faults(pointer, characteristic)
        yield from _plausible_faults(pointer, characteristic)
        yield from _sampling_faults(pointer, characteristic)
        for path in _ABOVE_ZERO:
            value = decimal(characteristic, *path)
            if value is not None and value <= 0:
                yield Fault("/".join((pointer, *path)), "more than zero", str(value))


def specification_flags(groups: Groups) -> Iterator[Flag]:
    """What a specification says that is true but bad."""
    for pointer, characteristic in pointed("", groups, "characteristics"):
        yield from nominal_flags(pointer, characteristic)


def _kind_faults(pointer: str, characteristic: object) -> Iterator[Fault]:
    """What is measured has a limit; what is judged by attributes has none."""
    limits = limits_of(characteristic)
    is_limited = limits.lower is not None or limits.upper is not None
    if part(characteristic, "attributive") is True:
        if is_limited:
            yield Fault(pointer, "no limits, the characteristic being attributive", "a limit")
    elif not is_limited:
        yield Fault(pointer, "a lower or an upper limit, or attributive: true", "none")


def _plausible_faults(pointer: str, characteristic: object) -> Iterator[Fault]:
    """The range of what can be measured at all is no narrower than what is allowed."""
    start, end = (decimal(characteristic, "plausible", name) for name in ("from", "to"))
    if start is None or end is None:
        return
    if start >= end:
        yield Fault(f"{pointer}/plausible/from", f"less than {end}", str(start))
        return
    limits = limits_of(characteristic)
    if limits.lower is not None and not start <= limits.lower <= end:
        yield Fault(f"{pointer}/plausible", f"a range around the lower limit {limits.lower}", "not")
    if limits.upper is not None and not start <= limits.upper <= end:
        yield Fault(f"{pointer}/plausible", f"a range around the upper limit {limits.upper}", "not")


def _sampling_faults(pointer: str, characteristic: object) -> Iterator[Fault]:
    standard, special = text(characteristic, "sampling", "standard"), text(characteristic, "class")
    if standard is None:
        return
    if special in _SPECIAL and standard not in _WITHOUT_REJECTS:
        expected = f"{' or '.join(_WITHOUT_REJECTS)}, the characteristic being {special}"
        yield Fault(f"{pointer}/sampling/standard", expected, standard)
    for name in ("level", "aql"):
        if standard == "ISO 2859-1" and text(characteristic, "sampling", name) is None:
            yield Fault(f"{pointer}/sampling", f"{name} of a plan of {standard}", "none")
    quality_limit = decimal(characteristic, "sampling", "aql")
    if quality_limit is None:
        return
    if quality_limit <= 0:
        yield Fault(f"{pointer}/sampling/aql", "more than zero", str(quality_limit))
    elif quality_limit not in AQLS:
        expected = f"an AQL of the tables, {AQLS[0]} to {AQLS[-1]}"
        yield Fault(f"{pointer}/sampling/aql", expected, str(quality_limit))
    elif standard == C_ZERO and quality_limit > PERCENT_MAX:
        expected = f"at most {PERCENT_MAX}, c=0 counting units"
        yield Fault(f"{pointer}/sampling/aql", expected, str(quality_limit))
