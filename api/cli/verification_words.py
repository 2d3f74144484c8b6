"""What a verification established, and what it refused, in words: English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from api.cli.contradiction_words import contradiction_members, tell_contradiction
from api.cli.refusal_words import CODES as REFUSALS
from ledger.receipt import VerifiedReceipt
from ledger.sharing.decision import Decision
from ledger.sharing.members import decision_members
from ledger.verify import VerifiedRecord

#: step -> (English, Chinese); the placeholders are those of :func:`record_steps`.
_STEPS: Final[Mapping[str, tuple[str, str]]] = {
    "checkpoint": (
        "the checkpoint over {size} entries is signed by a log key of your trust anchor",
        "对 {size} 个条目的检查点由您的信任锚中的账本密钥签名",
    ),
    "cosigned_by": ("witnessed by {names}", "见证方：{names}"),
    "not_cosigned": ("your trust anchor asks for no witness", "您的信任锚未要求见证方"),
    "included": (
        "the log holds the record as entry {index} of {size}",
        "账本将该记录保存为条目 {index}（共 {size} 个条目）",
    ),
    "member_first": (
        "{issuer} founded the log: it is the charter's first founder",
        "{issuer} 创立了本账本：章程所列的第一位创始成员",
    ),
    "member_founder": (
        "{issuer} is a founder and endorsed the charter with entry {member_since}",
        "{issuer} 是创始成员，以条目 {member_since} 签署认可章程",
    ),
    "member_approved": (
        "{issuer} accepted its membership or last recovery at entry {member_since}; {approvers} "
        "approved it (that this sufficed is the log's word)",
        "{issuer} 于条目 {member_since} 接受其准入或最近一次恢复；由 {approvers} 批准"
        "（是否足数仅为账本之言）",
    ),
    "member_own": (
        "{issuer} becomes a member with this very record",
        "{issuer} 以本记录成为成员",
    ),
    "key_registered_at": (
        "the key ...{key} of {issuer}, in force from entry {registered} on, was in force when "
        "this record was admitted; the path from the charter to it holds",
        "{issuer} 的密钥 ...{key} 自条目 {registered} 起生效，在本记录准入时有效；"
        "由章程至该密钥的路径成立",
    ),
    "key_own": (
        "the key of {issuer} comes in force with this very record, as proposed or committed to",
        "{issuer} 的密钥以本记录生效，此前已有提案或承诺载明",
    ),
    "key_ended_at": (
        "{issuer} ended the key ...{key} with entry {ended}; this record stands before it",
        "{issuer} 以条目 {ended} 终止了密钥 ...{key}；本记录位于其前",
    ),
    "contested": (
        "contested: with entry {contested_at} {issuer} declared the key compromised from entry "
        "{contested_from} on",
        "有争议：{issuer} 以条目 {contested_at} 声明该密钥自条目 {contested_from} 起已失密",
    ),
    "reaffirmed_at": (
        "{issuer} stands by this record: it affirmed it anew with entry {reaffirmed}",
        "{issuer} 坚持本记录：以条目 {reaffirmed} 重新确认",
    ),
    "admin_key": (
        "signed by an admin key that the charter names for {issuer}",
        "由章程为 {issuer} 指定的管理密钥签名",
    ),
    "authentic": (
        "the signature of {issuer} over the record holds",
        "{issuer} 对该记录的签名成立",
    ),
    "shown": (
        "{shown} of {defined} groups are shown, and the record commits to each of them",
        "展示了 {defined} 个分组中的 {shown} 个，记录对其均有承诺",
    ),
    "shown_of_unknown": (
        "{shown} groups are shown, and the record commits to each of them",
        "展示了 {shown} 个分组，记录对其均有承诺",
    ),
    "body": ("its content stands in clear in the record", "其内容以明文写在记录中"),
    "decision": (
        "the log decided what {reader} gets, after {decided_size} entries; withheld: {withheld}",
        "账本在 {decided_size} 个条目之后决定了 {reader} 可读的内容；未提供：{withheld}",
    ),
    "decision_all": (
        "the log decided what {reader} gets, after {decided_size} entries: every group",
        "账本在 {decided_size} 个条目之后决定 {reader} 可读全部分组",
    ),
    "erased": ("erased, by the log's word: {erased}", "按账本之言已删除：{erased}"),
    "receipt_is_of_record": (
        "the receipt is the one of this very record, {record_id}",
        "该回执正是此记录 {record_id} 的回执",
    ),
}

#: What a reader is warned of: proven like the steps, and no reason to rely on the record.
WARNINGS: Final = frozenset({"contested", "contradicts"})

#: Wordings of one step; the others are named as they are.
_PUBLIC: Final[Mapping[str, str]] = {
    "not_cosigned": "cosigned_by",
    "decision_all": "decision",
    "member_first": "member_since",
    "member_founder": "member_since",
    "member_approved": "member_since",
    "member_own": "member_since",
    "admin_key": "key_registered_at",
    "key_own": "key_registered_at",
    "shown_of_unknown": "shown",
}

_LOG_WORD: Final[Mapping[str, tuple[str, str]]] = {
    "approvals-sufficed": ("that the approvals it needed were given", "所需的同意均已给出"),
    "no-later-revocation": (
        "that nothing later revoked its key or the record",
        "其后没有撤销该密钥或该记录",
    ),
    "type-admitted": (
        "that its type was admitted: the charter does not list it",
        "其类型已获准入：章程未列出该类型",
    ),
    "key-in-force": (
        "that its key was registered: a receipt does not show it, a view does",
        "其密钥已登记：回执不能证明，视图可以",
    ),
}

#: code -> what it means for the reader.
_CODES: Final[Mapping[str, tuple[str, str]]] = {
    **REFUSALS,
    "malformed-anchor": ("The trust anchor file is not one.", "信任锚文件格式错误。"),
    "too-large": ("The file is larger than a verifier reads.", "文件超出校验上限。"),
    "malformed-json": ("The file is not strict JSON.", "文件不是严格的 JSON。"),
    "malformed-view": ("The file is JSON, but no view.", "文件是 JSON，但不是视图。"),
    "malformed-note": ("The checkpoint is not a signed note.", "检查点不是签名文本。"),
    "malformed-proof": ("The receipt does not have its form.", "回执格式错误。"),
    "log-signature-missing": (
        "No log key that you trust has signed the checkpoint: it may be another log's.",
        "检查点没有您所信任的账本密钥的签名，可能属于另一账本。",
    ),
    "bad-log-signature": (
        "The checkpoint was changed, or its signature forged.",
        "检查点被改动，或其签名系伪造。",
    ),
    "wrong-origin": ("It is from another log than your trust anchor's.", "它来自另一账本。"),
    "bad-cosignature": ("A witness's signature does not hold.", "见证方签名不成立。"),
    "quorum-not-met": (
        "Fewer witnesses signed than your trust anchor asks for.",
        "见证方数量未达到信任锚的要求。",
    ),
    "malformed-entry": ("An entry does not have its form.", "条目格式错误。"),
    "wrong-index": ("The entries are not in their order.", "条目顺序错误。"),
    "chain-broken": (
        "An entry does not follow the one before it: one of them was changed or moved.",
        "条目与前一条不相衔接：其中之一被改动或移位。",
    ),
    "not-included": (
        "The log's checkpoint does not cover this entry: it, or its path, was changed.",
        "账本检查点不包含该条目：条目或其路径被改动。",
    ),
    "malformed-record": ("A record does not have its form.", "记录格式错误。"),
    "malformed-header": ("The header of a record does not have its form.", "记录头格式错误。"),
    "algorithm-not-allowed": ("Another signature algorithm than Ed25519.", "签名算法不被允许。"),
    "malformed-claims": ("The clear claims of a record are not those.", "明文声明格式错误。"),
    "wrong-audience": ("The record is addressed to another log.", "记录的受众是另一账本。"),
    "foreign-key": ("The record names another party's key.", "记录使用了他方的密钥。"),
    "charter-mismatch": (
        "The evidence does not begin at the charter that your trust anchor names.",
        "证据并非始于您的信任锚所指的章程。",
    ),
    "key-path-broken": (
        "The path from the charter to the signing key does not hold.",
        "由章程至签名密钥的路径不成立。",
    ),
    "key-not-registered": (
        "The key that signed is not one that the log registered for this party: a forged key.",
        "签名密钥并非账本为该方登记的密钥：系伪造。",
    ),
    "bad-signature": (
        "The signature does not hold: the record was changed, or the key is another.",
        "签名不成立：记录被改动，或密钥不符。",
    ),
    "type-mismatch": (
        "The record type's definition is missing or another.",
        "记录类型的定义缺失或不符。",
    ),
    "erased-mismatch": (
        "A group that is said to be erased is shown, or no entry ordered it.",
        "声称已删除的分组仍被展示，或没有条目下令删除。",
    ),
    "malformed-decision": ("The log's decision does not have its form.", "账本决定的格式错误。"),
    "bad-decision-signature": (
        "No log key of your trust anchor signed the decision.",
        "信任锚中没有账本密钥为该决定签名。",
    ),
    "decision-mismatch": (
        "The log's decision is about another record, or withholds what is shown.",
        "账本的决定针对另一条记录，或未允许所展示的内容。",
    ),
    "disclosure-malformed": ("A disclosed group does not have its form.", "披露格式错误。"),
    "disclosure-not-of-this-record": (
        "A disclosed group belongs to another record.",
        "披露的分组属于另一记录。",
    ),
    "disclosure-duplicate": ("A group is disclosed twice.", "同一分组被披露两次。"),
    "disclosure-unused": (
        "A disclosed group is not one that the record commits to: it was changed or added.",
        "记录未承诺所披露的分组：系改动或添加。",
    ),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was established."""

    name: str
    text: str


