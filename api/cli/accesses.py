"""``lotmark accesses``: who read what of this party's records, and whether that is all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import click

from api.accesses.checking import (
    AccessFinding,
    FoundDigest,
    check_digests,
    check_signatures,
)
from api.charter_check import read_charter
from api.cli.acts import now_s
from api.cli.drafts import name_party
from api.cli.instants import INSTANT
from api.cli.options import Place, Session, open_session, pass_output, place_options
from api.cli.output import Output, columns
from api.cli.own_party import courtesy_answer, did_of
from api.cli.proposal_words import slug_of
from api.cli.record_argument import record_id_of
from api.cli.selectors import Selectors
from api.cli.verification_words import instant
from api.client import LogClient
from api.client_accesses import AccessClient
from api.client_errors import AnswerMalformed
from api.known_types import record_at
from api.search_query import encode_cursor
from keys.identifiers import parse_origin, parse_slug, party_did
from ledger.own_types import ACCESS_DIGEST
from ledger.party import REQUESTS_USE
from ledger.verify import VerifiedRecord, verify_view
from ledger.view import parse_view

_PAGE: Final = 200
_SHOWN_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class _Told:
    """What the service told: rows as they are hashed, their requests, how far it has come."""

    rows: Sequence[str]
    items: Sequence[Mapping[str, Any]]
    requests: Mapping[str, str]
    mark: Mapping[str, int]


@click.command()
@click.option("--since", type=INSTANT, help="Read at or after this day or moment.")
@click.option("--until", type=INSTANT, help="Read before it.")
@click.option("--reader", metavar="PARTY", help="Only by this party, by slug or DID.")
@click.option("--type", "type", help="Only records of this type.")
@click.option("--group", help="Only where this group was shown.")
@click.option("--record", help="Only this record, by its id or entry number.")
@click.option("--verify", "is_verified", is_flag=True, help="Check every reader's signature.")
@click.option(
    "--check", "is_checked", is_flag=True, help="Compare all rows with the digests on the log."
)
@place_options
@pass_output
def accesses(
    output: Output, *, place: Place, is_verified: bool, is_checked: bool, **asked: Any
) -> None:
    """List who read what of this party's records, oldest first.

    Each line is a receipt that the service kept before it answered; the reader's own signed
    request is its evidence. Exit status 1: --verify or --check found something.
    """
    chosen = {name: value for name, value in asked.items() if value is not None}
    if is_checked and chosen:
        raise click.UsageError("--check looks at every row: leave the other choices out")
    session = open_session(place)
    owner = did_of(session, session.profile.slug)
    with session.client(session.open_key(session.folder.signing_key)) as client:
        told = _ask(client, _selected(session, client, chosen))
        findings = list(_verify(session, client, told, owner)) if is_verified else []
        if is_checked:
            findings += _check(output, session, client, told=told)
    _tell(output, told, findings, is_narrowed=bool(chosen))
    if (is_verified or is_checked) and not findings:
        output.say("what was checked holds")
    output.result(
        {
            "accesses": list(told.items),
            "mark": dict(told.mark),
            "findings": [_finding_members(finding) for finding in findings],
        }
    )
    if findings:
        click.get_current_context().exit(1)


def _selected(session: Session, client: LogClient, chosen: Mapping[str, Any]) -> Mapping[str, Any]:
    """The choices as the service takes them, each of them a name that the log has.

    Raises:
        CommandFault: it has no such party, type or group.
        ClientError: it has no such record.
    """
    found, known = dict(chosen), Selectors(client, session.anchor)
    types = [chosen["type"]] if "type" in chosen else []
    if "reader" in chosen:
        found["reader"] = name_party(chosen["reader"], parse_origin(session.anchor.origin))
        known.expect_party(found["reader"])
    known.expect_types(types)
    known.expect_groups([chosen["group"]] if "group" in chosen else [], types)
    if "record" in chosen:
        found["record"] = record_id_of(chosen["record"], client)
        # A view of what is not there is refused; no row of it would be taken for no reader.
        client.view(found["record"])
    return found


def _ask(client: LogClient, chosen: Mapping[str, Any]) -> _Told:
    asked = {**chosen, "limit": _PAGE, "ascending": "true", "evidence": "true"}
    rows: list[str] = []
    items: list[Mapping[str, Any]] = []
    requests: dict[str, str] = {}
    while True:
        answer = AccessClient(client).accesses(**asked)
        with courtesy_answer():
            rows += [str(row) for row in answer["rows"]]
            items += [dict(item) for item in answer["accesses"]]
            requests |= {str(name): str(text) for name, text in answer["requests"].items()}
            mark = {str(name): int(value) for name, value in answer["mark"].items()}
            if answer["next"] is None:
                return _Told(rows, items, requests, mark)
            if answer["next"] == asked.get("cursor"):
                raise AnswerMalformed("expected another page, found the same")
            asked["cursor"] = str(answer["next"])


def _verify(
    session: Session, client: LogClient, told: _Told, owner: str
) -> Iterator[AccessFinding]:
    """What does not hold of the rows: signatures, and that the log knows the readers' keys."""
    yield from check_signatures(told.rows, told.requests, owner=owner)
    with courtesy_answer():
        kids = sorted({str(item["kid"]) for item in told.items})
        entries = {
            str(key["kid"]): key["registered_at"]
            for party in client.parties()["parties"]
            for key in party["keys"]
        }
    for kid in kids:
        if not _is_registered(session, client, kid, entries.get(kid)):
            detail = f"expected {kid} registered on the log for requests, found it not"
            yield AccessFinding("access-not-proven", detail, {"kid": kid})


