"""What a signed refusal says, and why one is refused itself: English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

#: step -> (English, Chinese).
STEPS: Final[Mapping[str, tuple[str, str]]] = {
    "signed": (
        "a log key of your trust anchor for {origin} signed this refusal",
        "本拒绝由您的信任锚中 {origin} 的账本密钥签名",
    ),
    "refused": (
        "on {instant}, after {size} entries, the log refused the bytes with SHA-256 {submission}",
        "{instant}，在 {size} 个条目之后，账本拒绝了 SHA-256 为 {submission} 的提交",
    ),
    "record": ("they hold the record {record}", "其中的记录为 {record}"),
    "no_record": ("no record could be read in them", "其中读不出记录"),
    "same_bytes": (
        "they are the bytes by which the named record is submitted",
        "正是提交所指记录时的字节",
    ),
    "same_record": (
        "the named record is the one refused; its other bytes were not compared",
        "所指记录正是被拒绝的记录；其余字节未作比对",
    ),
}
#: What stands before the code of a refusal, and after the last fault that is told.
WHY: Final = ("why, by the log's word", "拒绝原因（账本之言）")
LEFT: Final = ("and {left} more faults", "另有 {left} 处错误")

#: code -> what it means for whoever verifies a refusal.
CODES: Final[Mapping[str, tuple[str, str]]] = {
    "malformed-refusal": ("The file is no signed refusal.", "该文件不是签名的拒绝。"),
    "bad-refusal-signature": (
        "The refusal was changed, or no log key of your trust anchor signed it.",
        "拒绝被改动，或信任锚中没有账本密钥为其签名。",
    ),
    "refusal-mismatch": (
        "The refusal is of another submission, or says another code.",
        "该拒绝针对另一提交，或所述代码不同。",
    ),
}
