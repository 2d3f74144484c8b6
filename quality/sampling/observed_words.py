"""Why an inspection report does not count for the switching rules, in English and Chinese."""

from __future__ import annotations

from typing import Final

from quality.sampling.reason import Reason
from quality.sampling.words import STAGES_ZH

NOT_TOLD: Final = Reason(
    "not-told",
    en="the report does not tell what was decided",
    zh="报告未说明判定结果",
)
SKIPPED: Final = Reason("skipped", en="the lot was skipped, not inspected", zh="该批为跳批，未检验")
NO_CLASS: Final = Reason(
    "no-class",
    en="the report names no class of defects with its plan",
    zh="报告未按缺陷类别列出抽样方案",
)


def not_receiving(stage: str) -> Reason:
    """Why an inspection at another stage does not count."""
    return Reason(
        "not-receiving",
        en=f"an inspection at the stage {stage}: receiving inspections count",
        zh=f"{STAGES_ZH.get(stage, stage)}：仅计进货检验",
    )
