"""``lotmark severity``: what a customer says of how severely a part is inspected."""

from __future__ import annotations

from typing import Any

import click

from api.cli.acts import admitted_members, ask, yes_option
from api.cli.drafts import name_party
from api.cli.options import Place, open_session, pass_output, place_options
from api.cli.output import Output
from api.cli.party_acts import open_acting
from api.cli.proposal_words import slug_of
from keys.identifiers import parse_origin
from quality.in_force.judging_sampling import REASONS, SEVERITY
from quality.sampling.parameters import CLASSES

_SEVERITIES = tuple(dict.fromkeys(to for found in REASONS.values() for to in found))


@click.command()
@click.argument("number")
@click.option("--supplier", required=True, metavar="PARTY", help="Who supplies it, by slug or DID.")
@click.option(
    "--class",
    "defect_class",
    required=True,
    type=click.Choice(CLASSES),
    help="The class of defects.",
)
@click.option("--reason", required=True, type=click.Choice(tuple(REASONS)), help="Why.")
@click.option("--to", "severity_to", type=click.Choice(_SEVERITIES), help="To which severity.")
@click.option("--site", metavar="CODE", help="Only for lots of this site of the supplier.")
@yes_option
@place_options
@pass_output
def severity(output: Output, *, number: str, place: Place, **options: Any) -> None:
    """Say what leads to another severity of inspection of a part that this party buys.

    NUMBER is this party's number of the part. It binds the lots behind its entry, as the
    switching rules say; 'lotmark sampling' tells what came of it.
    """
    leads_to = REASONS[options["reason"]]
    to = options["severity_to"] or leads_to[0]
    if to not in leads_to:
        raise click.UsageError(f"{options['reason']} leads to {' or '.join(leads_to)}, found {to}")
    session = open_session(place)
    acting = open_acting(session)
    supplier = name_party(options["supplier"], parse_origin(session.anchor.origin))
    state = {
        "act": SEVERITY,
        "part": {"customer": acting.did, "supplier": supplier, "number": number},
        **({"site": options["site"]} if options["site"] else {}),
        "class": options["defect_class"],
        "to": to,
        "reason": options["reason"],
    }
    line = f"  part {number} of {slug_of(supplier)}, {options['defect_class']}: {to}"
    with acting.client:
        question = f"Say so in the name of {session.profile.slug}?"
        ask(output, [f"{line}, {options['reason']}"], question, is_agreed=options["is_agreed"])
        admitted = acting.act(state, to=supplier)
    output.say(f"said: entry {admitted.index}; 'lotmark sampling --part {number}' tells the effect")
    output.result({**state, **admitted_members(admitted)})
