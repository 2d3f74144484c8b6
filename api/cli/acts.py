"""What commands do that sign in the name of a party: ask, sign, send, check the receipt.

Nothing counts as done before a receipt verifies against the party's own trust anchor.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import click

from api.cli.key_advice import advised
from api.cli.options import Session
from api.cli.output import Output
from api.client_errors import RequestRefused
from api.party_folder import remember_service
from ledger.anchor import Anchor
from ledger.compose import Composer
from ledger.receipt import verify_receipt
from ledger.submission import Admitted

yes_option = click.option(
    "--yes", "is_agreed", is_flag=True, help="Do not ask: the summary was read before."
)
reason_option = click.option("--reason", help="Why, in your own words; at most 400 characters.")


def ask(output: Output, lines: Iterable[str], question: str, *, is_agreed: bool) -> None:
    """Show what is about to be signed, and ask unless that was agreed to before.

    Raises:
        click.Abort: the answer was no.
    """
    for line in lines:
        output.note(line)
    if not is_agreed:
        click.confirm(question, abort=True, err=True)


def admin_composer(session: Session) -> Composer:
    """Composes with the party's admin key; asks for its passphrase."""
    return session.composer(session.open_key(session.folder.admin_key))


def send(session: Session, sd_jwt: str) -> Admitted:
    """Submit a record and check its receipt.

    Raises:
        ClientError: it was refused, or no answer came.
        LedgerError: the receipt does not verify.
    """
    with session.client() as client:
        try:
            admitted = client.submit(sd_jwt)
        except RequestRefused as refused:
            raise advised(refused, sd_jwt, origin=session.anchor.origin, client=client) from refused
    check_receipt(admitted, sd_jwt, session.anchor)
    remember_service(session.folder, url=session.url, anchor=session.anchor_bytes)
    return admitted


def check_receipt(admitted: Admitted, sd_jwt: str, anchor: Anchor) -> None:
    """Check that the log of the anchor has this record.

    Raises:
        LedgerError: the receipt does not show that.
    """
    if not admitted.is_cosigned:
        # It came before the witnesses: the log's own promise, and checked as that.
        anchor = replace(anchor, policy=replace(anchor.policy, quorum=None))
    verify_receipt(admitted.receipt.encode(), sd_jwt.partition("~")[0], anchor=anchor)


def admitted_members(admitted: Admitted) -> dict[str, Any]:
    """An admitted record as plain values."""
    return {
        "record_id": admitted.record_id,
        "index": admitted.index,
        "receipt": admitted.receipt,
        "first": admitted.is_first,
    }


def now_s() -> int:
    """Unix seconds, for what is signed now."""
    return int(time.time())
