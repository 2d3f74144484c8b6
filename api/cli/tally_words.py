"""What ``lotmark tally`` says beside the sentences of the service, in English and Chinese."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from api.cli.tally_lines import HELP
from quality.sampling.words import CLASSES_ZH, SEVERITIES_ZH

_DECISIONS: Final[Mapping[str, tuple[str, str]]] = {
    "accept": ("accept", "接收"),
    "not-accept": ("not accept", "不接收"),
    "go-on": ("go on", "继续检验"),
}
_SOURCES: Final[Mapping[str, tuple[str, str]]] = {
    "stated": ("stated", "声明"),
    "in-force": ("in force", "现行"),
    "specification": ("specification", "规范"),
    "default": ("default", "默认"),
    "unknown": ("unknown to this party", "本方未知"),
}
_HELP_ZH: Final = (
    "测量值 D1 10.02 | 确认 D1 10.02 ! | 合格 + | 多件合格 + 20 | 缺陷 major CODE [n] | "
    "换件 piece 7 | 下一件 next | 撤回 undo [n] | 状态 state | 草稿 draft | 退出 quit"
)


def name_line(tally_id: str, language: str) -> str:
    """Which tally it is."""
    return f"检验计数 {tally_id}" if language == "zh" else f"tally {tally_id}"


def piece_line(piece: int, language: str) -> str:
    """Which piece is at hand."""
    return f"第 {piece} 件" if language == "zh" else f"piece {piece}"


def help_line(language: str) -> str:
    """What may be typed; the words are the same in either language."""
    return _HELP_ZH if language == "zh" else HELP


def draft_line(path: object, language: str) -> str:
    """Where the draft is, and what signs it."""
    if language == "zh":
        return f"{path}：报告草稿；用 'lotmark submit {path}' 签署"
    return f"{path}: the draft; 'lotmark submit {path}' signs it"


def dropped_line(tally_id: str, language: str) -> str:
    """That a tally is gone."""
    return f"已删除 {tally_id}" if language == "zh" else f"deleted {tally_id}"


def plan_lines(told: Mapping[str, Any], language: str) -> Iterator[str]:
    """The plan of each class, what it risks, and what is remarkable about its severity."""
    for one in told["plan"]["classes"]:
        source = told["severities"].get(one["name"], {}).get("from", "")
        risk = told["risks"].get(one["name"], {}).get(language, "")
        numbers = (f"n {one['sample']}", f"Ac {one['accept']}", f"Re {one['reject']}")
        if language == "zh":
            name, severity = CLASSES_ZH[one["name"]], SEVERITIES_ZH[one["severity"]]
            said = f"{severity}（{_word(_SOURCES, source, language)}）"
            yield f"{name}：{'，'.join((one['standard'], *numbers, said))}；{risk}".rstrip("；")
        else:
            said = f"{one['severity']} ({_word(_SOURCES, source, language)})"
            line = f"{one['name']}: {', '.join((one['standard'], *numbers, said))} {risk}"
            yield line.rstrip()
    for flag in told.get("flags", ()):
        yield f"! {flag[language]}"


def state_lines(state: Mapping[str, Any], language: str) -> Iterator[str]:
    """The state in a few lines: flags, counts, what is certain and why, what is next."""
    for flag in state["flags"]:
        yield f"! {flag[language]}"
    is_zh = language == "zh"
    counts = [
        f"{CLASSES_ZH[one['class']] if is_zh else one['class']} {one['defective']}/{one['reject']}"
        for one in state["classes"]
    ]
    pieces = state["pieces"]
    yield f"{pieces['inspected']}/{pieces['sample']}  {('，' if is_zh else ', ').join(counts)}"
    decision = _word(_DECISIONS, state["decision"], language)
    for reason in state["reasons"]:
        yield f"{decision}{'：' if is_zh else ': '}{reason[language]}"
    yield f"-> {state['next'][language]}"


def list_rows(told: Mapping[str, Any], language: str) -> Iterator[tuple[str, ...]]:
    """A row for each tally below one of headings; times are UTC."""
    if language == "zh":
        yield ("检验计数", "读数", "开始（UTC）", "失效（UTC）")
    else:
        yield ("tally", "readings", "opened (UTC)", "expires (UTC)")
    for one in told["tallies"]:
        times = (_time(one[name]) for name in ("opened_ms", "expires_ms"))
        yield (one["tally"], str(one["sequence"]), *times)


def _time(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1_000, UTC):%Y-%m-%d %H:%M}"


def _word(words: Mapping[str, tuple[str, str]], name: str, language: str) -> str:
    """A word of the service in a language; one that is not known here as it is."""
    return words.get(name, (name, name))[language == "zh"]
