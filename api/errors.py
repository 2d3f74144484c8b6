"""From a code to an HTTP answer: the one table of statuses, and problems (RFC 9457).

Every error class of every room has its row here; a test holds the table complete. "Not
yours" and "not there" share a row on purpose: they look the same from outside.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from ledger.faults import Refusal
from ledger.limits import FAULTS_MAX

MEDIA_TYPE: Final = "application/problem+json"
#: Names and values in it came from outside: no answer is longer than its question by that.
TEXT_CHARACTERS_MAX: Final = 500
#: The query parameter by which a client asks for signed refusals; its one value is the name of
#: the member that they carry then.
REFUSALS: Final = "refusals"
SIGNED: Final = "signed"

OK: Final = 200
CREATED: Final = 201
ACCEPTED: Final = 202
NO_CONTENT: Final = 204
SEE_OTHER: Final = 303
PARTIAL_CONTENT: Final = 206
MULTIPLE_CHOICES: Final = 300
NOT_MODIFIED: Final = 304
BAD_REQUEST: Final = 400
UNAUTHORIZED: Final = 401
FORBIDDEN: Final = 403
NOT_FOUND: Final = 404
METHOD_NOT_ALLOWED: Final = 405
REQUEST_TIMEOUT: Final = 408
CONFLICT: Final = 409
LENGTH_REQUIRED: Final = 411
TOO_LARGE: Final = 413
TARGET_TOO_LONG: Final = 414
UNSUPPORTED: Final = 415
RANGE_NOT_SATISFIABLE: Final = 416
UNPROCESSABLE: Final = 422
TOO_MANY: Final = 429
HEAD_TOO_LARGE: Final = 431
INTERNAL: Final = 500
UNAVAILABLE: Final = 503
#: Where nothing is known of how long it takes.
COME_BACK_SECONDS: Final = "2"

#: code -> (status, title in English, title in Chinese, remedy)
_ROWS: Final[tuple[tuple[str, int, str, str, str], ...]] = (
    # form of the request
    ("malformed-json", BAD_REQUEST, "Not strict JSON", "JSON 格式不合规", "Send UTF-8 JSON without repeated names, fractions or lone surrogates."),
    ("malformed-submission", BAD_REQUEST, "Not a submission", "提交格式错误", "Send {\"sd_jwt\": \"JWS~disclosure~...~!envelope~...~\", \"sealed\": []}."),
    ("malformed-query", BAD_REQUEST, "Not a query this service knows", "查询参数错误", "Compare the parameters with the API description."),
    ("malformed-record", BAD_REQUEST, "Not a record", "记录格式错误", "Build the SD-JWT as docs/spec/record.md section 1 says."),
    ("malformed-header", BAD_REQUEST, "Not the header of a record", "记录头格式错误", "The header is exactly alg, kid and typ."),
    ("algorithm-not-allowed", BAD_REQUEST, "Algorithm not allowed", "不允许的签名算法", "Sign with EdDSA (Ed25519)."),
    ("malformed-claims", BAD_REQUEST, "Not the clear claims of a record", "明文声明格式错误", "Send exactly the claims of docs/spec/record.md section 3."),
    ("wrong-audience", UNPROCESSABLE, "Addressed to another log", "受众不是本账本", "Set aud to the origin of this log and sign again."),
    ("foreign-key", UNPROCESSABLE, "Another party's key", "使用了他方密钥", "Sign with a key of the issuing party."),
    ("too-large", TOO_LARGE, "Too large", "内容过大", "Split the request; the limit stands in detail."),
    ("record-too-large", TOO_LARGE, "The record is too large", "记录过大", "Move content into groups or an upload; the limit stands in detail."),
    ("closed-group-too-large", TOO_LARGE, "Manifest, address or filing is too large", "清单、地址或归档组过大", "Write its JSON without white space and escapes; the limit stands in detail."),
    ("length-required", LENGTH_REQUIRED, "Length required", "缺少长度", "Send Content-Length."),
    ("unsupported-media-type", UNSUPPORTED, "Unsupported media type", "不支持的媒体类型", "Send the media type that detail names."),
    ("target-too-long", TARGET_TOO_LONG, "The target is too long", "请求目标过长", "Send a shorter path and query."),
    ("head-too-large", HEAD_TOO_LARGE, "The head of the request is too large", "请求头过大", "Send fewer and shorter fields."),
    ("request-too-slow", REQUEST_TIMEOUT, "The request arrives too slowly", "请求传输过慢", "Send it again over a better line; an upload goes on where it broke."),
    ("not-found", NOT_FOUND, "Nothing here for you", "未找到", "Check the address; what you may not read looks absent."),
    ("method-not-allowed", METHOD_NOT_ALLOWED, "Method not allowed", "不允许的方法", "See the Allow field."),
    # signature and disclosures
    ("bad-signature", UNPROCESSABLE, "The signature does not verify", "签名验证失败", "Sign the exact bytes that are sent, with the key that kid names."),
    ("disclosure-refused", UNPROCESSABLE, "A disclosure is refused", "披露被拒绝", "See detail."),
    ("disclosure-malformed", UNPROCESSABLE, "Not a disclosure", "披露格式错误", "Encode [salt, group, value] as docs/spec/record.md section 4 says."),
    ("disclosure-not-of-this-record", UNPROCESSABLE, "Another record's disclosure", "披露属于另一记录", "The salt ends in the tag of this record's iss and jti."),
    ("disclosure-duplicate", UNPROCESSABLE, "A disclosure stands twice", "披露重复", "Send every group once."),
    ("salt-reused", UNPROCESSABLE, "Two groups share a salt", "两个分组使用了同一盐值", "Make 22 random characters for each group."),
    ("disclosure-unused", UNPROCESSABLE, "The record does not commit to a disclosure", "记录未承诺该披露", "Send the disclosure bytes whose digest was signed."),
    ("disclosure-missing", UNPROCESSABLE, "A disclosure is missing", "缺少披露", "Send manifest, address, filing and every group that filing.present names."),
    ("malformed-envelope", UNPROCESSABLE, "Not an envelope of a sealed group", "密封信封格式错误", "Seal the group as docs/spec/sealed.md section 1 says."),
    ("owner-not-recipient", UNPROCESSABLE, "The owner could not open it", "所有者不在接收方之列", "Seal the group to a key of the owner, too."),
    ("unknown-sealing-key", UNPROCESSABLE, "Not a registered key to be sealed to", "未登记的密封密钥", "Seal to keys in force of members; they register them with 'lotmark register-key'."),
    # content
    ("invalid-claims", UNPROCESSABLE, "The content is not what its type says", "内容不符合类型定义", "Mend every place that errors names, then sign again."),
    ("unknown-type", UNPROCESSABLE, "Unknown record type", "未知的记录类型", "Use a type and version that this log defines."),
    ("unknown-party", UNPROCESSABLE, "Not a member", "并非成员", "Name members of this log by their DID."),
    ("unknown-record", UNPROCESSABLE, "No such record", "没有该记录", "Cite records that this log holds."),
    ("policy-not-in-force", UNPROCESSABLE, "No such policy in force", "策略未生效", "Name the charter or a policy entry."),
    ("blob-not-ready", UNPROCESSABLE, "An upload is missing or another", "附件未就绪或不符", "Finish the upload; cite its size and SHA-256."),
    ("stale", UNPROCESSABLE, "Signed too early or too late", "签署时间超出窗口", "Set the clock and sign again."),
    ("malformed-type", UNPROCESSABLE, "Not a record type", "记录类型定义错误", "See docs/spec/record-types.md."),
    ("malformed-document", UNPROCESSABLE, "Not a governance document", "治理文件错误", "See docs/spec/governance.md section 3."),
    ("band-contradicts", UNPROCESSABLE, "A band contradicts its exact values", "区间与精确数值矛盾", "State the band that follows from the values in faults, or leave it out."),
    ("policy-contradiction", UNPROCESSABLE, "The policy contradicts itself", "共享策略自相矛盾", "Mend every place in faults; check it first with lotmark policy check."),
    ("floor-above-ceiling", UNPROCESSABLE, "A floor above its ceiling", "下限高于上限", "Lower the floor or raise the ceiling of the group."),
    ("policy-too-wide", UNPROCESSABLE, "The policy is wider than the type", "策略超出类型允许的范围", "A policy narrows only: stay inside the type's range and retention."),
    ("policy-unknown-group", UNPROCESSABLE, "No such type or group in force", "没有该生效的类型或分组", "Name types in force and their groups."),
    ("malformed-charter", UNPROCESSABLE, "Not a charter", "章程错误", "See docs/spec/governance.md section 1."),
    # authority
    ("key-not-valid", FORBIDDEN, "The key may not sign this", "密钥无权签署", "Compare 'lotmark keys': sign with a key that is in force for this type, or register one."),
    ("not-permitted", FORBIDDEN, "Not this party's to say", "该方无权提交", "See detail for who may."),
    ("relation-not-in-force", FORBIDDEN, "No such relation in force", "关系未生效", "Offer the relation with 'lotmark relate', have the other side run 'lotmark countersign', and name only families that it covers."),
    ("not-the-owner", FORBIDDEN, "Not this party's data", "并非该方的数据", "Ask the owner: it grants and erases what is its own."),
    ("period-malformed", UNPROCESSABLE, "Not a reading period", "读取期限不正确", "Let it begin before it ends, at most ten years apart; a delegation stays inside its grant."),
    ("grant-expired", UNPROCESSABLE, "The grant is over", "授权已到期", "Name a period that ends later; ask the owner for another grant."),
    ("delegation-of-delegation", FORBIDDEN, "A delegation is not passed on", "转授权不得再转授", "Ask the owner for a grant to that reader."),
    ("not-delegable", FORBIDDEN, "The owner does not allow delegation", "数据所有方不允许转授", "Ask the owner for a grant that may be passed on."),
    ("unknown-purpose", UNPROCESSABLE, "Not a purpose of the policy", "用途不在策略之列", "Take one of the purposes that the fault names, or have the policy extended."),
    ("retention-not-over", CONFLICT, "It must still be kept", "保存期限未满", "Come back after the instant that detail names."),
    ("case-open", CONFLICT, "It belongs to an open case", "所属案件未结", "Have the customer close the case first."),
    ("record-held", CONFLICT, "A counterparty holds it", "已被对方保全", "Ask the holder that detail names to release it."),
    ("state-kept", CONFLICT, "This group always stays", "该分组须始终保留", "Erase other groups: state and the closed groups are what the log rests on."),
    ("already-erased", CONFLICT, "Erased already", "此前已删除", "Leave out the group that detail names."),
    ("site-required", UNPROCESSABLE, "A site is missing", "缺少场所", "Name the site at which it was done: one that you have registered."),
    ("unknown-site", UNPROCESSABLE, "No such site", "没有该场所", "Name a registered site, or register this one first."),
    ("unknown-part", UNPROCESSABLE, "No such part", "没有该零件", "Name a part that both sides have signed ('lotmark masters parts'), or have the customer propose this one."),
    ("part-not-in-force", CONFLICT, "The part is not in force", "零件未生效", "Have the supplier endorse the part first: 'lotmark tasks' shows it there."),
    ("unknown-specification", UNPROCESSABLE, "No such specification", "没有该规格", "Cite a specification and revision of this part."),
    ("specification-required", UNPROCESSABLE, "A specification is required", "须引用规格", "Cite the specification that is in force for the part."),
    ("limit-typed", UNPROCESSABLE, "Limits are read from the specification", "规格限须取自规格", "Leave the limits out: they are those of the specification that is cited."),
    ("unknown-code", UNPROCESSABLE, "Not a code of the codebook", "编码不在编码表中", "Take one of the codes that the fault names, or have the codebook extended."),
    ("no-sampling-plan", UNPROCESSABLE, "The sampling tables have no such plan", "抽样表中没有该方案", "Take a lot of one unit or more, and a level and an AQL of ISO 2859-1 ('lotmark plan')."),
    ("unit-mismatch", UNPROCESSABLE, "The unit does not convert", "单位无法换算", "Use the unit of the part, or state its conversion to pieces in the part."),
    ("approval-needed", FORBIDDEN, "Needs the consent of others", "需要其他成员同意", "Propose it with 'lotmark propose', and submit it once the proposal is in force."),
    ("party-suspended", FORBIDDEN, "The party is suspended", "该方已被暂停", "End or replace keys, or wait until the members reinstate the party."),
    ("proposal-closed", CONFLICT, "The proposal is over", "提案已结束", "Propose it anew."),
    ("quorum-out-of-reach", CONFLICT, "The members could not meet the rule", "成员无法达到法定人数", "Amend the quorum first, with 'lotmark propose amend'."),
    ("too-many-proposals", CONFLICT, "Too many open proposals", "未决提案过多", "Withdraw one by rejecting it, or wait until it ends."),
    ("too-many-keys", CONFLICT, "Too many keys", "密钥过多", "End keys that are not used any more with 'lotmark revoke'; what a party may register over its life has an end."),
    ("too-many-links", CONFLICT, "Too many entries stand between charter and key", "章程与密钥之间的条目过多", "Let a party with a shorter history propose it; a recovery begins a party's own anew."),
    ("too-many-documents", CONFLICT, "The log has too many documents of this kind", "此类文件过多", "Use one that is in force."),
    ("genesis-incomplete", FORBIDDEN, "The founders have not all endorsed", "创始成员尚未全部联署", "Have the founders that detail names endorse the charter."),
    ("envelope-differs", CONFLICT, "Not the envelope that is kept", "与留存的信封不同", "Fetch the envelope anew, and add recipients behind those it has."),
    ("jti-used", CONFLICT, "The jti was used before", "jti 已使用", "Draw a new jti and sign again."),
    ("erased", CONFLICT, "Erased", "已删除", "What was erased is not restored."),
    # signed requests
    ("signature-required", UNAUTHORIZED, "A signed request is needed", "需要签名请求", "Sign the request as docs/spec/requests.md says."),
    ("malformed-signature", BAD_REQUEST, "Not a request signature", "请求签名格式错误", "Sign the request as docs/spec/requests.md says."),
    ("malformed-target", BAD_REQUEST, "Not a request target", "请求目标错误", "Send a plain path and query."),
    ("signature-missing-component", UNAUTHORIZED, "The signature covers too little", "签名覆盖不足", "Cover method, target and, with a body, its digest."),
    ("signature-expired", UNAUTHORIZED, "Outside the time window", "签名超出时间窗口", "Set the clock by server_time and sign again."),
    ("signature-before-start", UNAUTHORIZED, "Signed before the service started", "签名早于服务启动", "Sign the same request again; Lotmark's own clients do so by themselves."),
    ("unknown-key", UNAUTHORIZED, "A key that may not sign requests", "该密钥不能签署请求", "Register the key with the use 'requests'."),
    ("bad-request-signature", UNAUTHORIZED, "The request signature does not verify", "请求签名验证失败", "Sign the exact method, target and digest."),
    ("digest-mismatch", BAD_REQUEST, "The body is not the one signed", "正文摘要不符", "Send the body whose digest was signed."),
    ("nonce-replayed", UNAUTHORIZED, "The nonce was used before", "随机数重复", "Draw a new nonce for every request."),
    ("nonces-full", UNAVAILABLE, "Too many requests are remembered", "请求过多", "Try again in a minute."),
    ("access-not-kept", UNAVAILABLE, "The receipt of this read cannot be kept", "无法保存访问记录", "Try again; nothing was shown."),
    ("malformed-access", BAD_REQUEST, "Not the row of an access", "访问记录格式错误", "Compare it with docs/spec/accesses.md section 1."),
    ("malformed-evidence", BAD_REQUEST, "Not the evidence of a request", "请求证据格式错误", "Compare it with docs/spec/accesses.md section 2."),
    ("malformed-alert-rule", UNPROCESSABLE, "Not a rule for alerts", "提醒规则格式错误", "Send when, and types and groups where they are meant (docs/spec/accesses.md section 4)."),
    ("too-many-alert-rules", CONFLICT, "Too many rules for alerts", "提醒规则过多", "Delete one with 'lotmark alert-when --never NAME'."),
    # tallies
    ("malformed-tally", UNPROCESSABLE, "Not what a tally is opened for", "检验计数请求格式错误", "Send lot and stage, and a plan where no specification is cited (docs/spec/tally.md section 2)."),
    ("time-out-of-range", BAD_REQUEST, "A time more than a day ahead or a year back", "时间超前一天以上或早于一年", "Set the clock of the machine, or of the edge, and send the row again."),
    ("malformed-reading", UNPROCESSABLE, "Not a reading of this tally", "读数格式错误", "Compare it with docs/spec/tally.md section 3, and characteristics with those of the plan."),
    ("reading-contradicts", CONFLICT, "The reading does not fit those before it", "读数与此前读数矛盾", "Withdraw the reading that detail names, where that one is wrong."),
    ("sequence-taken", CONFLICT, "Another reading has this sequence", "该序号已用于其他读数", "Send it with the next sequence; the same reading again is always taken."),
    ("sequence-missing", CONFLICT, "Readings before this one are missing", "缺少此前的读数", "Send first what is missing, in order; GET of the tally says how far it has come."),
    ("tally-full", CONFLICT, "The tally is full", "检验计数已满", "Fetch its draft, or open another tally."),
    ("anomaly-unfit", UNPROCESSABLE, "No model or rules can be made of this", "无法据此训练模型或试算规则", "See detail; uploads of one line with the same parameters, and rules as rule-limits/v1 writes them."),
    ("too-many-trainings", CONFLICT, "Too many trainings wait", "等待中的训练过多", "Ask again when one of them has ended."),
    ("too-many-tallies", CONFLICT, "Too many tallies", "检验计数过多", "Delete those that are done with 'lotmark tally --drop ID'."),
    ("tally-undecided", CONFLICT, "The lot is not decided yet", "该批尚未判定", "Go on: detail names what is missing."),
    ("request-error", BAD_REQUEST, "The request is refused", "请求被拒绝", "See detail."),
    # reading the log
    ("not-in-log", NOT_FOUND, "The log does not have it", "账本中没有", "Compare with the checkpoint."),
    ("out-of-range", NOT_FOUND, "Outside the tree", "超出范围", "Compare with the checkpoint."),
    ("malformed-tile-path", NOT_FOUND, "Not a tile", "路径不是分片", "See docs/spec/tree.md."),
    # the world
    ("store-unavailable", UNAVAILABLE, "The store does not answer", "存储不可用", "Try again; nothing was written."),
    ("store-in-use", UNAVAILABLE, "Another process holds the log", "账本被占用", "Stop the other process."),
    ("shelf-unavailable", UNAVAILABLE, "The key shelf cannot be used", "密钥架不可用", "Try again; nothing was written."),
    ("shelf-missing", UNAVAILABLE, "The key shelf is not there", "密钥架缺失", "Put the folder back, or set LOTMARK_SHELF."),
    ("epoch-missing", UNAVAILABLE, "The keys of some entries are not there", "部分条目的密钥缺失", "Put the file back, or submit the contents again."),
    ("shelf-damaged", UNAVAILABLE, "A file of the key shelf is damaged", "密钥架文件损坏", "Put the file back as it was."),
    ("outcome-unknown", UNAVAILABLE, "The outcome is not known", "结果未知", "Submit the same bytes again: you get the receipt if it was admitted."),
    ("quota-exceeded", TOO_MANY, "More than one party's share", "超出单方配额", "Come back after the seconds that Retry-After says; send less at a time."),
    ("too-busy", UNAVAILABLE, "Too much is waiting", "系统繁忙", "Try again later."),
    ("log-closed", UNAVAILABLE, "The log is stopping", "账本正在停止", "Try again later."),
    ("head-moved", UNAVAILABLE, "Others appended first", "其他副本已先写入", "Try again; nothing was written."),
    ("state-incomplete", UNAVAILABLE, "What is in force is not known", "生效状态不完整", "The operator brings back the content of the record that detail names, and restarts the log."),
    ("log-rolled-back", UNAVAILABLE, "Not the log that was signed", "并非已签名的账本", "Use another replica; the operator restores the newest copy of the database."),
    ("log-key-retired", UNAVAILABLE, "The key of this service is no log key then", "该服务的密钥不再是账本密钥", "The operator serves with a log key that stays in force; then submit the same bytes again."),
    ("clock-suspect", UNAVAILABLE, "The clock is wrong", "时钟可疑", "The operator sets the clock."),
    ("internal", INTERNAL, "A fault of this service", "服务内部错误", "Tell the operator the request id."),
    # blobs
    ("blob-not-found", NOT_FOUND, "No such upload", "没有该附件", "Create it first; uploads expire after a day."),
    ("blob-too-large", TOO_LARGE, "The upload is too large", "附件过大", "Declare the true size, within the limit."),
    ("malformed-upload", BAD_REQUEST, "Not the fields of an upload", "上传字段错误", "Send the field that detail names."),
    ("offset-mismatch", CONFLICT, "Not where the upload ends", "上传偏移不符", "Go on at the offset that Upload-Offset names."),
    ("blob-incomplete", CONFLICT, "The upload has not ended", "附件未上传完", "Send the rest."),
    ("range-not-satisfiable", RANGE_NOT_SATISFIABLE, "Not a range of it", "范围无效", "Ask for bytes it has."),
    ("too-many-open-blobs", TOO_MANY, "Too many open uploads", "未完成的附件过多", "Finish or abandon some."),
    ("blobs-unavailable", UNAVAILABLE, "Uploads cannot be kept now", "附件存储不可用", "Try again; nothing was kept."),
    # witnesses
    ("malformed-add-checkpoint", BAD_REQUEST, "Not an add-checkpoint request", "提交检查点的请求格式错误", "See docs/spec/witness.md section 1."),
    ("origin-not-witnessed", NOT_FOUND, "This witness does not know the log", "见证方未登记该账本", "The witness's operator runs 'lotmark witness add-log'."),
    ("checkpoint-not-signed", FORBIDDEN, "No key of the log signed the checkpoint", "检查点缺少账本签名", "Send a checkpoint signed by a key that the witness is configured with."),
    ("old-size-too-large", BAD_REQUEST, "The old size is beyond the checkpoint", "旧大小超过检查点", "Send the size that the witness cosigned last."),
    ("size-conflict", CONFLICT, "The witness cosigned another size last", "见证方最后签署的大小不同", "Build on the size in the answer."),
    ("empty-root-wrong", UNPROCESSABLE, "An empty tree has another root", "空树的根不符", "Send the root of nothing."),
    ("proof-unexpected", UNPROCESSABLE, "Nothing is to be proven from size 0", "从零开始无需证明", "Leave the proof out."),
    ("roots-differ", UNPROCESSABLE, "The log has two histories", "账本出现两个历史", "Ask the witness for its evidence; trust neither history until it is explained."),
    ("extension-not-proven", UNPROCESSABLE, "Not shown to extend what was cosigned", "未能证明是延续", "Send the consistency proof from the size cosigned last."),
    ("witness-busy", TOO_MANY, "The witness has too much to do", "见证方繁忙", "Ask at most once a second."),
    ("not-cosigned", NOT_FOUND, "Not cosigned yet", "尚未获得见证联署", "Ask again after Retry-After; without a quorum in the trust policy there is nothing to wait for."),
)  # fmt: skip

STATUS: Final[Mapping[str, int]] = {row[0]: row[1] for row in _ROWS}
TITLES: Final[Mapping[str, tuple[str, str]]] = {row[0]: (row[2], row[3]) for row in _ROWS}
REMEDIES: Final[Mapping[str, str]] = {row[0]: row[4] for row in _ROWS}


def status_of(code: str) -> int:
    """The HTTP status of a code; an unknown one is a fault of this service."""
    return STATUS.get(code, INTERNAL)


def problem_members(refusal: Refusal, *, language: str = "en") -> dict[str, Any]:
    """A problem as plain values: type, title, status, detail, code, remedy, errors."""
    code = refusal.code if refusal.code in STATUS else "internal"
    english, chinese = TITLES[code]
    members: dict[str, Any] = {
        "type": f"urn:lotmark:problem:{code}",
        "title": chinese if language == "zh" else english,
        "status": STATUS[code],
        "detail": refusal.detail[:TEXT_CHARACTERS_MAX],
        "code": code,
        "remedy": REMEDIES[code],
    }
    if refusal.faults:
        members["errors"] = [
            {
                "pointer": fault.pointer[:TEXT_CHARACTERS_MAX],
                "expected": fault.expected[:TEXT_CHARACTERS_MAX],
                "found": fault.found[:TEXT_CHARACTERS_MAX],
            }
            for fault in refusal.faults[:FAULTS_MAX]
        ]
    return members


def problem_response(
    refusal: Refusal,
    *,
    language: str = "en",
    headers: Mapping[str, str] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Response:
    """The refusal as an ``application/problem+json`` answer."""
    members = {**problem_members(refusal, language=language), **(extra or {})}
    status = int(members["status"])
    # An absence today may be a record tomorrow: no cache keeps a refusal.
    sent = {"Cache-Control": "no-store", "Content-Language": language, **(headers or {})}
    if status in (UNAVAILABLE, TOO_MANY):
        sent.setdefault("Retry-After", COME_BACK_SECONDS)
    if status == UNAUTHORIZED:
        sent.setdefault("WWW-Authenticate", 'Signature realm="lotmark"')
    body = json.dumps(members, ensure_ascii=False).encode()
    return Response(body, status_code=status, media_type=MEDIA_TYPE, headers=sent)
