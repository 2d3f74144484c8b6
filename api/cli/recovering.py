"""``lotmark recover``: new keys for a party that has lost its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from api.cli.options import (
    COSTS,
    PARTIES,
    Place,
    anchor_option,
    cost_option,
    new_passphrase,
    open_client,
    pass_output,
    read_anchor,
    url_option,
)
from api.cli.output import Output
from api.cli.own_party import courtesy_answer, find_party
from api.party_folder import PartyFolder, PartyProfile, create_party, remember_service
from ledger.anchor import parse_anchor


@click.command()
@click.argument("slug")
@click.option(
    "--party",
    "folder",
    type=click.Path(path_type=Path),
    help="Empty folder; default: parties/SLUG.",
)
@url_option
@anchor_option
@cost_option
@pass_output
def recover(output: Output, *, slug: str, folder: Path | None, cost: str, **options: Any) -> None:
    """Draw new keys for the party SLUG, which has lost its own.

    Writes member.json, for a member to propose: 'lotmark propose recover member.json'. Who
    still holds the next admin key needs none of this: 'lotmark rotate'.
    """
    party = PartyFolder(folder or PARTIES / slug)
    place = Place(party.root, options["url"], options["anchor"])
    anchor = read_anchor(place)
    url = place.address(None)
    profile = _listed_profile(slug, url, parse_anchor(anchor).origin)
    passphrase = new_passphrase(f"the new keys of {slug}")
    made = create_party(party, profile, passphrase=passphrase, cost=COSTS[cost])
    remember_service(party, url=url, anchor=anchor)
    output.say(f"new keys of {slug} are in {party.root}")
    output.say(f"  admin key {made.admin.multikey}")
    output.say(
        f"next: hand {party.member} to a member, who runs 'lotmark propose recover' with it;"
    )
    output.say("  once enough have approved, 'lotmark join'. The keys hold seven days after that")
    output.result(
        {
            "slug": slug,
            "folder": str(party.root),
            "statement": str(party.member),
            "admin_key": made.admin.multikey,
            "next_key": made.statement.next_key,
        }
    )


def _listed_profile(slug: str, url: str, origin: str) -> PartyProfile:
    """The party as the service lists it.

    Raises:
        CommandFault: the log has no such party.
    """
    with open_client(url, None) as client:
        found = find_party(client.parties(), slug, origin)
    with courtesy_answer():
        return PartyProfile(
            slug,
            dict(found["names"]),
            tuple(found["roles"]),
            accreditations=tuple(found["accreditations"]),
            entity=found["entity"],
            parent=found["parent"],
        )
