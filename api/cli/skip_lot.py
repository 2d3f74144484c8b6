"""``lotmark skip-lot``: commit to a chain, reveal for the lots that wait, see what is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import click

from api.cli.acts import admitted_members, ask, yes_option
from api.cli.drafts import name_party
from api.cli.faults import CommandFault
from api.cli.options import Place, Session, open_session, pass_output, place_options
from api.cli.output import Output
from api.cli.own_party import courtesy_answer
from api.cli.party_acts import Acting, open_acting, state_of
from api.cli.proposal_words import slug_of
from api.skip_chains import SkipChains
from keys.identifiers import parse_origin
from ledger.relations import ACT_VCT
from ledger.verify import VerifiedRecord
from quality.in_force.judging_sampling import COMMIT, REVEAL
from quality.in_force.skipping import CHAIN_LENGTH_MAX, read_hash
from quality.sampling.skip_lot import Outcome, is_drawn

_SHIPMENT = "shipment/v1"


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A lot that waits for its reveal, as the service tells it."""

    commit: str
    position: int
    shipment: str


@click.group("skip-lot")
def skip_lot() -> None:
    """Leave lots uninspected but for those that are drawn, so that nobody can choose them.

    Commit the end of a hash chain; reveal for each shipment that was admitted since. A lot for
    which nothing is revealed in time is inspected.
    """


@skip_lot.command()
@click.argument("number")
@click.option("--supplier", required=True, metavar="PARTY", help="Who supplies it, by slug or DID.")
@click.option("--site", metavar="CODE", help="Only lots of this site of the supplier.")
@click.option(
    "--one-in",
    type=click.IntRange(2, 100),
    default=2,
    show_default=True,
    help="Of so many lots one is inspected.",
)
@click.option(
    "--length",
    type=click.IntRange(1, CHAIN_LENGTH_MAX),
    default=256,
    show_default=True,
    help="For how many shipments.",
)
@click.option(
    "--accepted-before",
    type=click.IntRange(1, 1_000),
    default=10,
    show_default=True,
    help="Lots in a row that must have been accepted before one is skipped.",
)
@click.option(
    "--within",
    "reveal_within_hours",
    type=click.IntRange(1, 8_760),
    default=24,
    show_default=True,
    help="Hours from a shipment's admission in which this party reveals.",
)
@yes_option
@place_options
@pass_output
def commit(output: Output, *, number: str, place: Place, **options: Any) -> None:
    """Draw a chain for a part that this party buys, keep its seed, and commit its end."""
    session = open_session(place)
    acting = open_acting(session)
    supplier = name_party(options["supplier"], parse_origin(session.anchor.origin))
    terms = ("length", "one_in", "accepted_before", "reveal_within_hours")
    lines = [
        f"  lots of {number} of {slug_of(supplier)}: one in {options['one_in']} is inspected",
        f"  for {options['length']} shipments, if {options['accepted_before']} in a row were "
        "accepted before",
        f"  this party reveals within {options['reveal_within_hours']} hours, or inspects the lot",
    ]
    with acting.client:
        question = f"Commit to it in the name of {session.profile.slug}?"
        ask(output, lines, question, is_agreed=options["is_agreed"])
        chain = SkipChains(session.folder.skip_chains).draw(options["length"])
        state = {
            "act": COMMIT,
            "part": {"customer": acting.did, "supplier": supplier, "number": number},
            **({"site": options["site"]} if options["site"] else {}),
            "end": chain.end,
            **{name: options[name] for name in terms},
        }
        admitted = acting.act(state, to=supplier)
    output.say(f"committed: entry {admitted.index}, {admitted.record_id}")
    output.say("next: 'lotmark skip-lot reveal' after each shipment")
    output.result({**state, **admitted_members(admitted)})


@skip_lot.command()
@click.option("--part", "number", metavar="NUMBER", help="Only for lots of this part.")
@yes_option
@place_options
@pass_output
def reveal(output: Output, *, number: str | None, place: Place, is_agreed: bool) -> None:
    """Reveal for every lot that waits, and tell which are drawn for inspection.

    Each commit and each shipment is verified from the trust anchor before anything is revealed.
    """
    session = open_session(place)
    acting = open_acting(session)
    with acting.client:
        waiting = _waiting(acting, number)
        lines = [f"  position {lot.position} of commit {lot.commit}" for lot in waiting]
        if waiting:
            question = f"Reveal in the name of {session.profile.slug}?"
            ask(output, lines, question, is_agreed=is_agreed)
        else:
            output.say("no lot waits for a reveal")
        revealed = [_reveal(acting, session, lot) for lot in waiting]
    for found in revealed:
        what = "inspected" if found["is_drawn"] else "skipped, but for critical defects"
        output.say(f"shipment {found['lot']}: {what}; entry {found['index']}")
    output.result({"revealed": revealed})


