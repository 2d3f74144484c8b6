"""One realistic record of each business type, and how to change one value of it."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Any, TypeAlias

import jsonschema_rs

from quality.types import business_types
from tests.quality.anomaly_examples import ANOMALY_EXAMPLES
from tests.quality.master_examples import MASTER_EXAMPLES

Json: TypeAlias = Any
ORIGIN = "did:web:log.example:parties"
OEM, HANFENG, LINDQVIST, SUZHOU, CERTIFIER = (
    f"{ORIGIN}:{slug}"
    for slug in (
        "borealis-motors",
        "hanfeng-drive",
        "lindqvist-gears",
        "suzhou-ceramics",
        "meridian-cert",
    )
)
FILE = {
    "blob": "b" * 22,
    "sha256": "h" * 43,
    "bytes": 48_213,
    "media_type": "application/pdf",
}

_INSPECTION: Json = {
    "verdict": {
        "decision": "accept",
        "decided_at": "2026-11-20T09:30:00+08:00",
        "stage": "receiving",
        "remark": "首批来料，加严检验",
    },
    "lot": {
        "number": "LG-2026-0417",
        "part": "GR-1001",
        "part_revision": "C",
        "part_name": "中间轴齿轮",
        "quantity": "500",
        "unit": "H87",
        "supplier": LINDQVIST,
        "customer": HANFENG,
        "order": "PO-88123",
        "manufactured_on": "2026-11-02",
        "received_on": "2026-11-18",
    },
    "plan": {
        "standard": "GB/T 2828.1",
        "level": "II",
        "severity": "normal",
        "letter_asked": "H",
        "letter_used": "J",
        "sample": 80,
        "whole_lot": False,
        "classes": [
            {"class": "critical", "aql": None, "accept": 0, "reject": 1},
            {"class": "major", "aql": "0.65", "accept": 1, "reject": 2},
        ],
    },
    "defects": {
        "inspected": 80,
        "defective": 1,
        "items": [
            {"code": "SCRATCH", "class": "major", "units": 1, "nonconformities": 2},
        ],
    },
    "summary": {
        "characteristics": [
            {
                "id": "D1",
                "unit": "in",
                "count": 3,
                "minimum": "0.996",
                "mean": "1.0007",
                "maximum": "1.006",
                "deviation": "0.0050",
                "ppk": {"value": "1.35", "lower": "1.10", "upper": "1.60"},
            }
        ]
    },
    "measurements": {
        "characteristics": [
            {
                "id": "D1",
                "name": "外径",
                "class": "none",
                "unit": "in",
                "nominal": "1.000",
                "lower": "0.975",
                "upper": "1.025",
                "gauge": {"id": "MIC-07", "credential": "c" * 43, "due_on": "2027-03-31"},
                "values": [
                    {"value": "1.006", "at": "2026-11-19T10:00:00+08:00", "piece": "1"},
                    {"value": "0.996", "piece": "2"},
                    {"value": "1.000", "piece": "3"},
                ],
            },
            {
                "id": "F1",
                "name": "疲劳寿命",
                "class": "SC",
                "unit": "kcycle",
                "nominal": None,
                "lower": "350",
                "upper": None,
                "values": [{"value": "370"}],
            },
        ]
    },
    "disposition": {
        "action": "use-as-is",
        "quantity": "1",
        "deviation": {"number": "DEV-31", "expires_on": "2026-12-31", "quantity": "1"},
        "mrb": {
            "number": "MRB-204",
            "decided_at": "2026-11-20T09:00:00+08:00",
            "functions": ["质量", "设计"],
            "nonconformity": "NCR-118",
        },
    },
    "evidence": {"files": [FILE]},
    "inspectors": {"inspector": "王芳", "reviewer": "李强"},
    "bands": {
        "accepted": True,
        "ppm": "5000-or-more",
        "ppk_at_least_1_33": True,
        "ppk_at_least_1_67": False,
    },
    "correction": {"reason": "typing", "note": "批号录入错误，现已更正"},
}

_CREDENTIAL: Json = {
    "credential": {
        "kind": "calibration",
        "scheme": "ISO/IEC 17025",
        "number": "MC-2026-5521",
        "holder": {"party": SUZHOU, "name": "苏州精陶科技有限公司"},
        "valid_from": "2026-11-01",
        "valid_until": "2027-10-31",
        "status": "active",
    },
    "detail": {
        "scope": "光学密度片的校准",
        "accreditation": {"body": "DAkkS", "number": "D-K-00000-01"},
        "decision_rule": "ILAC-G8, guard band U",
    },
    "covers": {"instrument": {"id": "ND-2", "name": "滤光片", "model": "ND 2.0"}, "lots": []},
    "results": {
        "determined_on": "2026-11-01",
        "due_on": "2027-10-31",
        "items": [
            {
                "id": "T",
                "unit": "1",
                "reference": "2",
                "value": "2.0019",
                "uncertainty": "0.0009",
                "lower": "1.99",
                "upper": "2.01",
                "count": 50,
            }
        ],
    },
    "document": {"files": [FILE]},
    "correction": {"reason": "other", "note": "Reissued after a change of address"},
}

_ACTION: Json = {
    "problem": {
        "complaint": "CC-2026-118",
        "opened_at": "2026-11-03T08:15:00+08:00",
        "part": "CB-220",
        "part_name": "陶瓷轴承环",
        "lots": ["SZ-0311", "SZ-0312"],
        "defect": "STRENGTH",
        "severity": "major",
        "place": "zero-km",
        "found": 4,
        "suspect": 480,
        "symptom": "三点弯曲强度低于下限",
        "is": ["批次 2 的试样"],
        "is_not": ["批次 1 的试样"],
        "reproduced": "yes",
        "risk_assessment_started": True,
    },
    "team": {"leader": "陈静", "champion": "赵磊", "contact": "qa@example.com", "members": []},
    "containment": {
        "measures": [
            {"place": "customer", "applies": True, "quantity": 120, "sorted": 120, "defective": 2},
            {"place": "transit", "applies": False},
            {"place": "own-stock", "applies": True, "quantity": 300, "sorted": 300, "defective": 2},
            {"place": "sub-supplier", "applies": False},
            {"place": "field", "applies": False},
        ],
        "effectiveness_percent": "100",
        "clean_point": "SZ-0313",
        "introduced_at": "2026-11-03T20:00:00+08:00",
    },
    "cause": {
        "causes": [
            {
                "id": kind,
                "kind": kind,
                "statement": f"原因 {kind}：砂轮粒度过粗造成亚表面裂纹",
                "method": "5-why",
                "reproduced": True,
                "category": "method",
            }
            for kind in ("TUA", "TUN", "SUA", "SUN")
        ]
    },
    "actions": {
        "actions": [
            {
                "id": "A1",
                "cause": "TUA",
                "measure": "改用 320 目砂轮并减小进给",
                "criterion": "30 件试样全部不低于 400 MPa",
                "planned_on": "2026-11-12",
                "implemented_on": "2026-11-13",
                "first_lot": "SZ-0313",
                "validation": {"result": "30 件，最小 512 MPa", "count": 30, "met": True},
            }
        ],
        "change_notice": False,
        "prevention": [{"document": "fmea", "number": "PF-7", "revision_after": "E"}],
    },
    "closure": {"closed_at": "2026-11-20T16:00:00+08:00", "result": "有效", "watch_days": 90},
    "evidence": {"files": [FILE]},
    "correction": {"reason": "later-finding", "note": "可疑数量增加"},
}

_PARAMETERS: Json = {
    "process": {
        "site": "RS-K1",
        "line": "L2",
        "machine": "PROBE-2362",
        "part": "WF-100",
        "operation": "Resistivity check standard",
        "set_up": {"tool": "P-7", "recipe": "R3", "material_lot": "WF-26-31"},
        "parameters": [
            {
                "id": "temp",
                "unit": "Cel",
                "nominal": "23.0",
                "lower": "22.0",
                "upper": "24.0",
                "resolution": "0.001",
            },
            {"id": "rho", "unit": "Ohm.cm", "nominal": None, "lower": "97.0", "upper": None},
        ],
    },
    "values": {
        "rows": [
            {
                "at": "2026-11-20T12:41:00-05:00",
                "values": ["23.115", "97.049"],
                "lot": "WF-26-31-A",
                "set_up": {"tool": "P-8"},
            },
            {"at": "2026-11-20T15:57:00-05:00", "values": ["23.196", None]},
        ]
    },
    "recipe": {"name": "四探针", "revision": "3", "settings": [{"id": "current", "value": "1.0"}]},
    "correction": {"reason": "measurement", "note": "探针已更换"},
}

_EXAMPLES = {
    "inspection-report/v1": _INSPECTION,
    "quality-credential/v1": _CREDENTIAL,
    "corrective-action/v1": _ACTION,
    "parameter-upload/v1": _PARAMETERS,
    **MASTER_EXAMPLES,
    **ANOMALY_EXAMPLES,
}
VCTS = tuple(_EXAMPLES)


def example(vct: str) -> dict[str, Json]:
    """A fresh copy of a valid record's groups, every group of the type present."""
    copied: dict[str, Json] = copy.deepcopy(_EXAMPLES[vct])
    return copied


