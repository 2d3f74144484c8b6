"""From what a party says to a tally: everything that the report will be judged by is judged now.

The report to be is made of stand-ins and judged by its type, by the rules of the trade and by
what is in force, so that nobody inspects a lot whose report the log would refuse. The
specification is opened as the party reads it, which leaves a receipt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from api.exchange import Reader, Refused
from api.records import RecordShelf
from api.trade import masters_of
from ledger import limits
from ledger.commit import Tip
from ledger.domain_state import Said
from ledger.faults import Fault, Refusal
from ledger.record_type import RecordType
from ledger.schema_faults import find_faults
from ledger.schema_rules import Validator, compile_schema
from ledger.strict_json import parse_json
from quality.builtin_parameters import builtin_sampling
from quality.errors import MalformedTally
from quality.in_force.folds import inspected_part
from quality.in_force.parts import PartKey
from quality.masters import Masters
from quality.rules import QualityRules
from quality.sampling.parameters import parse_sampling_parameters, sampling_in_force
from quality.specification import specification_faults
from quality.tally.opening import Grounds, Opening, Planned, plan_lot
from quality.tally.severities import InForce
from quality.units import pieces
from quality.values import decimal, exact, text

REPORT: Final = "inspection-report/v1"
SPECIFICATION: Final = "specification/v1"
#: Stands in the place of what is not known yet, in groups that are judged and never kept.
_STAND_IN: Final = "stand-in"


@dataclass(frozen=True, slots=True)
class Due:
    """Severities in force for the next lot, and the tree size that they follow from."""

    in_force: InForce
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A plan, and the record of the specification that it follows."""

    planned: Planned
    specification: str | None


