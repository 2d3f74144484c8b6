"""``lotmark erase``, ``erasures`` and ``purge-report``: order an erasure, and see what it did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import click

from api.cli.acts import admitted_members, ask, yes_option
from api.cli.options import (
    Place,
    language_option,
    open_session,
    pass_output,
    place_options,
)
from api.cli.output import Output, columns
from api.cli.own_party import courtesy_answer
from api.cli.party_acts import Acting, groups_of, open_acting
from api.cli.proposal_words import slug_of
from api.cli.reading import open_reader
from api.cli.record_argument import RecordCommand, record_id_of
from ledger.sharing.act_forms import BY_ORDER, BY_OWNER
from ledger.verify import VerifiedRecord

Members = Mapping[str, Any]
PAGE: Final = 100
_ERASED: Final = {
    "contents": ("contents in the vault", "保险库中的内容"),
    "epoch-key": ("key of epoch {epoch}", "第 {epoch} 期的密钥"),
    "index-rows": ("{count} rows of the search index", "{count} 行检索索引"),
    "uploads": (
        "{count} uploads, {kept} kept for other records",
        "{count} 个附件，另有 {kept} 个因他处引用而保留",
    ),
}


@click.command(cls=RecordCommand)
@click.argument("record")
@click.option(
    "--group",
    "groups",
    multiple=True,
    required=True,
    metavar="NAME",
    help="A group to be erased; may be repeated.",
)
@click.option("--reason", required=True, metavar="CODE", help="Why, as a code.")
@click.option(
    "--order",
    metavar="PROPOSAL",
    help="The operator alone: the members' order to erase, by its proposal's id or entry number.",
)
@yes_option
@place_options
@pass_output
def erase(output: Output, *, record: str, place: Place, **options: Any) -> None:
    """Erase groups of a record of this party for good: RECORD is its id or entry number.

    The entry, its signature and the digests stay; nobody is shown the groups from then on, and
    no backup brings them back. Refused while the record must be kept: 'lotmark retention' tells.
    """
    session = open_session(place)
    acting = open_acting(session)
    with acting.client:
        found = acting.find(record)
        state = erase_state(found.record_id, options["groups"], options["reason"])
        if options["order"]:
            order = record_id_of(options["order"], acting.client)
            state |= {"basis": BY_ORDER, "order": order}
        lines = list(_about(found, options["groups"]))
        question = f"Erase them for good, in the name of {session.profile.slug}?"
        ask(output, lines, question, is_agreed=options["is_agreed"])
        admitted = acting.act(state, to=_owner_besides(found, acting))
    output.say(f"ordered erased: entry {admitted.index}, {admitted.record_id}")
    output.say(f"next: lotmark purge-report {found.record_id}")
    output.result({**state, **admitted_members(admitted)})


def erase_state(record_id: str, groups: Any, reason: str) -> dict[str, Any]:
    """What an act of the owner says."""
    return {
        "act": "erase",
        "of": record_id,
        "groups": sorted(set(groups)),
        "reason": reason,
        "basis": BY_OWNER,
    }


def _about(found: VerifiedRecord, groups: tuple[str, ...]) -> Iterator[str]:
    shown = groups_of(found)
    yield f"  {found.type}, entry {found.index}, signed by {slug_of(found.issuer)}"
    for group in sorted(set(groups)):
        note = "" if group in shown else " (not shown to this party, or not there)"
        yield f"    {group} will be erased{note}"
    yield "  what was shown, exported or printed before cannot be taken back"


def _owner_besides(found: VerifiedRecord, acting: Acting) -> str | None:
    """The record's owner where that is another party, which is told of the act."""
    manifest = groups_of(found).get("manifest")
    owner = manifest.get("owner") if isinstance(manifest, dict) else None
    return owner if owner not in (None, acting.did) else None


@click.command()
@click.option(
    "--limit",
    type=click.IntRange(1, 1_000),
    default=PAGE,
    show_default=True,
    help="How many at most.",
)
@place_options
@pass_output
def erasures(output: Output, *, limit: int, place: Place) -> None:
    """List the erasures that concern this party, newest first, with their state.

    Those of its records, of records about it, and those that it ordered; the operator sees all.
    """
    reader = open_reader(place, is_anonymous=False)
    told: list[Members] = []
    before: dict[str, int] = {}
    with reader.client, courtesy_answer():
        while len(told) < limit:
            asked = {"limit": min(limit - len(told), PAGE), **before}
            page = reader.client.masters("erasures", **asked)
            told += page["erasures"]
            if page["next"] is None:
                break
            before = {"before": int(page["next"])}
        rows = [_row(item) for item in told]
    for line in columns([("entry", "record", "groups", "basis", "by", "state"), *rows]):
        output.say(line)
    if not rows:
        output.say("no erasures concern this party")
    output.result({"erasures": told})


def _row(item: Members) -> tuple[str, ...]:
    done = item["done_ms"]
    state = f"done {instant(done)}" if done is not None else "ordered"
    groups = ", ".join(item["groups"])
    return (
        str(item["entry"]),
        str(item["record"]),
        groups,
        str(item["basis"]),
        slug_of(item["by"]),
        state,
    )


@click.command("purge-report", cls=RecordCommand)
@click.argument("record")
@place_options
@language_option
@pass_output
def purge_report(output: Output, *, record: str, language: str, place: Place) -> None:
    """Tell what became of erasures: RECORD is the record, or an act that ordered one.

    By its id or entry number, as in 'lotmark erasures'.

    What was destroyed and when, which copies of the key shelf still hold the old key and until
    when, and what happens to everything that was derived.
    """
    reader = open_reader(place, is_anonymous=False)
    with reader.client, courtesy_answer():
        record_id = record_id_of(record, reader.client)
        told = reader.client.masters(f"records/{record_id}/purge")
        for report in told["reports"]:
            for line in _report_lines(report, is_chinese=language == "zh"):
                output.say(line)
    if not told["reports"]:
        output.say("nothing of this record was ordered erased")
    output.result(told)


def _report_lines(report: Members, *, is_chinese: bool) -> Iterator[str]:
    words, at = ("zh", 1) if is_chinese else ("en", 0)
    head = (
        "entry {entry}: {groups} of entry {record_entry} ordered erased, basis {basis}",
        "条目 {entry}：删除条目 {record_entry} 的 {groups}，依据 {basis}",
    )[at]
    yield head.format(**{**report, "groups": ", ".join(report["groups"])})
    if not report["destroyed"]:
        yield ("  not carried out yet", "  尚未执行")[at]
    for item in report["destroyed"]:
        what = _ERASED[item["what"]][at].format(**item)
        yield f"  {instant(item['at_ms'])}  {what}"
    copies = report["shelf_copies"]
    yield (
        f"  copies of the key shelf with the old key: {len(copies)}",
        f"  仍含旧密钥的密钥架副本：{len(copies)}",
    )[at]
    for copy in copies:
        until = ("until", "到期")[at]
        yield f"    {copy['where']}  {until} {instant(copy['expires_ms'])}"
    yield f"  {report['backups'][words]}"
    for rule in report["derived"]:
        yield f"  {rule['code']}: {rule[words]}"


def instant(milliseconds: int) -> str:
    """An instant in UTC, to the second."""
    return f"{datetime.fromtimestamp(milliseconds / 1_000, UTC):%Y-%m-%dT%H:%M:%SZ}"