def minimal(vct: str) -> dict[str, Json]:
    """The same record with nothing that its schema does not require."""
    schema = definitions()[vct]["schema"]
    least: dict[str, Json] = _required_only(schema, example(vct), schema["$defs"])
    return least


def _required_only(schema: Json, value: Json, known: dict[str, Json]) -> Json:
    if "$ref" in schema:
        return _required_only(known[schema["$ref"].rpartition("/")[2]], value, known)
    if isinstance(value, list) and "items" in schema:
        return [_required_only(schema["items"], member, known) for member in value]
    if not isinstance(value, dict) or "allOf" in schema or "minProperties" in schema:
        return value
    return {
        name: _required_only(schema["properties"][name], value[name], known)
        for name in value
        if name in schema["required"]
    }


def changed(groups: dict[str, Json], pointer: str, value: Json) -> dict[str, Json]:
    """A copy with one value replaced or added; ``...`` as the value takes it away."""
    result = copy.deepcopy(groups)
    *way, last = pointer.split("/")[1:]
    place: Json = result
    for name in way:
        place = place[int(name) if isinstance(place, list) else name]
    key: Json = int(last) if isinstance(place, list) else last
    if value is ...:
        del place[key]
    else:
        place[key] = value
    return result


@cache
def definitions() -> dict[str, dict[str, Json]]:
    """The built-in definitions, parsed, by vct."""
    parsed = [json.loads(text) for text in business_types()]
    return {definition["vct"]: definition for definition in parsed}


def _refuse_retrieval(uri: str) -> Json:
    raise ValueError(f"expected no retrieval, found {uri}")


@cache
def validator(vct: str) -> jsonschema_rs.Draft202012Validator:
    """The compiled schema of a type; it may fetch nothing."""
    schema = definitions()[vct]["schema"]
    return jsonschema_rs.Draft202012Validator(schema, retriever=_refuse_retrieval)
