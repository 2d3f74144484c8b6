"""A proposal in words, English or Chinese: what it would do, who decides, what is missing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "admit": ("admit {slug} as a new member", "接纳新成员 {slug}"),
    "roles": ("give {party} other roles", "变更 {party} 的角色"),
    "suspend": ("suspend {party}", "暂停 {party}"),
    "reinstate": ("reinstate {party}", "恢复 {party}"),
    "remove": ("remove {party} for ever", "永久移除 {party}"),
    "recover": ("replace all admin keys of {party}", "更换 {party} 的全部管理密钥"),
    "contest": ("contest what a key of {party} signed", "对 {party} 某密钥所签条目提出异议"),
    "amend": ("amend the charter: {members}", "修订章程：{members}"),
    "record-type": ("allow the record type {vct}", "允许记录类型 {vct}"),
    "policy": ("allow the policy {name}", "允许策略 {name}"),
    "parameters": ("allow the parameters {name}", "允许参数 {name}"),
    "order_disclosure": ("order groups shown to {reader}", "决议向 {reader} 披露分组"),
    "order_erasure": ("order groups of {of} erased", "决议删除 {of} 的分组"),
    "owner": ("  of records of: {value}", "  记录所有方：{value}"),
    "everybody": ("everybody", "全体"),
    "opened": ("  groups of {vct}: {value}", "  {vct} 的分组：{value}"),
    "period": ("  read from {start} until {stop}", "  读取期限：{start} 至 {stop}"),
    "groups": ("  groups: {value}", "  分组：{value}"),
    "names": ("  name: {value}", "  名称：{value}"),
    "roles_are": ("  roles: {value}", "  角色：{value}"),
    "accreditations": ("  accreditations: {value}", "  认可资质：{value}"),
    "entity": ("  {value}", "  {value}"),
    "part_of": ("  part of {value}", "  隶属 {value}"),
    "admin_key": ("  admin key: {value}", "  管理密钥：{value}"),
    "next_key": ("  commitment to the next: {value}", "  下一密钥承诺：{value}"),
    "key": ("  key: {value}", "  密钥：{value}"),
    "from": ("  from entry {value} on", "  自条目 {value} 起"),
    "sha256": ("  SHA-256: {value}", "  SHA-256:{value}"),
    "proposed": ("proposed by {proposer}, entry {index}", "由 {proposer} 提出，条目 {index}"),
    "reason": ("  reason: {value}", "  理由：{value}"),
    "decide": ("  decided by: {names}", "  表决方：{names}"),
    "approved": ("  approved by: {names}", "  已同意：{names}"),
    "rejected": ("  rejected by: {names}", "  已反对：{names}"),
    "missing": ("  missing: {count} of {needed} approvals", "  尚缺同意：{count}（共需 {needed}）"),
    "consent": (
        "  {party} has yet to accept: lotmark join {record_id}",
        "  {party} 尚未接受：lotmark join {record_id}",
    ),
    "consent_later": (
        "  {party} accepts after the votes: lotmark join {record_id}",
        "  表决通过后由 {party} 接受：lotmark join {record_id}",
    ),
    "too_few": (
        "  it cannot be carried yet: {able} may vote, and it needs {needed}",
        "  暂无法通过：可表决 {able} 方，需 {needed} 方同意",
    ),
    "lapses": ("  open until {time}", "  有效期至 {time}"),
    "due": (
        "  carried by entry {index}; its keys are replaced at {time} unless {party} objects",
        "  已于条目 {index} 通过；除非 {party} 反对，密钥将于 {time} 更换",
    ),
    "none": ("nothing is being decided", "没有未决提案"),
}
_NO_NAMES: Final = ("nobody", "无")
#: How a member of the content is told: (its word, its value as text).
_PARTS: Final[Mapping[str, tuple[str, Callable[[Any], str]]]] = {
    "names": ("names", lambda value: " / ".join(value.values())),
    "roles": ("roles_are", ", ".join),
    "accreditations": ("accreditations", ", ".join),
    "entity": ("entity", str),
    "parent": ("part_of", lambda value: value or ""),
    "next_key": ("next_key", str),
    "kid": ("key", str),
    "from": ("from", str),
    "sha256": ("sha256", str),
}


class ProposalWords:
    """Tells in one language."""

    def __init__(self, language: str) -> None:
        """Speak ``language``, ``en`` or ``zh``."""
        self._at = 1 if language == "zh" else 0

    def nothing(self) -> str:
        """Where no proposal is open."""
        return self._say("none")

    def act(self, act: str, content: Mapping[str, Any]) -> str:
        """What the act is, in one line."""
        if act == "order":
            reader, of = slug_of(content.get("reader")), content.get("of", "")
            return self._say(f"order_{content['kind']}", reader=reader, of=of)
        named = {"slug": "", "vct": "", "name": "", **content}
        return self._say(
            act, **named | {"party": slug_of(content.get("party")), "members": ", ".join(content)}
        )

    def content(self, act: str, content: Mapping[str, Any]) -> Iterator[str]:
        """Everything that the act would put in force."""
        if act == "amend":
            for line in json.dumps(content, ensure_ascii=False, indent=1).split("\n"):
                yield f"  {line}"
            return
        if act == "order":
            yield from self._order(content)
            return
        for member, (word, tell) in _PARTS.items():
            if content.get(member):
                yield self._say(word, value=tell(content[member]))
        for multikey in content.get("admin_keys", ()):
            yield self._say("admin_key", value=multikey)

    def _order(self, content: Mapping[str, Any]) -> Iterator[str]:
        if content["kind"] == "erasure":
            yield self._say("groups", value=", ".join(content["groups"]))
            return
        yield self._say("owner", value=slug_of(content["owner"]) or self._say("everybody"))
        for item in content["opens"]:
            yield self._say("opened", vct=item["type"], value=", ".join(item["groups"]))
        start, stop = content["reads"]["from"], content["reads"]["until"]
        yield self._say("period", start=moment(start), stop=moment(stop))

    def said(self, found: Mapping[str, Any]) -> Iterator[str]:
        """Act, content, proposer and reason of a proposal."""
        yield self.act(found["act"], found["content"])
        yield from self.content(found["act"], found["content"])
        proposer = slug_of(found["proposer"])
        yield "  " + self._say("proposed", proposer=proposer, index=found["index"])
        if found["reason"]:
            yield self.reason(found["reason"])

    def reason(self, text: str) -> str:
        """Why it is proposed, in the proposer's words."""
        return self._say("reason", value=text)

    def state(self, found: Mapping[str, Any]) -> Iterator[str]:
        """Who decides, who has voted and what is missing, as the service says."""
        yield self._say("decide", names=self._names(found["electors"]))
        yield self._say("approved", names=self._names(found["approvals"]))
        if found["rejections"]:
            yield self._say("rejected", names=self._names(found["rejections"]))
        yield self._say("missing", count=found["missing"], needed=found["needed"])
        able = len(found["electors"])
        if found["needed"] > able:
            yield self._say("too_few", able=able, needed=found["needed"])
        if found["awaits_consent"]:
            party = slug_of(found["about"])
            is_later = found["act"] == "recover" and found["missing"]
            yield self._say(
                "consent_later" if is_later else "consent",
                party=party,
                record_id=found["record_id"],
            )
        yield self._say("lapses", time=moment(found["lapses_ms"]))

    def notice(self, found: Mapping[str, Any]) -> str:
        """Until when a carried recovery may be objected to."""
        return self._say(
            "due",
            index=found["ruled_at"],
            time=moment(found["due_ms"]),
            party=slug_of(found["about"]),
        )

    def _names(self, dids: list[str]) -> str:
        return ", ".join(slug_of(did) for did in dids) or _NO_NAMES[self._at]

    def _say(self, word: str, **values: Any) -> str:
        return _WORDS[word][self._at].format(**values)


def slug_of(did: str | None) -> str:
    """The short name in a party's DID."""
    return (did or "").rpartition(":")[2]


def moment(milliseconds: int) -> str:
    """A moment for people, in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