@dataclass(frozen=True, slots=True)
class TallyOpener:
    """Opens tallies for one party by one state of the log."""

    tip: Tip
    shelf: RecordShelf
    reader: Reader
    now_ms: int

    def expect_sayable(self, opening: Opening) -> PartKey | None:
        """The part that the report will be about, where it tells between whom.

        Raises:
            Refused: the log would refuse the report, whatever is measured.
        """
        fold, party = self.tip.fold, self.reader.did or ""
        groups = _stand_in(opening, self.now_ms)
        _refuse(_schema_faults(fold.types[REPORT], groups))
        _refuse(self._typed_faults(opening))
        member = fold.parties[party]
        faults = QualityRules().judge(
            REPORT,
            groups,
            issuer=party,
            roles=member.roles,
            accreditations=member.accreditations,
        )
        _refuse(faults)
        said = self._said(groups)
        refusal = self._masters.judge(said, fold)
        if refusal is not None:
            raise Refused(refusal)
        return inspected_part(said)

    def open(self, opening: Opening, key: PartKey | None, *, due: Due) -> Opened:
        """The plan.

        Args:
            opening: what the party says, judged.
            key: the part that it is about.
            due: severities by what was inspected before.

        Raises:
            Refused: the specification is not the party's to read.
            MalformedTally: the lot has no plan.
        """
        record_id, groups = self._specification(opening, key)
        builtin = parse_sampling_parameters(builtin_sampling().text)
        grounds = Grounds(
            pieces=self._pieces(opening, key),
            parameters=sampling_in_force(self.tip.fold.parameters) or builtin,
            specification=groups,
            in_force=due.in_force,
        )
        planned = plan_lot(opening, grounds)
        codes = sorted({one.code for one in planned.plan.characteristics})
        refusal = self._masters.judge(
            self._said(_stand_in(opening, self.now_ms, codes)), self.tip.fold
        )
        if refusal is not None:
            raise Refused(refusal)
        return Opened(planned, record_id)

    @property
    def _masters(self) -> Masters:
        return masters_of(self.tip.state)

    def _said(self, groups: Mapping[str, Any]) -> Said:
        """The report as it would be filed: given to the other side of the part."""
        party = self.reader.did or ""
        sides = [text(groups, "lot", name) for name in ("customer", "supplier")]
        others = [side for side in sides if side is not None and side != party]
        other = others[0] if others else None
        facts = QualityRules().facts(REPORT, groups)
        assert facts is not None, "an inspection report has facts"
        return Said(
            index=self.tip.size,
            admitted_ms=self.now_ms,
            record_id=_STAND_IN,
            party=party,
            vct=REPORT,
            to=() if other is None else (other,),
            subject=other,
            family=None,
            corrects=None,
            facts=facts,
        )

    def _typed_faults(self, opening: Opening) -> tuple[Fault, ...]:
        """The faults of characteristics that are typed in the form of a specification."""
        if not opening.characteristics:
            return ()
        state = {
            **dict.fromkeys(("specification", "revision", "part"), _STAND_IN),
            "customer": f"did:web:{_STAND_IN}:a",
            "supplier": f"did:web:{_STAND_IN}:b",
            "in_force_from": _instant(self.now_ms)[:10],
        }
        groups = {"state": state, "characteristics": [*opening.characteristics]}
        form = _schema_faults(self.tip.fold.types[SPECIFICATION], groups)
        return form or tuple(specification_faults(groups, signer=None))

    def _specification(
        self, opening: Opening, key: PartKey | None
    ) -> tuple[str | None, Mapping[str, Any] | None]:
        cited = opening.lot.get("specification")
        if cited is None:
            return None, None
        assert key is not None, "a cited one was found for its part"
        found = self._masters.specifications.find(key, cited["id"], revision=cited["revision"])
        assert found is not None, "it was judged"
        record = self.shelf.open(found.record_id, self.reader)
        groups = {one.group: one.value for one in record.groups}
        if "characteristics" not in groups:
            # Without them nothing can be measured by it: to this party it is none.
            detail = f"/lot/specification: expected one that you read, found {cited['id']:.60}"
            raise Refused(Refusal("unknown-specification", detail))
        return found.record_id, groups

    def _pieces(self, opening: Opening, key: PartKey | None) -> int:
        """How many pieces the lot has.

        Raises:
            MalformedTally: nothing converts its quantity to whole pieces.
        """
        quantity, unit = decimal(opening.lot, "quantity"), text(opening.lot, "unit")
        assert quantity is not None, "the schema wants it"
        assert unit is not None, "the schema wants it"
        part = self._masters.parts.find(key) if key else None
        revision = part.in_force if part else None
        found = pieces(
            quantity,
            unit,
            part_unit=revision.unit if revision else None,
            pieces_per_unit=exact(revision.pieces) if revision else None,
        )
        if found is None or found != found.to_integral_value():
            raise MalformedTally(
                f"/lot/quantity: expected whole pieces, found {quantity} {unit}: state pieces, or "
                "have the part say how many pieces its unit is"
            )
        return int(found)


def _stand_in(opening: Opening, now_ms: int, codes: list[str] | None = None) -> dict[str, Any]:
    """The report to be, as far as it is known."""
    verdict = {
        "decision": "conditional",
        "decided_at": _instant(now_ms),
        "stage": opening.stage,
    }
    groups: dict[str, Any] = {"verdict": verdict, "lot": dict(opening.lot)}
    if opening.typed is not None:
        groups["plan"] = dict(opening.typed)
    if codes:
        items = [
            {"code": code, "class": "minor", "units": 1, "nonconformities": 1} for code in codes
        ]
        groups["defects"] = {"inspected": 1, "defective": 1, "items": items}
    return groups


def _instant(now_ms: int) -> str:
    return f"{datetime.fromtimestamp(now_ms // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _schema_faults(kind: RecordType, groups: Mapping[str, Any]) -> tuple[Fault, ...]:
    return find_faults(_validator(kind.text), dict(groups))


@lru_cache(maxsize=8)
def _validator(definition: str) -> Validator:
    """The schema of a type alone, without the closed groups."""
    members: Any = parse_json(definition.encode(), bytes_max=limits.DOCUMENT_BYTES_MAX)
    return compile_schema(members["schema"])


def _refuse(faults: tuple[Fault, ...]) -> None:
    if faults:
        first = faults[0]
        raise Refused(
            Refusal(
                "invalid-claims",
                f"{first.pointer or '/'}: expected {first.expected}, found {first.found}",
                faults[: limits.FAULTS_MAX],
            )
        )
