"""What is agreed binds: whether a record may be said by what is in force before it.

Called under the head lock for every business record: a few look-ups each. What a record says
by itself was judged before (:mod:`quality.rules`), and so were its relations, where its type
or its family asks for one (``ledger.entitled``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from ledger.domain_state import Said
from ledger.faults import Fault, Refusal
from ledger.fold_state import Parameters
from ledger.relations import ACT_VCT
from quality.codebooks import codebook_in_force
from quality.in_force.folds import InForce, delivered_part, inspected_part, may_know
from quality.in_force.judging_acts import judge_act, judge_supply
from quality.in_force.parts import PartKey, PartRevision
from quality.in_force.specifications import SpecificationRevision
from quality.near_codes import near_codes
from quality.units import is_convertible
from quality.values import exact


def judge_record(
    said: Said, agreed: InForce, parameters: Mapping[str, Parameters]
) -> Refusal | None:
    """Why the record may not be said here and now; None where it may.

    Args:
        said: the record and its facts.
        agreed: what the records before it have put in force.
        parameters: the parameters in force, among them the codebooks.
    """
    facts = said.facts
    # The facts of an act are its state, whose site is the other side's.
    if said.vct == ACT_VCT:
        return judge_act(said, agreed)
    if "site" in facts:
        code, pointer = facts["site"]
        refusal = agreed.sites.judge(said.party, code, pointer=pointer)
        if refusal:
            return refusal
    if parameters and facts.get("codes"):
        refusal = _judge_codes(facts["codes"], parameters)
        if refusal:
            return refusal
    judge = _JUDGES.get(said.vct)
    return judge(said, agreed) if judge else None


def _judge_codes(codes: list[list[str]], parameters: Mapping[str, Parameters]) -> Refusal | None:
    """Codes of a kind whose codebook is in force are codes of that book."""
    for book in dict.fromkeys(book for book, _, _ in codes):
        codebook = codebook_in_force(parameters, book)
        if codebook is None:
            continue
        placed = [(pointer, code) for named, code, pointer in codes if named == book]
        refusal = codebook.judge_codes(placed)
        if refusal:
            return refusal
    return None


# ---- masters ----


def _judge_part(said: Said, agreed: InForce) -> Refusal | None:
    state = said.facts["state"]
    key, family = PartKey(state["customer"], state["supplier"], state["number"]), state["family"]
    known = agreed.parts.find(key)
    if known and known.in_force and known.family != family:
        fault = Fault("/state/family", f"{known.family}; an act moves a part", family)
        return Refusal(
            "not-permitted",
            f"{key.number} belongs to family {known.family}: expected the act move to bring it "
            f"to {family}",
            (fault,),
        )
    return (
        _judge_family(said, family)
        or judge_supply(agreed, (key.customer, key.supplier), family=family)
        or agreed.parts.judge_waiting(key)
    )


def _judge_specification(said: Said, agreed: InForce) -> Refusal | None:
    state = said.facts["state"]
    key = PartKey(state["customer"], state["supplier"], state["part"])
    part = agreed.parts.find(key)
    if part is None:
        return agreed.parts.unknown(key, pointer="/state/part")
    code, revision = state["specification"], state["revision"]
    same = agreed.specifications.find(key, code, revision=revision)
    if same and same.record_id != said.corrects:
        fault = Fault("/state/revision", "a revision that is not there yet", revision)
        return Refusal(
            "not-permitted",
            f"{code} {revision} is record {same.record_id}: expected another revision, or a "
            "correction of that record",
            (fault,),
        )
    return _judge_family(said, part.family) or agreed.specifications.judge_more(key, code)


def _judge_requirement(said: Said, agreed: InForce) -> Refusal | None:
    state = said.facts["state"]
    for family in state["families"]:
        refusal = judge_supply(agreed, (state["customer"], state["supplier"]), family=family)
        if refusal:
            return refusal
    return agreed.asked.judge_waiting(state["customer"], state["supplier"])


def _judge_family(said: Said, family: str) -> Refusal | None:
    """A family in the address is the part's own: readers are chosen by it."""
    if said.family in (None, family):
        return None
    fault = Fault("/address/family", f"{family}, the family of the part", str(said.family))
    return Refusal(
        "invalid-claims", f"/address/family: expected {family}, found {said.family}", (fault,)
    )