class Words:
    """Tells in one language."""

    def __init__(self, language: str) -> None:
        """Speak ``language``, ``en`` or ``zh``."""
        self._at = 1 if language == "zh" else 0

    def record_steps(self, record: VerifiedRecord) -> list[Step]:
        """What was established of a record in a view, in the order of the specification."""
        values: dict[str, Any] = {
            "size": record.included_in,
            "index": record.index,
            "issuer": record.issuer.rpartition(":")[2],
            "key": record.authentic[-8:],
            "registered": record.signer.key_registered_at,
            "member_since": record.signer.member_since,
            "approvers": ", ".join(did.rpartition(":")[2] for did in record.signer.approved_by),
            **_aftermath_values(record),
            "shown": len(record.shown),
            "defined": record.defined,
            "names": ", ".join(record.cosigned_by),
        }
        names = [
            "checkpoint",
            "cosigned_by" if record.cosigned_by else "not_cosigned",
            "included",
            _member_step(record),
            _key_step(record),
            "authentic",
            *_aftermath_steps(record),
            _content_step(record),
        ]
        steps = [self._step(name, values) for name in names]
        if record.decision is not None:
            steps.append(self._decision_step(record.decision))
        if record.erased:
            erased = ", ".join(f"{item.group} (entry {item.at})" for item in record.erased)
            steps.append(self._step("erased", {"erased": erased}))
        steps.extend(
            Step("contradicts", tell_contradiction(found, issuer=values["issuer"], at=self._at))
            for found in record.contradictions
        )
        return steps

    def _decision_step(self, decision: Decision) -> Step:
        """Who gets what by the log's word, and what would unlock what is withheld."""
        withheld = ", ".join(
            item.group + (f" ({' / '.join(item.needs)})" if item.needs else "")
            for item in decision.groups
            if not item.is_readable and item.group != "filing"
        )
        reader = "anyone" if decision.reader is None else decision.reader.rpartition(":")[2]
        values = {"reader": reader, "decided_size": decision.size, "withheld": withheld}
        return self._step("decision" if withheld else "decision_all", values)

    def receipt_steps(self, receipt: VerifiedReceipt, *, issuer: str) -> list[Step]:
        """What was established by a receipt with its record."""
        values: dict[str, Any] = {
            "size": receipt.included_in,
            "index": receipt.index,
            "issuer": issuer.rpartition(":")[2],
            "record_id": receipt.record_id,
            "names": ", ".join(receipt.cosigned_by),
        }
        names = [
            "checkpoint",
            "cosigned_by" if receipt.cosigned_by else "not_cosigned",
            "receipt_is_of_record",
            "included",
            "authentic",
        ]
        return [self._step(name, values) for name in names]

    def log_word(self, name: str) -> str:
        """What remains the log's word."""
        return _LOG_WORD[name][self._at]

    def log_word_title(self) -> str:
        """What stands above these."""
        return ("the log's word until you audit it:", "在您审计之前，以下仅为账本之言：")[self._at]

    def code(self, code: str) -> str:
        """What a refusal means; empty for codes that are not about verification."""
        return _CODES[code][self._at] if code in _CODES else ""

    def _step(self, name: str, values: Mapping[str, Any]) -> Step:
        text = _STEPS[name][self._at].format(**values)
        return Step(_PUBLIC.get(name, name), text)


