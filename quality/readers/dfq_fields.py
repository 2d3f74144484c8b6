"""The K fields of the Q-DAS ASCII transfer format (AQDEF) that a DFQ reader takes, and what as.

Everything else (evaluation settings, charts, user fields) is passed over: it says nothing about
the measured part. Catalogues (K4xxx) are read where a value names its entry by number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

#: Between the fields of one value, and between characteristics, in a line without keys.
FIELD_END: Final = "\x14"
CHARACTERISTIC_END: Final = "\x0f"

#: What surrounds a text and is none of it, the end of a file under DOS included.
BLANK: Final = " \t\r\x1a\0"

#: What a line without keys holds of each characteristic, in this order.
VARIABLE: Final = (
    *("K0001", "K0002", "K0004", "K0005", "K0006"),
    *("K0007", "K0008", "K0010", "K0011", "K0012"),
)
#: The same of one that is counted; the third field has no meaning.
ATTRIBUTIVE: Final = ("K0020", "K0021", "", *VARIABLE[1:])
#: Of values only with their key, after what the line without keys holds.
ADDED: Final[Mapping[str, str]] = {
    "K0009": "remark",
    "K0014": "piece",
    "K0053": "order",
}
#: Where a value's fields are kept while it is open: variable, counted, added ones.
SLOTS: Final[Mapping[str, int]] = {
    key: slot for slot, key in enumerate((*VARIABLE, "K0020", "K0021", *ADDED))
}
SAMPLE_SLOT: Final = SLOTS["K0020"]
ADDED_SLOT: Final = SLOTS["K0021"] + 1


class Start(NamedTuple):
    """What a line begins with: ``K0014/2/7`` is the seventh value of the second characteristic.

    ``slot`` is where the field of a value is kept, negative for all other fields.
    """

    key: str
    slot: int
    number: int
    position: int | None


#: K0002: "no value was measured" and "the value is not valid".
INVALID: Final = frozenset(("255", "256"))
#: K2004: counted, a type of error on a log sheet, the log sheet.
COUNTED: Final = frozenset(("1", "5", "6"))
ERROR_LOGS: Final = frozenset(("5", "6"))
#: K2120 and K2121: 0 no kind given, 1 a limit, 2 a bound that nature gives.
NATURAL: Final = "2"

#: Of a part: what its field is called; where two keys name one, the first that is filled counts.
PART: Final[Mapping[str, tuple[str, ...]]] = {
    "number": ("K1001",),
    "name": ("K1002", "K1003"),
    "revision": ("K1004",),
    "drawing": ("K1041",),
    "lot": ("K1302",),
    "order": ("K1053", "K1311"),
    "machine": ("K1081", "K1082"),
    "supplier": ("K1071", "K1072"),
    "customer": ("K1061", "K1062"),
    "reason": ("K1203",),
    "remark": ("K1900",),
}
#: Of a characteristic, texts.
CHARACTERISTIC: Final[Mapping[str, tuple[str, ...]]] = {
    "number": ("K2001",),
    "name": ("K2002", "K2003"),
    "unit": ("K2142",),
    "criticality": ("K2005",),
    "gauge": ("K2401", "K2402"),
}
#: Of a characteristic, numbers.
NUMBERS: Final[Mapping[str, str]] = {
    "nominal": "K2101",
    "lower": "K2110",
    "upper": "K2111",
    "gauge_resolution": "K2404",
}
CHARACTERISTIC_KEYS: Final = frozenset(
    (
        *(key for keys in CHARACTERISTIC.values() for key in keys),
        *NUMBERS.values(),
        *("K2000", "K2004", "K2022", "K2030", "K2031", "K2112", "K2113", "K2120", "K2121"),
    )
)
PART_KEYS: Final = frozenset(("K1000", *(key for keys in PART.values() for key in keys)))
GROUP_KEYS: Final = frozenset(("K5001", "K5002"))
#: K5111 to K5113: node that is a part, a characteristic, a group; K5102 and K5103: a
#: characteristic, a node beneath a node.
HIERARCHY_KEYS: Final = frozenset(("K5102", "K5103", "K5111", "K5112", "K5113"))

#: Which fields of a value name an entry of a catalogue, and the keys of the entry's text.
CATALOGUES: Final[Mapping[str, tuple[str, ...]]] = {
    "K0007": ("K4252", "K4253"),
    "K0008": ("K4092",),
    "K0010": ("K4062", "K4063"),
    "K0012": ("K4072", "K4073"),
    "K0053": ("K4032", "K4033"),
}
CATALOGUE_KEYS: Final = frozenset(key for keys in CATALOGUES.values() for key in keys)
