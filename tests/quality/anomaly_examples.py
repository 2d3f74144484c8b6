"""One realistic record of each type about the anomaly model, every group present."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

Json: TypeAlias = Any
OWNER: Final = "did:web:log.example:parties:suzhou-ceramics"
PLACE: Final[Json] = {"site": "SZ-1", "line": "L2", "machine": "FURNACE-2", "part": "CB-220"}
CARD_ID: Final = "k" * 43
UPLOAD_ID: Final = "u" * 43
_DIGEST: Final = "s" * 42 + "A"

MODEL_CARD: Final[Json] = {
    "state": {
        "owner": OWNER,
        "line": PLACE,
        "card": _DIGEST,
        "onnx_sha256": _DIGEST,
        "stage": "dynamic",
        "parent": CARD_ID,
    },
    "training": {
        "records": [UPLOAD_ID, "v" * 43],
        "root": _DIGEST,
        "data_sha256": _DIGEST,
        "code_version": "1.4.0",
        "from": "2026-08-01T00:00:00+08:00",
        "until": "2026-10-31T23:59:00+08:00",
        "rows": 12_400,
        "effective_rows": "3810.5",
        "parameters": ["temp", "soak"],
        "set_ups": ["T1 / R3"],
        "left_out": [{"record": UPLOAD_ID, "rows": [[11, 20], [31, 31]]}],
        "note": "按已确认合格的记录训练",
    },
    "settings": [{"name": "alpha", "value": "0.01"}, {"name": "gap", "value": "10"}],
    "results": {
        "alpha": "0.01",
        "resolution": "0.000080638",
        "limits": [{"statistic": "max_r", "limit": "4.21"}],
        "out_of_fold_sha256": _DIGEST,
        "onnx_bytes": 83_112,
        "parity_error": "0.000000000031",
        "benchmark": [{"name": "detection", "value": "0.973", "unit": "1"}],
    },
    "reference": {
        "sha256": _DIGEST,
        "parameters": [{"id": "temp", "location": "860.2", "spread": "1.31"}],
    },
}

MODEL_DECISION: Final[Json] = {
    "state": {"card": CARD_ID, "decision": "approve", "reason": "better-in-shadow"},
    "note": {"text": "影子运行 400 行，误报率在区间内"},
}

ALARM_LABEL: Final[Json] = {
    "alarm": {
        "upload": UPLOAD_ID,
        "from_row": 17,
        "to_row": 42,
        "episode": "E-2026-11-20-1",
        "model": _DIGEST,
    },
    "label": {"action": "label", "label": "known-cause", "cause": "tool-wear"},
    "note": {"text": "砂轮已更换"},
    "correction": {"reason": "later-finding", "note": "Taken for a false alarm at first"},
}

RULE_LIMITS: Final[Json] = {
    "state": {"line": PLACE, "version": 2, "previous": "w" * 43},
    "rules": {
        "default": ["N1", "N2", "N5", "N6"],
        "parameters": [
            {"id": "temp", "rules": ["N1"], "weight": "0.5", "lower": "855.0", "upper": "865.0"},
            {"id": "soak", "rules": [], "lower": None},
        ],
    },
    "reason": {"code": "false-alarms", "note": "炉温传感器波动大"},
    "effect": {"rows": 12_400, "before": 118, "after": 64},
}

ANOMALY_EXAMPLES: Final[dict[str, Json]] = {
    "model-card/v1": MODEL_CARD,
    "model-decision/v1": MODEL_DECISION,
    "alarm-label/v1": ALARM_LABEL,
    "rule-limits/v1": RULE_LIMITS,
}
