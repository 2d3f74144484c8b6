"""The statistics of a model in words, beside the codes that verdicts carry."""

from __future__ import annotations

from typing import Final

#: By kind, in English and Chinese.
_KINDS: Final = {
    "largest-z": ("one parameter far from its usual value", "单个参数远离常值"),
    "largest": ("one parameter off from what the others let expect", "单个参数偏离其他参数的预期"),
    "drift": ("a slow drift of one parameter", "单个参数缓慢漂移"),
    "spread": ("one parameter scatters more", "单个参数波动增大"),
    "total": ("all parameters together scatter more", "所有参数总体波动增大"),
    "distance": ("the row as a whole is far from normal", "整行远离正常范围"),
    "joint": ("one parameter off in value and movement", "单个参数的数值与变化均偏离"),
    "constant": ("a constant that moved", "恒定参数发生变化"),
    "rule": ("run rules", "判异规则"),
}


def statistic_words(code: str, *, is_zh: bool) -> str:
    """What fired in words with its code behind: ``a slow drift ... (level/drift@0.1)``."""
    first, _, rest = code.partition("/")
    kind = first if first in _KINDS else rest.partition("@")[0]
    if kind not in _KINDS:
        return code
    words = _KINDS[kind][is_zh]
    return f"{words}（{code}）" if is_zh else f"{words} ({code})"
