"""The reasons of draws of skip-lot, in English and Chinese."""

from __future__ import annotations

from typing import Final

from quality.sampling.reason import Reason

NOT_QUALIFIED: Final = Reason(
    "not-qualified",
    en="inspected: the lots before it do not allow a lot to be skipped, or the class never does",
    zh="须检验：此前各批不满足跳批条件，或该缺陷类别不允许跳批",
)
DRAWN: Final = Reason(
    "drawn",
    en="inspected: the pre-image drew this lot",
    zh="须检验：由揭示值抽中",
)
KNOWN_BEFORE: Final = Reason(
    "known-before",
    en="inspected: the pre-image was revealed before the lot was admitted",
    zh="须检验：揭示值在该批被接纳前已公开",
)
NOT_REVEALED: Final = Reason(
    "not-revealed",
    en="inspected: no pre-image was revealed for this lot in time, so the skip is forfeited",
    zh="须检验：未在期限内为该批揭示，跳批资格作废",
)
LOT_REPEATED: Final = Reason(
    "lot-repeated",
    en="inspected: another shipment named one of its lots before, and a lot is drawn once",
    zh="须检验：其中有批号已由此前的发货申报，每批只抽签一次",
)
LOTS_UNKNOWN: Final = Reason(
    "lots-unknown",
    en="inspected: nothing is known of the lots that the shipment brings",
    zh="须检验：该次发货所含批号不明",
)
CORRECTED: Final = Reason(
    "corrected",
    en="inspected: lots, quantity, part or site were corrected after the lot was drawn",
    zh="须检验：抽签后更正了批号、数量、零件或地点，跳批资格作废",
)


def wrong_position(revealed: int, position: int) -> Reason:
    """The reason of a reveal for another position."""
    return Reason(
        "wrong-position",
        en=f"inspected: position {revealed} was revealed for the lot of position {position}",
        zh=f"须检验：该批位置为 {position}，却揭示了位置 {revealed}",
    )


def late(hours: int) -> Reason:
    """The reason of a reveal behind its deadline."""
    return Reason(
        "late",
        en=f"inspected: the pre-image came later than {hours} hours after the lot was admitted",
        zh=f"须检验：揭示晚于该批被接纳后 {hours} 小时",
    )


def not_drawn(one_in: int) -> Reason:
    """The reason of a lot that is skipped."""
    return Reason(
        "not-drawn",
        en=f"skipped: the pre-image did not draw this lot, one in {one_in} is inspected",
        zh=f"跳批：揭示值未抽中该批（每 {one_in} 批检验一批）",
    )


def awaited(hours: int) -> Reason:
    """The reason of a lot whose reveal may still come."""
    return Reason(
        "awaited",
        en=f"the customer has {hours} hours from the lot's admission to reveal the pre-image",
        zh=f"顾客须在该批被接纳后 {hours} 小时内揭示",
    )