def _is_registered(session: Session, client: LogClient, kid: str, entry: Any) -> bool:
    """Whether an entry that verifies from the trust anchor registers the key for requests."""
    if not isinstance(entry, int):
        return False
    view = client.view(str(record_at(entry, client)["record_id"]))
    (record,) = verify_view(parse_view(view), session.anchor).records
    body = record.body or {}
    named = f"{record.issuer}#{body.get('multikey')}"
    return record.type == "key/v1" and named == kid and REQUESTS_USE in body.get("uses", ())


def _check(
    output: Output, session: Session, client: LogClient, *, told: _Told
) -> list[AccessFinding]:
    digests = _digests(session, client)
    if not digests:
        output.note("the log has no digest of accesses yet: nothing to compare the rows with")
    output.note(f"{len(told.rows)} rows against {len(digests)} digests on the log")
    found = check_digests(
        told.rows, digests, kept_from_ms=told.mark["kept_from_ms"], now_ms=now_s() * 1000
    )
    return list(found)


def _digests(session: Session, client: LogClient) -> list[FoundDigest]:
    """The operator's digests about this party, oldest first, each verified from the anchor."""
    charter = read_charter(client.view(session.anchor.charter), session.anchor).charter
    operator = party_did(parse_origin(session.anchor.origin), parse_slug(charter.operator))
    found: dict[str, FoundDigest] = {}
    asked: dict[str, str | int] = {"type": ACCESS_DIGEST, "mine": 1, "limit": _PAGE}
    while True:
        data, cursor, meant = client.search_view(**asked)
        records = verify_view(parse_view(data), session.anchor).records if data else ()
        for record in records:
            if record.issuer == operator and _is_about(record, session):
                found[record.record_id] = _read_digest(record)
        if records and len(records) < meant:
            # The view ended where one more record would have been too much to verify.
            cursor = encode_cursor(records[-1].index)
        if cursor is None:
            return sorted(found.values(), key=lambda digest: digest.index)
        asked["cursor"] = cursor


def _is_about(record: VerifiedRecord, session: Session) -> bool:
    owner = did_of(session, session.profile.slug)
    return any(d.group == "manifest" and d.value["subject"] == owner for d in record.groups)


def _read_digest(record: VerifiedRecord) -> FoundDigest:
    state = next((d.value for d in record.groups if d.group == "state"), None)
    if state is None:
        raise AnswerMalformed(f"expected the state of digest {record.record_id}, found it not")
    return FoundDigest(record.record_id, record.index, state)


# ---- words ----


def _tell(
    output: Output, told: _Told, findings: Sequence[AccessFinding], *, is_narrowed: bool
) -> None:
    nobody = "nobody has read anything of this party's"
    none = "no row fits these choices" if is_narrowed else nobody
    with courtesy_answer():
        lines = list(columns([_HEADING, *map(_row, told.items[:_SHOWN_MAX])]))
    for line in lines if told.items else [none]:
        output.say(line)
    if len(told.items) > _SHOWN_MAX:
        output.note(f"{len(told.items) - _SHOWN_MAX} more: narrow it with --since, or use --json")
    for finding in findings:
        output.say(f"! {finding.code}: {finding.detail}")


_HEADING: Final = ("read", "reader", "entry", "type", "groups", "by")


def _row(item: Mapping[str, Any]) -> tuple[str, ...]:
    groups = item["groups"]
    return (
        instant(item["at_ms"]),
        slug_of(item["reader"]),
        str(item["index"]),
        str(item["type"]),
        ", ".join(groups),
        ", ".join(dict.fromkeys(str(shown["rule"]) for shown in groups.values())),
    )


def _finding_members(finding: AccessFinding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "detail": finding.detail,
        "evidence": dict(finding.evidence),
    }