@skip_lot.command("list")
@place_options
@pass_output
def list_chains(output: Output, *, place: Place) -> None:
    """List the chains whose seeds are kept here, and the lots that wait for a reveal."""
    session = open_session(place)
    kept = list(SkipChains(session.folder.skip_chains).kept())
    acting = open_acting(session)
    with acting.client:
        waiting = _waiting(acting, None)
    for chain in kept:
        output.say(f"chain {chain.end}: {chain.length} positions")
    for lot in waiting:
        output.say(f"shipment {lot.shipment} waits: position {lot.position} of {lot.commit}")
    if not kept:
        output.say("no chain is kept here: 'lotmark skip-lot commit' draws one")
    output.result(
        {
            "chains": [{"end": chain.end, "length": chain.length} for chain in kept],
            "waiting": [
                {"commit": lot.commit, "position": lot.position, "lot": lot.shipment}
                for lot in waiting
            ],
        }
    )


def _waiting(acting: Acting, number: str | None) -> list[_Waiting]:
    """The lots of this customer that wait, in the order of their positions."""
    asked = {"customer": acting.did, **({"part": number} if number else {})}
    told = acting.client.sampling(**asked)
    with courtesy_answer():
        found = {
            _Waiting(str(draw["commit"]), int(draw["position"]), str(draw["shipment"]))
            for draw in told.get("draws", ())
            if draw["outcome"] == Outcome.PENDING.value
        }
    return sorted(found, key=lambda lot: (lot.commit, lot.position))


def _reveal(acting: Acting, session: Session, lot: _Waiting) -> dict[str, Any]:
    """Reveal for one lot, having seen that it stands on the log behind its commit.

    Raises:
        CommandFault: it does not, or the seed of the commit is not here.
    """
    committed, shipment = acting.find(lot.commit), acting.find(lot.shipment)
    state = state_of(committed)
    _check(committed, shipment, state, own=acting.did)
    chain = SkipChains(session.folder.skip_chains).find(str(state["end"]))
    if chain is None or not 1 <= lot.position <= chain.length:
        raise CommandFault(
            "no-skip-chain",
            f"expected the seed of commit {lot.commit} for position {lot.position}, found none",
            remedy="The lot is inspected. 'lotmark end' ends the commit, then commit another.",
        )
    pre_image = chain.reveal(lot.position)
    act = {
        "act": REVEAL,
        "of": lot.commit,
        "lot": lot.shipment,
        "position": lot.position,
        "preimage": pre_image,
    }
    admitted = acting.act(act, to=str(state["part"]["supplier"]))
    drawn = is_drawn(read_hash(pre_image) or b"", lot.shipment, one_in=int(state["one_in"]))
    return {**act, "is_drawn": drawn, **admitted_members(admitted)}


def _check(
    committed: VerifiedRecord, shipment: VerifiedRecord, state: Mapping[str, Any], *, own: str
) -> None:
    """That nothing is given away for a lot that the supplier may still make.

    Raises:
        CommandFault: the service shows a commit or a shipment of others, or in another order.
    """
    for is_right, expected in _expectations(committed, shipment, state, own=own):
        if not is_right:
            raise CommandFault(
                "answer-malformed", f"expected {expected}, found another: nothing was revealed"
            )


def _expectations(
    committed: VerifiedRecord, shipment: VerifiedRecord, state: Mapping[str, Any], *, own: str
) -> Iterator[tuple[bool, str]]:
    is_own = committed.type == ACT_VCT and committed.issuer == own
    yield is_own and state.get("act") == COMMIT, "a commit of this party"
    part, shipped = state["part"], state_of(shipment).get("part")
    is_from = shipment.type == _SHIPMENT and shipment.issuer == part["supplier"]
    yield is_from, "a shipment of the supplier"
    names = ("customer", "supplier", "number")
    is_same = isinstance(shipped, dict) and all(shipped.get(n) == part[n] for n in names)
    yield is_same, "a shipment of the part"
    yield shipment.index > committed.index, "a shipment behind the commit"
