"""Acts: offers of relations, answers to what waits for the signer, moves of parts."""

from __future__ import annotations

from ledger.domain_state import Said
from ledger.faults import Fault, Refusal
from ledger.relations import judge_given, unknown_record
from quality.in_force.folds import InForce
from quality.in_force.parts import Pair, Part, PartKey


def judge_act(said: Said, agreed: InForce) -> Refusal | None:
    """Whether an act is its signer's, and about something that it may be about."""
    act = said.facts
    if act["act"] == "move":
        return _judge_move(said, agreed)
    if act["act"] == "relation" or act["of"] in agreed.relations.by_id:
        return agreed.relations.judge(said.party, act, to=said.given)
    if act["act"] == "end":
        return unknown_record(act["of"])
    return _judge_answer(said, agreed)


def _judge_answer(said: Said, agreed: InForce) -> Refusal | None:
    """An endorsement of a part or of a requirement."""
    of = said.facts["of"]
    pair = _proposed_between(of, agreed)
    if pair is None or said.party not in pair:
        # Whether there is such a record is not for others to learn.
        return unknown_record(of)
    customer, supplier = pair
    part, requirement = agreed.parts.find_proposed(of), agreed.asked.find_proposed(of)
    if said.party == customer:
        return Refusal("not-permitted", f"expected the answer of {supplier}, found its own")
    if part is None and requirement is None:
        return Refusal("not-permitted", f"{of} was answered already, or replaced by a later one")
    refusal = judge_given(customer, said.given)
    if refusal or part is None or said.facts["meaning"] != "approve":
        return refusal
    return judge_supply(agreed, pair, family=part.family)


def _proposed_between(record_id: str, agreed: InForce) -> Pair | None:
    """The two parties of a part or requirement that was ever proposed by this record."""
    key = agreed.parts.proposals.get(record_id)
    if key is not None:
        return key.customer, key.supplier
    requirement = agreed.asked.proposals.get(record_id)
    return requirement.pair if requirement else None


def _judge_move(said: Said, agreed: InForce) -> Refusal | None:
    stated, family = said.facts["part"], said.facts["family"]
    key = PartKey(stated["customer"], stated["supplier"], stated["number"])
    if said.party != key.customer:
        return Refusal(
            "not-permitted", f"expected the customer {key.customer} to move it, found {said.party}"
        )
    part = agreed.parts.find(key)
    if part is None:
        return agreed.parts.unknown(key, pointer="/state/part/number")
    return (
        _judge_movable(part, family)
        or judge_given(key.supplier, said.given)
        or judge_supply(agreed, (key.customer, key.supplier), family=family)
    )


def _judge_movable(part: Part, family: str) -> Refusal | None:
    number = part.key.number
    if part.in_force is None:
        return Refusal("part-not-in-force", f"expected {number} endorsed, found it proposed only")
    if part.family == family:
        fault = Fault("/state/family", f"another family than {family}", family)
        return Refusal("not-permitted", f"{number} belongs to {family} already", (fault,))
    return None


def judge_supply(agreed: InForce, pair: Pair, *, family: str) -> Refusal | None:
    """Whether a supply relation of the two over the family is in force."""
    customer, supplier = pair
    if agreed.relations.find_in_force(
        "supply", customer=customer, provider=supplier, family=family
    ):
        return None
    return Refusal(
        "relation-not-in-force",
        f"expected a supply relation over family {family} that both {customer} and {supplier} "
        "have signed, found none in force",
    )
