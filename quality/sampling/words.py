"""The words of severities, stages and classes of defects in Chinese; English says their codes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from quality.sampling.severity import Severity

SEVERITIES_ZH: Final[Mapping[str, str]] = MappingProxyType(
    {
        Severity.NORMAL: "正常检验",
        Severity.TIGHTENED: "加严检验",
        Severity.REDUCED: "放宽检验",
        Severity.DISCONTINUED: "暂停接收",
    }
)
CLASSES_ZH: Final[Mapping[str, str]] = MappingProxyType(
    {"critical": "致命", "major": "严重", "minor": "轻微"}
)
STAGES_ZH: Final[Mapping[str, str]] = MappingProxyType(
    {
        "receiving": "进货检验",
        "outgoing": "出货检验",
        "in-process": "过程检验",
        "first-article": "首件检验",
    }
)
