"""What a witness says to its operator, in two languages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

_WORDS: Final = {
    "en": {
        "witness": "witness {name}",
        "policy": "for trust policies: {line}",
        "log": "log {origin}",
        "never": "  nothing cosigned yet",
        "last": "  {size} entries, cosigned {at}",
        "root": "  root {root}",
        "unknown": "  no longer in logs.json; what was cosigned is kept",
        "fork": "  FORK: this log has signed two histories. {count} pieces of evidence are kept.",
        "fork.one": "    noticed {at}: sizes {first} and {second}",
        "fork.next": "next: 'lotmark witness export-evidence', and hand the files to every member; "
        "anyone checks them with 'lotmark verify-fork FILE'. Believe neither history until it is "
        "explained.",
        "refused": "  {count} extensions were refused because their proof did not hold; that alone "
        "shows nothing, anybody can send one",
        "none": "no logs yet: lotmark witness add-log anchor.json",
        "well": "no fork was seen",
        "shown": "{origin} has signed two histories",
        "shown.first": "  one: {size} entries with root {root}",
        "shown.second": "  the other: {size} entries with root {root}",
        "shown.replaced": "  at {size} entries the other has root {root}",
        "shown.kept": "  kept by {witness}, noticed {at} (the witness's word)",
        "shown.means": "Both are signed by a key of the log. One of them hides or replaces what "
        "the other shows; no receipt or view of this log is to be believed until its members "
        "have found out which.",
    },
    "zh": {
        "witness": "见证方 {name}",
        "policy": "用于信任策略：{line}",
        "log": "账本 {origin}",
        "never": "  尚未联署",
        "last": "  {size} 个条目，联署于 {at}",
        "root": "  根 {root}",
        "unknown": "  已不在 logs.json 中；已联署的内容予以保留",
        "fork": "  分叉：该账本签署了两个历史。已保存证据 {count} 份。",
        "fork.one": "    发现于 {at}：大小为 {first} 和 {second}",
        "fork.next": "下一步：运行 'lotmark witness export-evidence'，把文件交给每个成员；"
        "任何人都可用 'lotmark verify-fork FILE' 核对。在查明之前，两个历史都不可信。",
        "refused": "  {count} 次延续因证明不成立而被拒绝；仅此不能说明问题，"
        "任何人都可以发送这样的请求",
        "none": "尚无账本：lotmark witness add-log anchor.json",
        "well": "未发现分叉",
        "shown": "{origin} 签署了两个历史",
        "shown.first": "  其一：{size} 个条目，根 {root}",
        "shown.second": "  其二：{size} 个条目，根 {root}",
        "shown.replaced": "  其二在 {size} 个条目处的根为 {root}",
        "shown.kept": "  由 {witness} 保存，发现于 {at}（见证方自述）",
        "shown.means": "两者都由账本的密钥签署。其中一个隐瞒或替换了另一个所显示的内容；"
        "在成员查明之前，该账本的任何回执或视图都不可信。",
    },
}


class WitnessWords:
    """The words of one language."""

    def __init__(self, language: str) -> None:
        """Speak ``language``, ``en`` or ``zh``."""
        self._words = _WORDS[language]

    def say(self, key: str, **values: str | int) -> str:
        """One line."""
        return self._words[key].format(**values)


def instant_of(milliseconds: int) -> str:
    """An instant in UTC; as a number where it lies beyond the calendar."""
    try:
        return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):
        return f"{milliseconds} ms"