def _member_step(record: VerifiedRecord) -> str:
    since = record.signer.member_since
    if since and since == record.index:
        return "member_own"
    if record.signer.approved_by:
        return "member_approved"
    return "member_founder" if since else "member_first"


def _key_step(record: VerifiedRecord) -> str:
    registered_at = record.signer.key_registered_at
    if registered_at == 0:
        return "admin_key"
    return "key_own" if registered_at == record.index else "key_registered_at"


def _aftermath_steps(record: VerifiedRecord) -> list[str]:
    later = record.aftermath
    found = {
        "key_ended_at": later.key_ended_at,
        "contested": later.contested,
        "reaffirmed_at": later.reaffirmed_at,
    }
    return [name for name, value in found.items() if value is not None]


def _aftermath_values(record: VerifiedRecord) -> dict[str, Any]:
    later = record.aftermath
    return {
        "ended": later.key_ended_at,
        "contested_from": later.contested and later.contested.start,
        "contested_at": later.contested and later.contested.at,
        "reaffirmed": later.reaffirmed_at,
    }


def _content_step(record: VerifiedRecord) -> str:
    if record.body is not None:
        return "body"
    return "shown_of_unknown" if record.defined is None else "shown"


def instant(milliseconds: int) -> str:
    """A time as people and programs read it."""
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC).isoformat(timespec="seconds")


