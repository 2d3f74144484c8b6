"""The reasons of switches and of verdicts, in English and Chinese.

The words are ours; the clause of the standard is named so that a reader may look it up.
"""

from __future__ import annotations

from typing import Final

from quality.sampling.reason import Reason
from quality.sampling.severity import Severity
from quality.sampling.words import SEVERITIES_ZH

# ---- switches ----

FIVE_ACCEPTED: Final = Reason(
    "five-accepted",
    en="five lots in a row were accepted on tightened inspection (ISO 2859-1, 9.3.2)",
    zh="加严检验下连续五批接收（GB/T 2828.1，9.3.2）",
)
FIVE_NOT_ACCEPTED: Final = Reason(
    "five-not-accepted",
    en="five lots were not accepted on tightened inspection: no lot is accepted until a "
    "corrective action is (ISO 2859-1, 9.4)",
    zh="加严检验下累计五批不接收：在纠正措施被认可前暂停接收（GB/T 2828.1，9.4）",
)
ACTION_ACCEPTED: Final = Reason(
    "corrective-action",
    en="the customer accepted the corrective action: inspection resumes, tightened "
    "(ISO 2859-1, 9.4)",
    zh="顾客认可纠正措施：恢复检验并采用加严检验（GB/T 2828.1，9.4）",
)
NOT_ACCEPTED_ON_REDUCED: Final = Reason(
    "not-accepted-on-reduced",
    en="a lot was not accepted on reduced inspection (ISO 2859-1, 9.3.4 a)",
    zh="放宽检验下有一批不接收（GB/T 2828.1，9.3.4 a）",
)
GAP_LOT: Final = Reason(
    "gap-lot",
    en="a lot fell between the acceptance and the rejection number of a reduced plan "
    "(MIL-STD-105E, 4.7.4 c)",
    zh="放宽方案下有一批介于接收数与拒收数之间（MIL-STD-105E，4.7.4 c）",
)
IRREGULAR_PRODUCTION: Final = Reason(
    "irregular-production",
    en="production is irregular or delayed (ISO 2859-1, 9.3.4 b)",
    zh="生产不稳定或延误（GB/T 2828.1，9.3.4 b）",
)
CUSTOMERS_WISH: Final = Reason(
    "customer-wish",
    en="the customer wants it so (ISO 2859-1, 9.1 and 9.3.4 c)",
    zh="顾客要求（GB/T 2828.1，9.1 与 9.3.4 c）",
)


def two_of_five(lots: int) -> Reason:
    """The reason of tightening: so many lots since normal inspection began, or five."""
    return Reason(
        "two-of-five",
        en=f"two of the last {lots} lots were not accepted on normal inspection "
        "(ISO 2859-1, 9.3.1)",
        zh=f"正常检验下最近 {lots} 批中有两批不接收（GB/T 2828.1，9.3.1）",
    )


def score_reached(score: int) -> Reason:
    """The reason of reducing."""
    return Reason(
        "score-reached",
        en=f"the switching score is {score}, production is steady and the customer authorised "
        "reduced inspection (ISO 2859-1, 9.3.3)",
        zh=f"转移得分为 {score}，生产稳定且顾客批准放宽检验（GB/T 2828.1，9.3.3）",
    )


# ---- verdicts that switch nothing ----

RESUBMITTED: Final = Reason(
    "resubmitted",
    en="not counted: the lot was resubmitted, original inspections alone count",
    zh="不计入：该批为再次提交，仅计初次检验",
)
COUNTED_ALREADY: Final = Reason(
    "counted-already",
    en="not counted: an earlier report of this lot was; another delivery of it cites its shipment",
    zh="不计入：该批已有较早的报告计入；同批次的另一次交付须注明发货记录",
)
SAMPLE_SHORT: Final = Reason(
    "sample-short",
    en="not counted: the sample of this class was not inspected to its end",
    zh="不计入：该类别的样本未检验完毕",
)
WHILE_DISCONTINUED: Final = Reason(
    "while-discontinued",
    en="not counted: acceptance is discontinued until a corrective action is accepted",
    zh="不计入：暂停接收，须待纠正措施被认可",
)


def looser_plan(used: Severity, in_force: Severity) -> Reason:
    """Why an acceptance by too loose a plan does not count."""
    return Reason(
        "looser-plan",
        en=f"not counted: accepted by a {used} plan while {in_force} inspection was in force",
        zh=f"不计入：应采用{SEVERITIES_ZH[in_force]}，却按{SEVERITIES_ZH[used]}方案接收",
    )


ACCEPTED_ON_REDUCED: Final = Reason(
    "accepted", en="accepted on reduced inspection", zh="放宽检验：接收"
)


def on_normal(recent: tuple[bool, ...], score: int, *, is_accepted: bool) -> Reason:
    """What a lot on normal inspection did that brought no switch.

    Args:
        recent: the decisions that the next lot is judged with.
        score: the switching score behind it.
        is_accepted: the decision on it.
    """
    failed = recent.count(False)
    return _decided(
        is_accepted,
        en=f"on normal inspection: {failed} of the last {len(recent)} not accepted, score {score}",
        zh=f"正常检验：{{decision}}；最近 {len(recent)} 批中 {failed} 批不接收，转移得分 {score}",
    )


def on_tightened(accepted_in_a_row: int, not_accepted: int, *, is_accepted: bool) -> Reason:
    """What a lot on tightened inspection did that brought no switch."""
    return _decided(
        is_accepted,
        en=f"on tightened inspection: {accepted_in_a_row} in a row accepted of the 5 that lead "
        f"back to normal, {not_accepted} not accepted of the 5 that discontinue",
        zh=f"加严检验：{{decision}}；连续接收 {accepted_in_a_row} 批（满 5 批恢复正常），"
        f"累计不接收 {not_accepted} 批（满 5 批暂停接收）",
    )


def _decided(is_accepted: bool, *, en: str, zh: str) -> Reason:
    code, decision_en, decision_zh = (
        ("accepted", "accepted", "接收")
        if is_accepted
        else ("not-accepted", "not accepted", "不接收")
    )
    return Reason(code, en=f"{decision_en} {en}", zh=zh.format(decision=decision_zh))
