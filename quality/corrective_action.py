"""What a corrective action (8D) must be, and what it may say that is bad.

Rules for ``corrective-action/v1`` that its schema cannot say. Deadlines and the order of
the steps are not judged here: they need the history of the case.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ledger.faults import Fault
from quality.flags import Flag
from quality.repeats import repeat_faults
from quality.values import Groups, count, decimal, instant, items, part, pointed, text

#: Technical and systemic causes, of occurrence and of non-detection.
_CAUSE_KINDS: Final = ("TUA", "TUN", "SUA", "SUN")
_PLACES: Final = ("customer", "transit", "own-stock", "sub-supplier", "field")


def corrective_action_faults(groups: Groups) -> Iterator[Fault]:
    """The faults of a corrective action's groups."""
    yield from _quantity_faults(groups)
    yield from _cause_faults(groups)
    yield from _closure_faults(groups)
    yield from _confirmed_faults(groups)


def corrective_action_flags(groups: Groups) -> Iterator[Flag]:
    """What a corrective action says that is true but bad."""
    yield from _containment_flags(groups)
    yield from _cause_flags(groups)
    yield from _action_flags(groups)


def _quantity_faults(groups: Groups) -> Iterator[Fault]:
    found, suspect = count(groups, "problem", "found"), count(groups, "problem", "suspect")
    if found is not None and suspect is not None and found > suspect:
        yield Fault("/problem/found", f"at most the {suspect} suspect units", str(found))
    for pointer, measure in pointed("", groups, "containment", "measures"):
        quantity = count(measure, "quantity")
        sorted_out, defective = count(measure, "sorted"), count(measure, "defective")
        if quantity is not None and sorted_out is not None and sorted_out > quantity:
            yield Fault(f"{pointer}/sorted", f"at most the {quantity} there", str(sorted_out))
        if sorted_out is not None and defective is not None and defective > sorted_out:
            yield Fault(f"{pointer}/defective", f"at most the {sorted_out} sorted", str(defective))
    effect = decimal(groups, "containment", "effectiveness_percent")
    if effect is not None and not 0 <= effect <= 100:
        yield Fault("/containment/effectiveness_percent", "0 to 100", str(effect))


def _cause_faults(groups: Groups) -> Iterator[Fault]:
    """Every action answers a cause that is stated."""
    causes = items(groups, "cause", "causes")
    yield from repeat_faults("/cause/causes", causes, name="id")
    yield from repeat_faults("/actions/actions", items(groups, "actions", "actions"), name="id")
    if "cause" not in groups:
        return
    known = {text(cause, "id") for cause in causes}
    for pointer, action in pointed("", groups, "actions", "actions"):
        named = text(action, "cause")
        if named is not None and named not in known:
            yield Fault(f"{pointer}/cause", "the id of a stated cause", named)


def _closure_faults(groups: Groups) -> Iterator[Fault]:
    opened, closed = (
        instant(groups, "problem", "opened_at"),
        instant(groups, "closure", "closed_at"),
    )
    if opened is not None and closed is not None and closed < opened:
        expected = f"{opened.isoformat()} (opened) or later"
        yield Fault("/closure/closed_at", expected, closed.isoformat())


def _confirmed_faults(groups: Groups) -> Iterator[Fault]:
    """Where no fault was found, no unit was bad."""
    confirmed = count(groups, "closure", "confirmed")
    if confirmed and text(groups, "closure", "responsible") == "none-found":
        yield Fault("/closure/confirmed", "0, no fault having been found", str(confirmed))


def _containment_flags(groups: Groups) -> Iterator[Flag]:
    """Each of the five places is stated, if only as not applicable."""
    if "containment" not in groups:
        return
    stated = {text(measure, "place") for measure in items(groups, "containment", "measures")}
    missing = [place for place in _PLACES if place not in stated]
    if missing:
        named = ", ".join(missing)
        yield Flag(
            "containment-place-missing",
            "/containment/measures",
            en=f"containment says nothing about: {named}",
            zh=f"围堵措施未说明以下地点：{named}",
        )


def _cause_flags(groups: Groups) -> Iterator[Flag]:
    if "cause" not in groups:
        return
    stated = {text(cause, "kind") for cause in items(groups, "cause", "causes")}
    missing = [kind for kind in _CAUSE_KINDS if kind not in stated]
    if missing:
        named = ", ".join(missing)
        yield Flag(
            "cause-missing",
            "/cause/causes",
            en=f"no cause is stated for: {named}",
            zh=f"缺少以下原因：{named}",
        )
    for pointer, cause in pointed("", groups, "cause", "causes"):
        yield from _one_cause_flags(pointer, cause)


def _one_cause_flags(pointer: str, cause: object) -> Iterator[Flag]:
    if text(cause, "category") == "human":
        yield Flag(
            "human-error-only",
            f"{pointer}/category",
            en="human error alone is not a root cause: why could the error happen?",
            zh="仅归因于人员失误不能作为根本原因：为何会发生该失误？",
        )
    if part(cause, "reproduced") is False:
        yield Flag(
            "cause-not-reproduced",
            f"{pointer}/reproduced",
            en="the cause was not proved by switching it on and off",
            zh="该原因未经开关复现验证",
        )


def _action_flags(groups: Groups) -> Iterator[Flag]:
    closed = "closure" in groups
    for pointer, action in pointed("", groups, "actions", "actions"):
        done = part(action, "implemented_on") is not None
        if done and part(action, "criterion") is None:
            yield Flag(
                "criterion-missing",
                pointer,
                en="implemented without a success criterion fixed beforehand",
                zh="实施前未确定成功判据",
            )
        if done and part(action, "validation", "met") is not True:
            yield Flag(
                "action-not-validated",
                pointer,
                en="implemented but not shown to work",
                zh="已实施但未验证有效",
            )
        if closed and not done:
            yield Flag(
                "closed-with-open-action",
                pointer,
                en="closed while this action is open",
                zh="该措施未实施即已结案",
            )