def _signer_members(record: VerifiedRecord) -> dict[str, Any]:
    signer, later = record.signer, record.aftermath
    contested = later.contested
    return {
        "key_registered_at": signer.key_registered_at,
        "member_since": signer.member_since,
        "approved_by": list(signer.approved_by),
        "key_ended_at": later.key_ended_at,
        "contested": contested and {"from": contested.start, "at": contested.at},
        "reaffirmed_at": later.reaffirmed_at,
    }


def record_members(record: VerifiedRecord, words: Words) -> dict[str, Any]:
    """A verified record as plain values: a name for every step, never one flag."""
    return {
        "record_id": record.record_id,
        "index": record.index,
        "issuer": record.issuer,
        "type": record.type,
        "admitted_ms": record.admitted_ms,
        "signed_s": record.signed_s,
        "authentic": record.authentic,
        "included": {"index": record.index, "size": record.included_in},
        "cosigned_by": list(record.cosigned_by),
        **_signer_members(record),
        "shown": list(record.shown),
        "defined": record.defined,
        "decision": None if record.decision is None else decision_members(record.decision),
        "erased": [{"group": item.group, "at": item.at} for item in record.erased],
        "contradictions": [contradiction_members(found) for found in record.contradictions],
        "log_word": list(record.log_word),
        "steps": [{"step": step.name, "text": step.text} for step in words.record_steps(record)],
        "groups": {item.group: item.value for item in record.groups},
        "body": record.body,
    }