# ---- deliveries ----


def _judge_delivery(said: Said, agreed: InForce) -> Refusal | None:
    key = delivered_part(said)
    part = agreed.parts.find(key)
    if part is None:
        is_bound = agreed.parts.is_bound(key.customer, key.supplier)
        return agreed.parts.unknown(key, pointer="/state/part/number") if is_bound else None
    if part.in_force is None:
        fault = Fault("/state/part/number", "a part that both sides have signed", key.number)
        return Refusal(
            "part-not-in-force",
            f"expected {key.number} endorsed by {key.supplier}, found it proposed only",
            (fault,),
        )
    return (
        _judge_family(said, part.family)
        or _judge_unit(part.in_force, said.facts["unit"])
        or _judge_destination(said, agreed)
    )


def _judge_destination(said: Said, agreed: InForce) -> Refusal | None:
    to_site = said.facts["state"].get("to_site")
    if to_site is None:
        return None
    customer = delivered_part(said).customer
    return agreed.sites.judge(customer, to_site, pointer="/state/to_site")


def _judge_unit(part: PartRevision, stated: list[str | None]) -> Refusal | None:
    unit, pointer = stated
    if unit is None or unit == part.unit:
        return None
    if is_convertible(unit, part.unit, pieces_per_unit=exact(part.pieces)):
        return None
    fault = Fault(str(pointer), f"{part.unit}, or a unit that it converts to", unit)
    return Refusal("unit-mismatch", f"{pointer}: expected {fault.expected}, found {unit}", (fault,))


# ---- inspections ----


def _judge_inspection(said: Said, agreed: InForce) -> Refusal | None:
    key = inspected_part(said)
    cited = said.facts["specification"]
    if key is None or not may_know(said, agreed, key):
        return None if cited is None else _unknown_specification(cited, ())
    if cited is not None:
        known = agreed.specifications.find(key, cited["id"], revision=cited["revision"])
        if known is None:
            return _unknown_specification(cited, agreed.specifications.likely(key, cited["id"]))
        refusal = _judge_limits(said.facts["limits"])
        if refusal:
            return refusal
    part = agreed.parts.find(key)
    if part is None or part.in_force is None:
        return None
    refusal = _judge_unit(part.in_force, said.facts["unit"])
    if refusal or cited is not None:
        return refusal
    return _judge_uncited(list(agreed.specifications.at(key, said.facts["day"])), key)


def _judge_limits(typed: list[str]) -> Refusal | None:
    if not typed:
        return None
    faults = tuple(
        Fault(pointer, "none: it is read from the specification", "a limit") for pointer in typed
    )
    return Refusal(
        "limit-typed",
        f"{typed[0]}: expected no limit beside a specification that is cited, found one",
        faults[:_FAULTS_MAX],
    )


def _judge_uncited(in_force: list[SpecificationRevision], key: PartKey) -> Refusal | None:
    if not in_force:
        return None
    named = " or ".join(f"{one.code} {one.revision}" for one in in_force[:_NAMED_MAX])
    fault = Fault("/lot/specification", f"{named}, in force for {key.number}", "none")
    return Refusal(
        "specification-required", f"/lot/specification: expected {fault.expected}", (fault,)
    )


def _unknown_specification(
    cited: Mapping[str, Any], known: list[SpecificationRevision] | tuple[()]
) -> Refusal:
    wanted = f"{cited['id']} {cited['revision']}"
    names = [f"{one.code} {one.revision}" for one in known]
    near = " or ".join(near_codes(wanted, names) or names[:_NAMED_MAX])
    expected = "a specification and revision of the part"
    fault = Fault("/lot/specification", f"{expected}, such as {near}" if near else expected, wanted)
    return Refusal(
        "unknown-specification",
        f"/lot/specification: expected {fault.expected}, found {wanted}",
        (fault,),
    )


_NAMED_MAX: Final = 3
_FAULTS_MAX: Final = 100
_JUDGES: Final[Mapping[str, Callable[[Said, InForce], Refusal | None]]] = MappingProxyType(
    {
        "part/v1": _judge_part,
        "specification/v1": _judge_specification,
        "requirement/v1": _judge_requirement,
        "shipment/v1": _judge_delivery,
        "goods-receipt/v1": _judge_delivery,
        "inspection-report/v1": _judge_inspection,
    }
)
