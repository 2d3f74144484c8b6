"""The words of reports in English and Chinese, and what coded values and bare places mean."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

_MEANINGS: Final[Mapping[str, tuple[str, str]]] = {
    "accept": ("accepted", "接收"),
    "reject": ("not accepted", "拒收"),
    "conditional": ("accepted with conditions", "让步接收"),
    "receiving": ("receiving inspection", "进货检验"),
    "outgoing": ("outgoing inspection", "出货检验"),
    "in-process": ("in-process inspection", "过程检验"),
    "first-article": ("first article inspection", "首件检验"),
    "normal": ("normal inspection", "正常检验"),
    "tightened": ("tightened inspection", "加严检验"),
    "reduced": ("reduced inspection", "放宽检验"),
    "critical": ("critical", "致命缺陷"),
    "major": ("major", "严重缺陷"),
    "minor": ("minor", "轻微缺陷"),
    "return": ("return to the supplier", "退货"),
    "rework": ("rework", "返工"),
    "sort": ("sort", "挑选"),
    "scrap": ("scrap", "报废"),
    "use-as-is": ("use as is", "让步使用"),
    "H87": ("pieces", "件"),
    "CC": ("critical characteristic", "关键特性"),
    "SC": ("significant characteristic", "重要特性"),
}
#: Places that a type gives no label, by their last name.
_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "value": ("Value", "测量值"),
    "at": ("Measured at", "测量时间"),
    "cavity": ("Cavity", "型腔"),
    "machine": ("Machine", "设备"),
    "operator": ("Operator", "操作者"),
    "piece": ("Piece", "件号"),
    "remark": ("Remark", "备注"),
    "number": ("Number", "编号"),
    "name": ("Name", "名称"),
    "id": ("Id", "编号"),
    "unit": ("Unit", "单位"),
    "location": ("Location", "部位"),
    "lower": ("Lower", "下限"),
    "upper": ("Upper", "上限"),
    "classes": ("By defect class", "按缺陷等级"),
    "items": ("Defects found", "缺陷明细"),
    "links": ("Links", "关联"),
    "credential": ("Calibration credential", "校准证书记录"),
    "due_on": ("Calibration due on", "校准有效期至"),
    "resolution": ("Resolution", "分辨力"),
    "quantity": ("Quantity", "数量"),
    "expires_on": ("Expires on", "有效期至"),
    "class": ("Class", "等级"),
    "functions": ("Functions", "职能"),
    "files": ("Files", "文件"),
    "blob": ("Upload", "上传编号"),
    "sha256": ("SHA-256", "SHA-256"),
    "bytes": ("Bytes", "字节数"),
    "media_type": ("Media type", "媒体类型"),
    "inspector": ("Inspector", "检验员"),
    "reviewer": ("Reviewer", "审核人"),
    "reason": ("Reason", "原因"),
    "note": ("Note", "说明"),
    "characteristics": ("Characteristics", "特性"),
    "ppk": ("Ppk", "Ppk"),
}


@cache
def _texts() -> dict[str, list[str]]:
    text = resources.files("api.reports").joinpath("words.json").read_text("utf-8")
    found: dict[str, list[str]] = json.loads(text)
    return found


def word(key: str, language: str, /, **values: Any) -> str:
    """A word or sentence of reports."""
    return _texts()[key][language == "zh"].format(**values)


@cache
def _enums() -> dict[str, str]:
    text = resources.files("api.reports").joinpath("enums.json").read_text("utf-8")
    found: dict[str, str] = json.loads(text)
    return found


def enum_word(value: str, language: str) -> str:
    """What a word of a closed list is called; as it stands where it has no name."""
    return meaning(value, language) or (_enums().get(value, value) if language == "zh" else value)


def meaning(value: Any, language: str) -> str:
    """What a coded value means; of a party its short name, else empty."""
    if isinstance(value, bool):
        return word("yes" if value else "no", language)
    if not isinstance(value, str):
        return ""
    if value.startswith("did:web:"):
        return value.rpartition(":")[2]
    return _MEANINGS[value][language == "zh"] if value in _MEANINGS else ""


def bare_name(name: str, language: str) -> str:
    """What a place without a label is called."""
    return _NAMES[name][language == "zh"] if name in _NAMES else name
