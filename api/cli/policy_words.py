"""Sharing policies in words for people, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.policy_changes import Change
from ledger.record_type import TIERS

#: Who reads a group of a tier, by language.
TIER_READERS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "public": "everybody",
        "consortium": "all members",
        "partner": "addressed partners",
        "restricted": "holders of a grant",
        "sealed": "holders of a key that the owner sealed to",
    },
    "zh": {
        "public": "所有人",
        "consortium": "全体成员",
        "partner": "收件的业务伙伴",
        "restricted": "获得授权者",
        "sealed": "持有所有者密封所用密钥者",
    },
}
READER_NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "public": "everybody",
        "late-member": "member, joined later",
        "member": "member",
        "auditor": "auditor",
        "partner": "addressed partner",
        "grantee": "holder of a grant",
        "authority": "authority, by order",
        "case": "other side of an open case",
        "subject": "subject",
        "owner": "owner",
    },
    "zh": {
        "public": "所有人",
        "late-member": "后加入的成员",
        "member": "成员",
        "auditor": "审核方",
        "partner": "收件的业务伙伴",
        "grantee": "获得授权者",
        "authority": "依决议的主管机关",
        "case": "未结案件的对方",
        "subject": "记录对象",
        "owner": "所有者",
    },
}
_MEANING: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "floor up": "{old} may no longer read it, {new} at most; that holds for "
        "records filed before, too",
        "floor down": "an owner may show new records to {new}; records filed before stay as narrow",
        "default up": "unless the owner says otherwise, fewer read new records: {new}",
        "default down": "unless the owner says otherwise, more read new records: {new}",
        "ceiling up": "an owner may keep new records for {new}",
        "ceiling down": "an owner may keep new records no narrower than for {new}",
        "days_min": "records are kept at least {new} days (before: {old})",
        "days_max": "records are kept at most {new} days (before: {old})",
        "purpose new": "grants may name the purpose {new}",
        "purpose gone": "the purpose {old} is no longer listed",
        "unbounded": "no bound",
        "none": "nothing changes",
        "who less": "fewer readers",
        "who more": "more readers",
        "who same": "",
    },
    "zh": {
        "floor up": "不得再对{old}公开，至多{new}；此前提交的记录同样适用",
        "floor down": "所有者可将新记录对{new}公开；此前的记录维持原有范围",
        "default up": "除非所有者另行指定，新记录的读者减少为：{new}",
        "default down": "除非所有者另行指定，新记录的读者扩大为：{new}",
        "ceiling up": "所有者可将新记录限于{new}",
        "ceiling down": "所有者对新记录的限制最严只能到{new}",
        "days_min": "记录至少保存 {new} 天（此前：{old}）",
        "days_max": "记录至多保存 {new} 天（此前：{old}）",
        "purpose new": "授权可以使用用途 {new}",
        "purpose gone": "不再列出用途 {old}",
        "unbounded": "无限制",
        "none": "没有变化",
        "who less": "读者减少",
        "who more": "读者增加",
        "who same": "",
    },
}


def direction(change: Change) -> str:
    """``less``, ``more`` or ``same``: how many may read what is concerned."""
    if change.what not in {"floor", "default", "ceiling"}:
        return "same"
    return "less" if _is_narrower(change) else "more"


def describe_change(change: Change, language: str) -> str:
    """What a change means, in a sentence."""
    words, readers = _MEANING[language], TIER_READERS[language]
    if change.what == "purpose":
        kind = "purpose new" if change.before is None else "purpose gone"
        return words[kind].format(old=change.before, new=change.after)
    if change.what in {"days_min", "days_max"}:
        old, new = (value or words["unbounded"] for value in (change.before, change.after))
        return words[change.what].format(old=old, new=new)
    turn = "up" if _is_narrower(change) else "down"
    old, new = (readers[str(tier)] for tier in (change.before, change.after))
    return words[f"{change.what} {turn}"].format(old=old, new=new)


def say(word: str, language: str) -> str:
    """A word by its key."""
    return _MEANING[language][word]


def _is_narrower(change: Change) -> bool:
    return TIERS.index(str(change.after)) > TIERS.index(str(change.before))
