"""``lotmark skip-lot``: commit to a chain, reveal for the lots that wait, see what is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
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
from api.client_errors import RequestRefused
from api.recounting import fetch_records
from api.skip_chains import KeptChain, SkipChains
from api.skip_positions import (
    KeptReveal,
    Unexpected,
    check_position,
    count_positions,
    own_commit,
)
from keys.identifiers import parse_origin
from ledger.submission import Admitted
from quality.in_force.judging_sampling import COMMIT, REVEAL
from quality.in_force.skipping import CHAIN_LENGTH_MAX, SkipCommit, read_hash
from quality.sampling.skip_lot import Outcome, is_drawn


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A lot that has a position, and may wait for its reveal, as the service tells it."""

    commit: str
    position: int
    shipment: str
    waits: bool = True


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
        chains = SkipChains(session.folder.skip_chains)
        chain = chains.draw(options["length"])
        state = {
            "act": COMMIT,
            "part": {"customer": acting.did, "supplier": supplier, "number": number},
            **({"site": options["site"]} if options["site"] else {}),
            "end": chain.end,
            **{name: options[name] for name in terms},
        }
        admitted = _commit(acting, state, chains, chain)
    output.say(f"committed: entry {admitted.index}, {admitted.record_id}")
    output.say("next: 'lotmark skip-lot reveal' after each shipment")
    output.result({**state, **admitted_members(admitted)})


def _commit(
    acting: Acting, state: Mapping[str, Any], chains: SkipChains, chain: KeptChain
) -> Admitted:
    """Send a commit; of one that was refused the seed is removed.

    Where no answer came the commit may stand on the log: the seed stays.
    """
    try:
        return acting.act(state, to=str(state["part"]["supplier"]))
    except RequestRefused as refused:
        if refused.problem.is_final:
            chains.drop(chain)
        raise


@skip_lot.command()
@click.option("--part", "number", metavar="NUMBER", help="Only for lots of this part.")
@yes_option
@place_options
@pass_output
def reveal(output: Output, *, number: str | None, place: Place, is_agreed: bool) -> None:
    """Reveal for every lot that waits, and tell which are drawn for inspection.

    Each commit, and each shipment since the last reveal, is verified from the trust anchor, and
    positions are counted from these: a service that tells others is given nothing.
    """
    session = open_session(place)
    acting = open_acting(session)
    with acting.client:
        drawn = _drawn(acting, number)
        waiting = [lot for lot in drawn if lot.waits]
        lines = [f"  position {lot.position} of commit {lot.commit}" for lot in waiting]
        if waiting:
            question = f"Reveal in the name of {session.profile.slug}?"
            ask(output, lines, question, is_agreed=is_agreed)
        else:
            output.say("no lot waits for a reveal")
        revealed = _reveal_all(acting, session, drawn)
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
    return [lot for lot in _drawn(acting, number) if lot.waits]


def _drawn(acting: Acting, number: str | None) -> list[_Waiting]:
    """Every lot that has a position, as the service tells it."""
    asked = {"customer": acting.did, **({"part": number} if number else {})}
    told = acting.client.sampling(**asked)
    with courtesy_answer():
        waits = dict[_Waiting, bool]()
        for draw in told.get("draws", ()):
            lot = _Waiting(str(draw["commit"]), int(draw["position"]), str(draw["shipment"]))
            waits[lot] = waits.get(lot, False) or draw["outcome"] == Outcome.PENDING.value
    found = [replace(lot, waits=is_waiting) for lot, is_waiting in waits.items()]
    return sorted(found, key=lambda lot: (lot.commit, lot.position))


def _reveal_all(
    acting: Acting, session: Session, drawn: Sequence[_Waiting]
) -> list[dict[str, Any]]:
    """Reveal for the lots that wait, commit by commit."""
    revealed = []
    for commit, of_commit in groupby(drawn, key=lambda lot: lot.commit):
        lots = list(of_commit)
        if any(lot.waits for lot in lots):
            revealed += _reveal(acting, session, lots, commit=commit)
    return revealed


def _reveal(
    acting: Acting, session: Session, lots: Sequence[_Waiting], *, commit: str
) -> list[dict[str, Any]]:
    """Reveal for the lots of one commit that wait, each at the position that it verifiably has.

    Raises:
        CommandFault: the service tells of another one, or the seed of the commit is not here.
    """
    chains, state = SkipChains(session.folder.skip_chains), state_of(acting.find(commit))
    chain = chains.find(str(state.get("end")))
    if chain is None:
        raise CommandFault(
            "no-skip-chain",
            f"expected the seed of commit {commit}, found none",
            remedy="The lot is inspected. 'lotmark end' ends the commit, then commit another.",
        )
    with chains.alone(chain.end):
        try:
            places = _places(acting, lots, chains.reveals(chain.end), commit=commit)
            revealed = []
            for lot in (lot for lot in lots if lot.waits):
                kept = chains.reveals(chain.end)
                place = places.check(lot, kept)
                chains.keep_reveal(chain.end, place)
                revealed.append(_send(acting, places.commit, chain, place=place))
            return revealed
        except Unexpected as fault:
            raise CommandFault(
                "answer-malformed",
                f"expected {fault.expected}: nothing was revealed for it",
            ) from fault


@dataclass(frozen=True, slots=True)
class _Places:
    """The verified positions behind a commit."""

    commit: SkipCommit
    by_lot: Mapping[str, KeptReveal]

    def check(self, lot: _Waiting, kept: Sequence[KeptReveal]) -> KeptReveal:
        """The position of a lot, as the service says too.

        Raises:
            Unexpected: it says another one, or it was given away.
        """
        again = next((one for one in kept if one.lot == lot.shipment), None)
        found = self.by_lot.get(lot.shipment) or again
        return check_position(found, lot.position, commit_index=self.commit.index, kept=kept)


def _places(
    acting: Acting, lots: Sequence[_Waiting], kept: Sequence[KeptReveal], *, commit: str
) -> _Places:
    """Fetch and verify the shipments since the last reveal, and count.

    Raises:
        Unexpected: the commit is not of this party.
    """
    last = max(kept, key=lambda one: one.position, default=None)
    after = last.position if last else 0
    named = [lot.shipment for lot in lots if lot.position > after]
    committed, *shipments = fetch_records(
        acting.client, acting.session.anchor, dict.fromkeys((commit, *named))
    )
    own = own_commit(committed, own=acting.did)
    return _Places(own, count_positions(committed, shipments, last=last))


def _send(
    acting: Acting, commit: SkipCommit, chain: KeptChain, *, place: KeptReveal
) -> dict[str, Any]:
    pre_image = chain.reveal(place.position)
    act = {
        "act": REVEAL,
        "of": commit.record_id,
        "lot": place.lot,
        "position": place.position,
        "preimage": pre_image,
    }
    admitted = acting.act(act, to=commit.part.supplier)
    drawn = is_drawn(read_hash(pre_image) or b"", place.lot, one_in=commit.one_in)
    return {**act, "is_drawn": drawn, **admitted_members(admitted)}
