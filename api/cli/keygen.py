"""``lotmark keygen``: a party, its keys, and what it says of itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from api.cli.options import (
    COSTS,
    PARTIES,
    cost_option,
    new_passphrase,
    pass_output,
    read_file,
)
from api.cli.output import Output
from api.party_folder import (
    PartyFolder,
    PartyProfile,
    create_party,
    parse_statement,
)
from keys.identifiers import parse_slug
from ledger import limits
from ledger.charter import FounderStatement
from ledger.record_type import ROLES

_ROLES_DEFAULT = ("supplier",)

role_option = click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice(ROLES),
    default=_ROLES_DEFAULT,
    show_default=True,
    help="What the party does; may be given several times.",
)
name_en_option = click.option("--name-en", help="The organisation's name in English.")
name_zh_option = click.option("--name-zh", help="The organisation's name in Chinese.")


@click.command()
@click.argument("slug")
@click.option(
    "--party", "folder", type=click.Path(path_type=Path), help="Folder; default: parties/SLUG."
)
@role_option
@name_en_option
@name_zh_option
@click.option(
    "--accreditation",
    "accreditations",
    multiple=True,
    help="What the party is accredited for; may be given several times.",
)
@click.option(
    "--entity",
    type=click.Choice(("group", "legal-entity")),
    default="legal-entity",
    show_default=True,
    help="A group, or a legal entity.",
)
@click.option("--parent", metavar="SLUG", help="The party that it belongs to.")
@cost_option
@pass_output
def keygen(output: Output, *, slug: str, folder: Path | None, cost: str, **said: Any) -> None:
    """Draw a party's keys: admin key, next admin key, signing key.

    Writes what the party says of itself: founder.json to hand to founder 1 of a new log,
    member.json to hand to a member of a log that is there.
    """
    further = {name: said.pop(name) for name in ("accreditations", "entity", "parent")}
    profile = replace(make_profile(slug, **said), **further)
    party = PartyFolder(folder or PARTIES / slug)
    passphrase = new_passphrase(f"the keys of {slug}")
    made = create_party(party, profile, passphrase=passphrase, cost=COSTS[cost])
    output.say(f"keys of {slug} are in {party.root}")
    output.say(f"  {party.admin_key.name}: speaks for the party; keep it off line")
    output.say(f"  {party.next_key.name}: may follow it; keep it in another place")
    output.say(f"  {party.signing_key.name}: signs records and requests")
    output.say(f"next: hand {party.statement} to founder 1 of a new log, or {party.member.name} to")
    output.say("  a member of one that is there; they hold no secret")
    output.result(
        {
            "slug": slug,
            "folder": str(party.root),
            "statement": str(party.statement),
            "member": str(party.member),
            "admin_key": made.admin.multikey,
            "signing_key": made.signing.multikey,
            "next_key": made.statement.next_key,
        }
    )


def make_profile(
    slug: str, *, roles: tuple[str, ...], name_en: str | None, name_zh: str | None
) -> PartyProfile:
    """A party as the options describe it; without a name its slug is its name."""
    given = (("en", name_en), ("zh", name_zh))
    names = {language: name for language, name in given if name is not None}
    return PartyProfile(parse_slug(slug), names or {"en": slug}, tuple(dict.fromkeys(roles)))


def read_statement(path: Path) -> FounderStatement:
    """The founder's statement in a file."""
    data = read_file(path, "a founder's statement", bytes_max=limits.STATEMENT_BYTES_MAX)
    return parse_statement(data)
