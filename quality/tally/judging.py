"""Whether a reading fits the plan and what was read before it."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from quality.errors import MalformedReading, ReadingContradicts
from quality.near_codes import near_codes
from quality.tally.fold import Tallied
from quality.tally.plan import VALUES_MAX, TallyPlan
from quality.tally.readings import Defect, Good, Measured, Reading, Withdrawn

#: Class and code of all defects of a report.
DEFECT_KINDS_MAX: Final = 500


def judge_reading(reading: Reading, plan: TallyPlan, before: Tallied) -> None:
    """Refuse what does not fit.

    Args:
        reading: the next one.
        plan: what the lot is inspected for.
        before: what the readings before it amount to.

    Raises:
        MalformedReading: it is about a characteristic that the plan does not have, or that has
            no values.
        ReadingContradicts: the sample has no such piece left, or it was read otherwise; the
            text names the sequence to withdraw.
    """
    match reading:
        case Measured():
            _judge_measured(reading, plan, before)
        case Defect():
            _judge_room(reading.piece, plan, before)
            _judge_kinds(reading, before)
        case Good(piece=None):
            _judge_unnamed(reading.pieces, plan, before)
        case Good():
            _judge_good(str(reading.piece), plan, before)
        case Withdrawn():
            _judge_withdrawn(reading.sequence, before)


def _judge_measured(reading: Measured, plan: TallyPlan, before: Tallied) -> None:
    one = plan.characteristic(reading.characteristic)
    if one is None or one.is_attributive:
        raise _unknown_characteristic(reading.characteristic, plan)
    if not one.is_plausible(Decimal(reading.value)) and not reading.is_confirmed:
        # It is held, and takes no place.
        return
    _judge_room(reading.piece, plan, before)
    piece = before.pieces.get(reading.piece)
    if piece and one.number in piece.measured:
        raise ReadingContradicts(
            f"/measured/piece: expected one value of {one.number} for piece {reading.piece}, "
            f"found another in reading {piece.measured[one.number]}: withdraw that one first"
        )
    if len(before.values.get(one.number, ())) >= VALUES_MAX:
        raise ReadingContradicts(
            f"/measured/characteristic: expected at most {VALUES_MAX} values of {one.number}, "
            "as a report holds, found more"
        )


def _judge_room(piece: str, plan: TallyPlan, before: Tallied) -> None:
    if piece in before.pieces or before.unnamed or before.begun < plan.sample:
        return
    raise ReadingContradicts(
        f"piece {piece}: expected one of the {plan.sample} of the sample, found one more: "
        "name a piece of the sample"
    )


def _judge_kinds(reading: Defect, before: Tallied) -> None:
    known = {
        key
        for piece in before.pieces.values()
        for found in (piece.defects, piece.uncounted)
        for key in found
    }
    if len(known) >= DEFECT_KINDS_MAX and (reading.class_name, reading.code) not in known:
        raise ReadingContradicts(
            f"/defect/code: expected at most {DEFECT_KINDS_MAX} codes, as a report holds, "
            "found more"
        )


def _judge_unnamed(pieces: int, plan: TallyPlan, before: Tallied) -> None:
    left = plan.sample - before.begun
    if pieces > left:
        raise ReadingContradicts(
            f"/good/pieces: expected at most {left}, which the sample of {plan.sample} has left, "
            f"found {pieces}"
        )


def _judge_good(piece: str, plan: TallyPlan, before: Tallied) -> None:
    _judge_room(piece, plan, before)
    known = before.pieces.get(piece)
    if known and known.is_defective:
        codes = ", ".join(sorted({code for _, code in {**known.defects, **known.uncounted}}))
        raise ReadingContradicts(
            f"/good/piece: expected a piece without a defect, found {piece} with {codes}: "
            "withdraw the reading that says so, where it is wrong"
        )


def _judge_withdrawn(sequence: int, before: Tallied) -> None:
    if sequence > before.sequence or sequence in before.withdrawn | before.withdrawals:
        raise ReadingContradicts(
            f"/withdrawn/sequence: expected a reading that counts, found {sequence}"
        )


def _unknown_characteristic(number: str, plan: TallyPlan) -> MalformedReading:
    known = [one.number for one in plan.characteristics if not one.is_attributive]
    near = " or ".join(near_codes(number, known) or known[:3]) or "none: the plan measures nothing"
    return MalformedReading(
        f"/measured/characteristic: expected a number of the plan such as {near}, "
        f"found {number!r:.40}"
    )
