"""What a model card and a decision about one must be, and what they may say that is bad.

Rules for ``model-card/v1`` and ``model-decision/v1`` that their schemas cannot say. Whose card
it is to approve is judged by what is in force (:mod:`quality.in_force.judging_models`).
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from ledger.faults import Fault
from quality.flags import Flag
from quality.repeats import repeat_faults
from quality.values import Groups, count, decimal, instant, items, pointed, text

#: What the served model may differ from the reference by, in standardised units.
PARITY_MAX: Final = Decimal("0.001")
#: Rows that a card can leave out in all: whoever reads it holds them as numbers.
LEFT_OUT_MAX: Final = 1_000_000
_PAIR: Final = 2
OPERATOR: Final = frozenset({"operator"})


def model_card_faults(groups: Groups, *, signer: str | None) -> Iterator[Fault]:
    """The faults of a model card's groups.

    Args:
        groups: by name.
        signer: DID of the signing party, where it is known.
    """
    yield from _owner_faults(groups, signer)
    yield from _training_faults(groups)
    yield from _left_out_faults(groups)
    yield from _result_faults(groups)
    yield from repeat_faults("/settings", items(groups, "settings"), name="name")
    yield from _reference_faults(groups)


def model_card_roles(groups: Groups, *, signer: str | None) -> frozenset[str] | None:
    """Who may say it: the line's owner by its type, for anybody else the operator's service."""
    owner = text(groups, "state", "owner")
    return None if owner is None or signer is None or owner == signer else OPERATOR


def model_card_flags(groups: Groups) -> Iterator[Flag]:
    """What a model card says that is true but bad."""
    error = decimal(groups, "results", "parity_error")
    if error is not None and error > PARITY_MAX:
        yield Flag(
            "parity-missed",
            "/results/parity_error",
            en=f"the served model differs from the reference by {error}, more than {PARITY_MAX}",
            zh=f"部署模型与参考实现相差 {error}，超过 {PARITY_MAX}",
        )
    if "results" in groups and not items(groups, "results", "benchmark"):
        yield Flag(
            "benchmark-missing",
            "/results",
            en="no benchmark is stated: how much the model finds is not known",
            zh="未给出基准测试：模型的检出能力未知",
        )
    if text(groups, "state", "stage") == "learning":
        yield Flag(
            "model-learning",
            "/state/stage",
            en="the model has seen too few rows to alarm by itself",
            zh="模型学习的数据行太少，尚不能独立报警",
        )


def model_decision_flags(groups: Groups) -> Iterator[Flag]:
    """What a decision about a model says that is true but bad."""
    present = items(groups, "filing", "present")
    is_silent = "note" not in (present or groups)
    if text(groups, "state", "reason") == "other" and is_silent:
        yield Flag(
            "reason-missing",
            "/state/reason",
            en="the reason is another one, and no note states it",
            zh="原因为“其他”，但未附说明",
        )


def _owner_faults(groups: Groups, signer: str | None) -> Iterator[Fault]:
    owner = text(groups, "state", "owner")
    if owner is None or signer is None or owner == signer:
        return
    # The subject reads every group: whose line it is must be able to judge the card.
    if "manifest" in groups and text(groups, "manifest", "subject") != owner:
        found = text(groups, "manifest", "subject") or "nobody"
        yield Fault("/manifest/subject", f"{owner}, the owner of the line", found)


def _training_faults(groups: Groups) -> Iterator[Fault]:
    begin, end = (instant(groups, "training", name) for name in ("from", "until"))
    if begin is not None and end is not None and end < begin:
        yield Fault("/training/until", "not before the first row", str(end))
    rows = count(groups, "training", "rows")
    effective = decimal(groups, "training", "effective_rows")
    if rows is not None and effective is not None and not 0 <= effective <= rows:
        yield Fault("/training/effective_rows", f"0 to {rows}, the rows", str(effective))


def _left_out_faults(groups: Groups) -> Iterator[Fault]:
    """Rows are left out of records that were trained on, in spans that follow each other."""
    records = set(items(groups, "training", "records"))
    yield from repeat_faults(
        "/training/left_out", items(groups, "training", "left_out"), name="record"
    )
    rows = 0
    for pointer, one in pointed("", groups, "training", "left_out"):
        if text(one, "record") not in records:
            yield Fault(
                f"{pointer}/record", "a record that was trained on", str(text(one, "record"))
            )
        last = 0
        for place, span in pointed(pointer, one, "rows"):
            first, until = span if isinstance(span, list) and len(span) == _PAIR else (0, 0)
            if not last < first <= until:
                yield Fault(place, f"first and last row, above {last}", str(span))
                break
            last, rows = until, rows + until - first + 1
    if rows > LEFT_OUT_MAX:
        yield Fault("/training/left_out", f"at most {LEFT_OUT_MAX} rows", str(rows))


def _result_faults(groups: Groups) -> Iterator[Fault]:
    for name in ("alpha", "resolution"):
        value = decimal(groups, "results", name)
        if value is not None and not 0 < value <= 1:
            yield Fault(f"/results/{name}", "above 0, at most 1", str(value))
    error = decimal(groups, "results", "parity_error")
    if error is not None and error < 0:
        yield Fault("/results/parity_error", "0 or more", str(error))
    yield from repeat_faults(
        "/results/limits", items(groups, "results", "limits"), name="statistic"
    )


def _reference_faults(groups: Groups) -> Iterator[Fault]:
    named = items(groups, "reference", "parameters")
    yield from repeat_faults("/reference/parameters", named, name="id")
    named_ones = items(groups, "training", "parameters")
    trained = {name for name in named_ones if isinstance(name, str)}
    for pointer, one in pointed("", groups, "reference", "parameters"):
        spread, name = decimal(one, "spread"), text(one, "id")
        if spread is not None and spread < 0:
            yield Fault(f"{pointer}/spread", "0 or more", str(spread))
        if trained and name not in trained:
            yield Fault(f"{pointer}/id", "a parameter that was trained on", str(name))
