"""``lotmark decide``: who reads what of one record, why, and whether that can be followed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from api.cli.faults import CommandFault
from api.cli.options import (
    Place,
    language_option,
    pass_output,
    place_options,
    read_anchor,
    read_file,
)
from api.cli.output import Output, columns
from api.cli.reading import fetch_record, open_reader, verify_data
from api.cli.record_argument import RecordCommand
from api.client import LogClient
from api.client_errors import ClientError
from ledger import limits
from ledger.anchor import Anchor, parse_anchor
from ledger.errors import LedgerError
from ledger.instants import tell_instant
from ledger.record import parse_jws
from ledger.relations import ACT_VCT
from ledger.sharing.decision import Decision, GroupDecision
from ledger.sharing.members import decision_members
from ledger.sharing.recompute import KnownAct, ShownRecord, recompute
from ledger.verify import VerifiedRecord, verify_view
from ledger.view import parse_view
from portal.messages import Words, read_catalogue

_PHRASES: Final[Mapping[str, tuple[str, str]]] = {
    "anyone": ("anyone", "任何人"),
    "shown": ("shown", "可读"),
    "withheld": ("withheld", "未提供"),
    "nothing": ("nothing unlocks it", "无从解锁"),
    "needs": ("needs", "需要"),
    "agrees": ("follows from what you know", "可由您所知推出"),
    "differs": ("does not follow from what you know", "与您所知不符"),
    "log-word": (
        "the log's word: it rests on what was not shown to you",
        "账本之言：依据未向您出示",
    ),
}
_HEAD: Final = (
    "decided for {reader} after {size} entries, at {at}, signed by the log",
    "账本在 {size} 个条目之后、于 {at} 为 {reader} 作出的决定，已由账本签名",
)
_WORD: Final = (
    "the log's word in any case: that nothing was revoked or ended since, who is a member or an "
    "auditor, and tiers that a later policy narrowed",
    "始终为账本之言：其后未撤销或终止、成员与审计身份、后续策略收紧的层级",
)


@click.command(cls=RecordCommand)
@click.argument("record")
@click.option("--anonymous", is_flag=True, help="Do not sign: ask as anyone may.")
@place_options
@language_option
@pass_output
def decide(output: Output, *, record: str, anonymous: bool, language: str, place: Place) -> None:
    """Tell what you get of a record and why: RECORD is its id, its entry number, or a view file.

    Each group with its tier, the rule that shows it, the record that rests on, or what would
    unlock it. The log's signature is verified, and the decision is made again here from what was
    shown and from the acts it names. Exit status 1: it does not follow.
    """
    if Path(record).is_file():
        anchor, client = parse_anchor(read_anchor(place)), None
        data = read_file(Path(record), "a view", bytes_max=limits.VIEW_BYTES_MAX + 1)
        _decide(output, data, anchor, client, language)
        return
    reader = open_reader(place, is_anonymous=anonymous)
    with reader.client as client:
        data = fetch_record(record, reader, language)
        _decide(output, data, reader.anchor, client, language)


def _decide(
    output: Output, data: bytes, anchor: Anchor, client: LogClient | None, language: str
) -> None:
    verified = verify_data(data, anchor, language)
    told = []
    for shown, policy in zip(verified.records, _policies(data, anchor), strict=True):
        if shown.decision is None:
            raise CommandFault(
                "decision-missing",
                f"expected a view with a decision, found none on {shown.record_id}",
                remedy="Of governance records there is nothing to decide: all is public. Of "
                "others, fetch the view again.",
            )
        acts = _known_acts(shown.decision, client, anchor)
        told.append(_tell(output, shown, _shown_record(shown, policy), acts, language))
    output.result({"decisions": told})
    if any(finding == "differs" for members in told for finding in members["recomputed"].values()):
        raise CommandFault(
            "decision-differs",
            "expected a decision that follows from what was shown, found one that does not",
            remedy="Show it to the owner and to the operator: the signature proves who decided so.",
        )


def _policies(data: bytes, anchor: Anchor) -> list[str]:
    view = parse_view(data)
    return [
        parse_jws(
            view.entries[item.entry].jws, origin=anchor.origin, is_first=item.entry == 0
        ).claims.policy
        for item in view.records
    ]


def _shown_record(shown: VerifiedRecord, policy: str) -> ShownRecord:
    return ShownRecord(
        record_id=shown.record_id,
        index=shown.index,
        admitted_ms=shown.admitted_ms,
        vct=shown.type,
        issuer=shown.issuer,
        policy=policy,
        groups={item.group: item.value for item in shown.groups},
    )


def _known_acts(
    decision: Decision, client: LogClient | None, anchor: Anchor
) -> Mapping[str, KnownAct]:
    """The acts that a decision names, verified; those that cannot be fetched are left out."""
    acts: dict[str, KnownAct] = {}
    waiting = {item.by for item in decision.groups if item.by is not None}
    while client is not None and waiting:
        act = _fetch_act(waiting.pop(), client, anchor)
        if act is not None:
            acts[act.record_id] = act
            # A delegation rests on its grant.
            of = act.state.get("of")
            waiting |= {of} - acts.keys() if isinstance(of, str) else set()
    return acts


def _fetch_act(record_id: str, client: LogClient, anchor: Anchor) -> KnownAct | None:
    try:
        (shown,) = verify_view(parse_view(client.view(record_id)), anchor).records
    except (ClientError, LedgerError):
        return None
    state = next((item.value for item in shown.groups if item.group == "state"), None)
    if shown.record_id != record_id or shown.type != ACT_VCT or not isinstance(state, dict):
        return None
    return KnownAct(record_id, shown.index, shown.issuer, state)


def _tell(
    output: Output,
    shown: VerifiedRecord,
    record: ShownRecord,
    acts: Mapping[str, KnownAct],
    language: str,
) -> dict[str, Any]:
    decision = shown.decision
    assert decision is not None
    findings = dict(recompute(decision, record, acts))
    words = Words("zh" if language == "zh" else "en", read_catalogue(_language(language)))
    reader = _phrase("anyone", language) if decision.reader is None else decision.reader
    output.say(f"{shown.record_id}, {shown.type}")
    head = _HEAD[language == "zh"]
    output.note(head.format(reader=reader, size=decision.size, at=tell_instant(decision.at_ms)))
    rows = [_row(item, findings[item.group], words, language) for item in decision.groups]
    for line in columns(rows):
        output.say(line)
    output.note(_WORD[language == "zh"])
    return {**decision_members(decision), "recomputed": findings}


def _row(item: GroupDecision, finding: str, words: Words, language: str) -> tuple[str, ...]:
    said = _phrase("shown" if item.is_readable else "withheld", language)
    if item.is_readable:
        why = words.text(f"sharing.{item.rule}")
        why = f"{why} ({item.by})" if item.by else why
    elif item.needs:
        listed = ", ".join(words.text(f"needs.{need}") for need in item.needs)
        why = f"{_phrase('needs', language)}: {listed}"
    else:
        why = _phrase("nothing", language)
    return item.group, words.text(f"tier.{item.tier}"), said, why, _phrase(finding, language)


def _phrase(key: str, language: str) -> str:
    return _PHRASES[key][language == "zh"]


def _language(language: str) -> Any:
    return "zh" if language == "zh" else "en"
