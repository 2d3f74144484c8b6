"""``lotmark propose order``: what a quorum has shown to one party, or erased."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from api.cli.opening_options import opening_options, read_openings, read_period
from api.cli.proposing import Proposing, propose, proposing
from api.cli.record_argument import record_id_of
from ledger.sharing.orders import DISCLOSURE, ERASURE

__all__ = ["propose"]


@propose.command()
@click.option("--reader", metavar="SLUG", help="To whom it is shown.")
@click.option("--owner", metavar="SLUG", help="Whose records; default: everybody's.")
@opening_options
@click.option(
    "--erase",
    "of",
    metavar="RECORD",
    help="Erase groups of this record, by its id or entry number, instead.",
)
@click.option("--group", "groups", multiple=True, metavar="NAME", help="Erased; may be repeated.")
@proposing
def order(proposal: Proposing, **options: Any) -> None:
    """Order that a party is shown groups, or that groups of a record are erased.

    By the quorum of the act policy; --reason says why and is public. What is read by an order is
    always logged. An erasure is carried out by the operator: 'lotmark erase'.
    """
    is_erasure = options["of"] is not None
    if is_erasure == (options["reader"] is not None):
        raise click.UsageError("either --reader with --open, or --erase with --group")
    make = _erasure if is_erasure else _disclosure
    content = make(proposal, options)
    proposal.propose("order", {**content, "reason": proposal.reason_given()})


def _disclosure(proposal: Proposing, options: Mapping[str, Any]) -> dict[str, Any]:
    if not options["opened"]:
        raise click.UsageError("an order says what is shown: --open TYPE:GROUP,GROUP")
    owner = options["owner"]
    return {
        "kind": DISCLOSURE,
        "reader": proposal.party(options["reader"]),
        "owner": proposal.party(owner) if owner else None,
        "opens": read_openings(options["opened"]),
        "reads": read_period(options["begin"], options["end"]),
    }


def _erasure(proposal: Proposing, options: Mapping[str, Any]) -> dict[str, Any]:
    if not options["groups"]:
        raise click.UsageError("an order says what is erased: --group NAME")
    groups = list(dict.fromkeys(options["groups"]))
    with proposal.session.client() as client:
        of = record_id_of(options["of"], client)
    return {"kind": ERASURE, "of": of, "groups": groups}
