"""What an inspection shows by the limits of the specification that it cites, and not without."""

from __future__ import annotations

from collections.abc import Iterator

from quality.agreed_limits import cited_flags, with_agreed_limits
from quality.flags import Flag
from quality.rules import QualityRules
from quality.values import Groups


def flags_by_limits(inspection: Groups, specification: Groups) -> Iterator[Flag]:
    """The flags of an ``inspection-report/v1`` that only its specification tells.

    Args:
        inspection: its groups.
        specification: groups of the ``specification/v1`` that it cites.
    """
    vct, rules = "inspection-report/v1", QualityRules()
    alone = rules.flags(vct, inspection)
    for flag in rules.flags(vct, with_agreed_limits(inspection, specification)):
        # A nominal value outside its limits is a flag of the specification itself.
        if flag not in alone and flag.code != "nominal-outside-limits":
            yield flag
    yield from cited_flags(inspection, specification)
