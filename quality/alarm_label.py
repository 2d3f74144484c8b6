"""What a label of an alarm must be, and what it may say that is bad.

Rules for ``alarm-label/v1`` that its schema cannot say. Whose alarm it is to label is judged by
what is in force (:mod:`quality.in_force.judging_models`).
"""

from __future__ import annotations

from collections.abc import Iterator

from ledger.faults import Fault
from quality.flags import Flag
from quality.values import Groups, count, text

KNOWN_CAUSE = "known-cause"


def alarm_label_faults(groups: Groups) -> Iterator[Fault]:
    """The faults of a label's groups."""
    first, last = (count(groups, "alarm", name) for name in ("from_row", "to_row"))
    if first is not None and last is not None and last < first:
        yield Fault("/alarm/to_row", f"{first} or more, the first row", str(last))
    if "label" not in groups:
        return
    action, label, cause = (text(groups, "label", name) for name in ("action", "label", "cause"))
    if action == "label" and label is None:
        yield Fault("/label/label", "confirmed, false or known-cause", "none")
    if action == "acknowledge" and label is not None:
        yield Fault("/label/label", "none: an acknowledgement says that it was seen", label)
    if label == KNOWN_CAUSE and cause is None:
        yield Fault("/label/cause", "the cause that is known", "none")
    if label in (None, "false") and cause is not None:
        yield Fault("/label/cause", "none: the alarm is not said to have one", cause)


def alarm_label_flags(groups: Groups) -> Iterator[Flag]:
    """What a label says that is true but bad."""
    if text(groups, "label", "label") == "confirmed" and text(groups, "label", "cause") is None:
        yield Flag(
            "alarm-without-cause",
            "/label/label",
            en="the alarm is confirmed, and no cause is stated",
            zh="报警已确认属实，但未说明原因",
        )
