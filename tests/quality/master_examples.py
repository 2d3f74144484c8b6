"""One realistic record of each type of master and delivery, every group present."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

Json: TypeAlias = Any
ORIGIN: Final = "did:web:log.example:parties"
CUSTOMER: Final = f"{ORIGIN}:hanfeng-drive"
SUPPLIER: Final = f"{ORIGIN}:lindqvist-gears"
_CORRECTION: Final = {"reason": "typing", "note": "Entered with a wrong date"}
_SHIFTS: Final = [
    {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "06:00", "to": "14:00"},
    {"days": ["mon", "tue", "wed", "thu"], "from": "22:00", "to": "06:00"},
]

ACT: Final[Json] = {
    "state": {
        "act": "relation",
        "kind": "supply",
        "customer": CUSTOMER,
        "provider": SUPPLIER,
        "families": ["GEARS", "SHAFTS"],
    },
    "terms": {"note": "Frame contract of 2026", "contract": "FC-2026-04"},
}

SITE: Final[Json] = {
    "state": {"site": "HF-NB-1", "kind": "plant", "closed_from": "2031-01-01"},
    "identity": {
        "name": {"en": "Hanfeng Drive, Ningbo plant", "zh": "汉风传动宁波工厂"},
        "gln": "6901234500004",
        "duns": "654321098",
        "uscc": "91330200MA2AEXAMXX",
    },
    "place": {
        "lines": ["No. 88 Canal Road"],
        "city": "宁波",
        "region": "浙江",
        "postcode": "315000",
        "country": "CN",
        "latitude": "29.8683",
        "longitude": "121.5440",
    },
    "calendar": {
        "timezone": "Asia/Shanghai",
        "shifts": _SHIFTS,
        "holidays": [{"on": "2026-10-01", "name": "国庆节"}],
        "working_days": [{"on": "2026-10-10", "name": "调休"}],
    },
    "contact": {
        "role": "Quality on call",
        "name": "王芳",
        "phone": "+86 574 5555 0100",
        "email": "on-call@hanfeng.example",
        "languages": ["zh", "en"],
        "around_the_clock": True,
    },
    "correction": _CORRECTION,
}

PART: Final[Json] = {
    "state": {
        "number": "GR-1001",
        "supplier_number": "LG-77-B",
        "revision": "C",
        "customer": CUSTOMER,
        "supplier": SUPPLIER,
        "family": "GEARS",
        "unit": "KGM",
        "safety": True,
        "site": "HF-NB-1",
    },
    "detail": {
        "names": {"en": "Countershaft gear", "zh": "中间轴齿轮"},
        "commodity": "forged-parts",
        "software_version": "4.2.1",
        "pieces_per_unit": "2.5",
        "material": "20MnCr5",
        "drawing": "DRW-1001-C",
    },
    "correction": _CORRECTION,
}

SPECIFICATION: Final[Json] = {
    "state": {
        "specification": "SP-1001",
        "revision": "C",
        "part": "GR-1001",
        "customer": CUSTOMER,
        "supplier": SUPPLIER,
        "in_force_from": "2026-11-01",
        "site": "HF-NB-1",
    },
    "characteristics": [
        {
            "number": "D1",
            "name": "外径",
            "kind": "DIAMETER-OUTER",
            "class": "SC",
            "nominal": "1.000",
            "lower": "0.975",
            "upper": "1.025",
            "unit": "INH",
            "gauge": {"kind": "micrometer", "resolution": "0.001", "uncertainty_max": "0.002"},
            "plausible": {"from": "0.5", "to": "1.5"},
            "sampling": {"standard": "c=0", "level": "II", "severity": "normal"},
            "capability": {"index": "Ppk", "at_least": "1.67"},
            "upload": "lot",
        },
        {
            "number": "V1",
            "name": "外观",
            "class": "none",
            "attributive": True,
            "nominal": None,
            "lower": None,
            "upper": None,
            "unit": "H87",
            "sampling": {
                "standard": "ISO 2859-1",
                "level": "II",
                "aql": "0.65",
                "severity": "normal",
            },
        },
    ],
    "documents": {
        "files": [
            {
                "blob": "b" * 22,
                "sha256": "h" * 43,
                "bytes": 48_213,
                "media_type": "application/pdf",
            }
        ],
        "remark": "Drawing of the tooth flank",
    },
    "correction": _CORRECTION,
}

REQUIREMENT: Final[Json] = {
    "state": {
        "requirement": "QR-2026",
        "revision": "2",
        "supplier": SUPPLIER,
        "customer": CUSTOMER,
        "families": ["GEARS"],
        "in_force_from": "2026-11-01",
        "site": "HF-NB-1",
    },
    "credentials": [
        {
            "kind": "system-certificate",
            "scheme": "IATF 16949",
            "scope": "Forging and machining of gears",
            "sites": ["LG-1"],
            "from": "2026-11-01",
        }
    ],
    "limits": {
        "steps": [
            {"step": "ack", "hours": 2, "safety_hours": 1},
            {"step": "D3", "hours": 24, "safety_hours": 4},
            {"step": "D4", "days": 7, "safety_hours": 72},
        ],
        "decision_hours": 48,
        "distinct_persons": True,
    },
    "targets": [{"family": "GEARS", "ppm": "50", "from": "2026-11-01"}],
    "uploads": [{"part": "GR-1001", "characteristic": "D1", "every": "lot"}],
    "labels": {"standard": "GS1", "fields": ["SSCC", "lot", "quantity"]},
    "calendars": [
        {
            "site": "LG-1",
            "timezone": "Europe/Stockholm",
            "shifts": _SHIFTS,
            "holidays": [{"on": "2026-12-25"}],
            "working_days": [{"on": "2026-12-19"}],
        }
    ],
    "correction": _CORRECTION,
}

_PART_OF_DELIVERY: Final = {
    "customer": CUSTOMER,
    "supplier": SUPPLIER,
    "number": "GR-1001",
    "revision": "C",
}

SHIPMENT: Final[Json] = {
    "state": {
        "shipment": "DN-5521",
        "part": _PART_OF_DELIVERY,
        "site": "LG-1",
        "to_site": "HF-NB-1",
        "shipped_on": "2026-11-10",
        "deviation": "DEV-31",
        "change": "c" * 43,
    },
    "goods": {
        "quantity": "500",
        "unit": "H87",
        "lots": [
            {"number": "LG-2026-0417", "quantity": "300", "manufactured_on": "2026-11-02"},
            {"number": "LG-2026-0418", "quantity": "200", "manufactured_on": "2026-11-03"},
        ],
        "packages": ["376104250021234569"],
    },
    "correction": _CORRECTION,
}

GOODS_RECEIPT: Final[Json] = {
    "state": {
        "receipt": "GR-90021",
        "shipment": "s" * 43,
        "part": _PART_OF_DELIVERY,
        "site": "HF-NB-1",
        "received_on": "2026-11-18",
    },
    "goods": {
        "quantity": "498",
        "unit": "H87",
        "lots": [
            {"number": "LG-2026-0417", "quantity": "300"},
            {"number": "LG-2026-0418", "quantity": "198"},
        ],
    },
    "differences": [
        {"kind": "missing", "lot": "LG-2026-0418", "quantity": "2", "note": "One box short"}
    ],
    "correction": _CORRECTION,
}

#: By type, in the order in which a new log receives the types.
MASTER_EXAMPLES: Final[dict[str, Json]] = {
    "act/v1": ACT,
    "site/v1": SITE,
    "part/v1": PART,
    "specification/v1": SPECIFICATION,
    "requirement/v1": REQUIREMENT,
    "shipment/v1": SHIPMENT,
    "goods-receipt/v1": GOODS_RECEIPT,
}
