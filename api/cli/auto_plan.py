"""``--plan auto``: the plan of a report by its specification, quantity and severity in force.

A report without a plan says nothing to the rules of switching: it counts for no class. The
severity is the service's word about what was delivered before; the log compares it anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from api.cli.agreed_reports import REPORT
from api.cli.cited_specifications import Citation, citation_of
from api.cli.drafts import Draft
from api.cli.own_party import courtesy_answer
from api.cli.places import Places
from api.client_errors import ClientError
from ledger.record_type import RecordType
from quality.builtin_parameters import builtin_sampling
from quality.errors import NoSamplingPlan
from quality.inspecting.lot import pieces_in
from quality.sampling.parameters import parse_sampling_parameters
from quality.sampling.plan import Plan, Severity
from quality.sampling.specified import (
    class_plans,
    default_sampling,
    specified_sampling,
    specified_severities,
)
from quality.stated_plan import stated_plan
from quality.values import Groups, text

_RECEIVING: Final = "receiving"


@dataclass(slots=True)
class AutoPlan:
    """Plans the reports of a run; ``notes`` is what should be told, once each.

    ``find`` gives a specification, ``ask`` the service's answer about the sampling of a part.
    """

    find: Callable[[Citation], Groups | None]
    ask: Callable[[Mapping[str, str]], Mapping[str, Any]]
    own: str
    is_asked: bool
    notes: dict[str, None] = field(default_factory=dict)
    _asked: dict[tuple[str | None, ...], Mapping[str, Severity]] = field(default_factory=dict)

    def plan(self, draft: Draft, kind: RecordType) -> Draft:
        """A report with its plan; one that has a plan, and any other draft, as it is.

        Raises:
            ClientError, CommandFault, LedgerError: the specification cannot be had.
        """
        if draft.vct != REPORT or "plan" in draft.groups:
            return draft
        if not self.is_asked:
            self._hint(draft)
            return draft
        cited = citation_of(draft.groups)
        specification = self.find(cited) if cited is not None else None
        try:
            in_force = self._in_force(draft.groups)
            plans = _plans(draft.groups, specification, in_force)
        except NoSamplingPlan as fault:
            line = f"{draft.locate('/lot/quantity')}: {fault}"
            return replace(draft, faults=(*draft.faults, line))
        by = "the sampling parameters" if specification is None else "the specification"
        for line in _told(plans, in_force, by=by):
            self._note(line)
        if "defects" not in draft.groups:
            self._note(
                "the units inspected and defective are not made of readings: say --set "
                "/defects/inspected=N --set /defects/defective=0 --set '/defects/items=[]', or "
                "of each defect --set /defects/items/0/code=CODE and its class, units and "
                "nonconformities"
            )
        groups = {**draft.groups, "plan": stated_plan(plans, draft.groups)}
        return replace(draft, groups=Places(kind.text).ordered(groups))

    def _in_force(self, groups: Groups) -> Mapping[str, Severity]:
        """The severity of each class for the next lot, where the service tells it."""
        lot = groups.get("lot")
        customer = text(lot, "customer") or self.own
        supplier, part = text(lot, "supplier"), text(lot, "part")
        if text(groups, "verdict", "stage") != _RECEIVING or supplier is None or part is None:
            return {}
        key = (customer, supplier, part, text(lot, "inspected", "site"))
        if key not in self._asked:
            self._asked[key] = self._ask(customer, supplier, part, site=key[3])
        return self._asked[key]

    def _ask(
        self, customer: str, supplier: str, part: str, *, site: str | None
    ) -> Mapping[str, Severity]:
        try:
            told = self.ask({"customer": customer, "supplier": supplier, "part": part})
        except ClientError as fault:
            self._note(f"the severity in force was not told: {fault}")
            return {}
        with courtesy_answer():
            return {
                str(row["class"]): Severity(row["severity"])
                for row in told.get("states", ())
                if row["site"] == site
            }

    def _hint(self, draft: Draft) -> None:
        stage = text(draft.groups, "verdict", "stage")
        if stage == _RECEIVING and citation_of(draft.groups) is not None:
            self._note(
                "without a plan this report does not count for switching: --plan auto makes one"
            )

    def _note(self, note: str) -> None:
        self.notes[note] = None


def _plans(
    groups: Groups, specification: Groups | None, in_force: Mapping[str, Severity]
) -> Mapping[str, Plan]:
    pieces = pieces_in(groups)
    if pieces is None or pieces < 1 or pieces != pieces.to_integral_value():
        raise NoSamplingPlan(
            "expected a lot of whole pieces (unit H87) for --plan auto, found "
            f"{text(groups, 'lot', 'quantity')} {text(groups, 'lot', 'unit')}"
        )
    defaults = default_sampling(parse_sampling_parameters(builtin_sampling().text))
    asked = specified_sampling(specification, defaults=defaults)
    severities = {**specified_severities(specification), **in_force}
    return class_plans(int(pieces), asked, severities=severities)


def _told(plans: Mapping[str, Plan], in_force: Mapping[str, Severity], *, by: str) -> Iterator[str]:
    for name, plan in plans.items():
        why = "in force" if name in in_force else "none being told to be in force"
        yield (
            f"plan of {name} by {by}: {plan.label}, n = {plan.sample}, Ac {plan.accept}, "
            f"Re {plan.reject}; {plan.severity}, {why}"
        )
