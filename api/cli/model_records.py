"""Records that a person signs about a line: decisions, labels of alarms, versions of rules.

What commands show of them was verified from the trust anchor, and not told by the service.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import click

from api.cli.acts import now_s, send
from api.cli.faults import CommandFault
from api.cli.party_acts import Acting, groups_of
from api.cli.proposal_words import slug_of
from api.client import LogClient
from api.known_types import find_type
from ledger.anchor import Anchor
from ledger.compose import Filing
from ledger.submission import Admitted
from ledger.verify import VerifiedRecord, verify_view
from ledger.view import parse_view
from quality.in_force.models import LineKey, line_of

_PAGE: Final = 100
_LINE: Final = ("site", "line", "machine", "part")


def line_options(command: Any) -> Any:
    """The options that name a line of this party."""
    texts = {"site": "Site code.", "line": "Production line.", "machine": "Machine."}
    for name in reversed(_LINE):
        told = texts.get(name, "Part number.")
        command = click.option(f"--{name}", metavar="CODE", help=told)(command)
    return command


def matches_line(state: Mapping[str, Any], options: Mapping[str, Any]) -> bool:
    """Whether what a record says of its line is what the options ask for."""
    line = state.get("line")
    return isinstance(line, dict) and all(options[name] in (None, line.get(name)) for name in _LINE)


def whole_line(options: Mapping[str, Any]) -> dict[str, str]:
    """The line that the options name.

    Raises:
        click.UsageError: not all of it.
    """
    missing = [f"--{name}" for name in _LINE if not options[name]]
    if missing:
        raise click.UsageError(f"expected a whole line, found none of {', '.join(missing)}")
    return {name: str(options[name]) for name in _LINE}


def line_words(line: LineKey) -> str:
    """A line as it is told."""
    return f"{line.site} / {line.line} / {line.machine} / {line.part}"


def stated_line(owner: str, state: Mapping[str, Any]) -> LineKey:
    """The line of an owner that a record's group ``state`` names."""
    return line_of(owner, state["line"])


def sign_record(
    acting: Acting, vct: str, groups: Mapping[str, Any], *, to: str | None = None
) -> Admitted:
    """Sign a record of the party's and send it.

    Args:
        acting: the party and its key.
        vct: the record's type.
        groups: its groups by name.
        to: whom it is about and addressed to; None keeps it with the party and its grants.

    Raises:
        ClientError: it was refused, or no answer came.
        LedgerError: the receipt does not verify.
    """
    kind = find_type(vct, client=acting.client, anchor=acting.session.anchor)
    filing = Filing(subject=to, to=(to,) if to else ())
    composer = acting.session.filing_composer(acting.signer, acting.client)
    return send(
        acting.session, composer.compose_record(kind, dict(groups), filing=filing, iat=now_s())
    )


def find_of_type(acting: Acting, named: str, vct: str, /) -> VerifiedRecord:
    """The record of this id or entry number, verified, if it is of this type.

    Raises:
        CommandFault: it is of another type.
        ClientError, LedgerError, KeysError: it cannot be had, or does not verify.
    """
    found = acting.find(named)
    if found.type == vct:
        return found
    raise CommandFault(
        "record-of-another-type",
        f"expected a {vct}, found {found.type} at entry {found.index}",
        remedy="Name the record by its id or its entry number.",
    )


def verified_records(
    client: LogClient, anchor: Anchor, **conditions: str
) -> Iterator[VerifiedRecord]:
    """The records that are asked for, newest first, verified from the trust anchor.

    Raises:
        ClientError: no answer came.
        LedgerError, KeysError: one of them does not verify.
    """
    cursor: str | None = None
    while True:
        page: dict[str, str | int] = {**conditions, "limit": _PAGE}
        data, cursor, _ = client.search_view(**page, **({"cursor": cursor} if cursor else {}))
        if data:
            # Where a view ends before all that are meant, the next page goes on below its last.
            yield from verify_view(parse_view(data), anchor).records
        if cursor is None:
            return


def shown_group(record: VerifiedRecord, name: str, /) -> Mapping[str, Any]:
    """A group of a verified record.

    Raises:
        CommandFault: it is not shown to this party.
    """
    value = groups_of(record).get(name)
    if isinstance(value, dict):
        return value
    raise CommandFault(
        "group-not-shown",
        f"expected the group {name} of {record.type} at entry {record.index}, found none shown",
        remedy=f"Ask {slug_of(record.issuer)} for a grant, or name a record of your own.",
    )
