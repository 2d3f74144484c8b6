"""The tables of derived data, in a place of their own (docs/adr/0014-derived-tables.md).

On SQLite a file beside the log's, on PostgreSQL a schema that the service's role may create
tables in. They are made by whoever opens them, and made anew where their form has changed:
everything in them follows from the log.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Column, Index, MetaData, Table, Text

#: Changes with the tables and with what the fold makes of a log: other tables are dropped.
FORM: Final = "DLV-1/10 SMP-1/2"
#: Replaced by the schema on PostgreSQL, and by none on SQLite.
SCHEMA: Final = "derived"
METADATA: Final = MetaData(schema=SCHEMA)


def _text(name: str, *, key: bool = False, nullable: bool = False) -> Column[Any]:
    return Column(name, Text, primary_key=key, nullable=nullable)


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


# One row: the form of the tables, how many entries they hold, and of which log.
BOOKMARK: Final = Table(
    "bookmark",
    METADATA,
    _text("form", key=True),
    _number("size"),
    _text("origin"),
    _text("leaf"),
)

# A customer, a supplier and a part; others name it by its key, which is shorter.
LANE: Final = Table(
    "lane",
    METADATA,
    _text("key", key=True),
    _text("customer"),
    _text("supplier"),
    _text("part"),
    Index("lane_supplier", "supplier", "customer", "part"),
    Index("lane_customer", "customer", "supplier", "part"),
)

PLACE: Final = Table("place", METADATA, _text("record_id", key=True), _text("key"))

DELIVERY: Final = Table("delivery", METADATA, _text("key", key=True), _text("papers"))

# In which months a delivery is found, and whether it is a shipment without a receipt there.
DELIVERY_MONTH: Final = Table(
    "delivery_month",
    METADATA,
    _text("lane", key=True),
    _text("month", key=True),
    _text("delivery", key=True),
    _number("is_pending"),
    Index("delivery_month_delivery", "delivery"),
    Index("delivery_month_pending", "is_pending", "lane", "month"),
)

COMPLAINT: Final = Table(
    "complaint",
    METADATA,
    _text("key", key=True),
    _text("lane"),
    _text("month"),
    _number("bad"),
    _number("open_cases"),
    _number("erased"),
    _text("records"),
    Index("complaint_lane", "lane", "month"),
)

# On which day a delivery brought a lot first. The key of a lot is that of the lane, a slash, and
# the lot. A row each: many deliveries bring a lot that is called "N/A".
LOT_DAY: Final = Table(
    "lot_day",
    METADATA,
    _text("lot", key=True),
    _text("delivery", key=True),
    _text("day"),
    Index("lot_day_first", "lot", "day"),
)

# Which cases name a lot.
LOT_CASE: Final = Table("lot_case", METADATA, _text("lot", key=True), _text("complaint", key=True))

MONTH: Final = Table(
    "month",
    METADATA,
    _text("lane", key=True),
    _text("month", key=True),
    _text("pieces"),
    _number("unconverted"),
    _number("lots"),
    _number("bad"),
    _number("open_cases"),
    _number("erased"),
)

# Records of cases whose problem was erased: of which two, and the last month that may have it.
GAP: Final = Table(
    "gap",
    METADATA,
    _text("record_id", key=True),
    _number("entry"),
    _text("one"),
    _text("other"),
    _text("until"),
    Index("gap_one", "one", "other"),
    Index("gap_other", "other"),
)

# Records that the sampling of a part follows from, with what is looked at of each as JSON. They
# are folded when somebody asks; in the order of their entries.
SAMPLED: Final = Table(
    "sampled",
    METADATA,
    _text("record_id", key=True),
    _text("lane"),
    _number("entry"),
    _text("corrects", nullable=True),
    _text("facts"),
    Index("sampled_lane", "lane", "entry"),
    Index("sampled_corrects", "corrects"),
)
