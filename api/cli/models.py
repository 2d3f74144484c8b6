"""``lotmark model``: which model watches a line, and what this party decides about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import click

from api.cli.acts import admitted_members, ask, yes_option
from api.cli.model_objections import objection_lines, objections_to
from api.cli.model_records import (
    find_of_type,
    line_options,
    line_words,
    matches_line,
    shown_group,
    sign_record,
    stated_line,
    verified_records,
)
from api.cli.model_training import fetch, train
from api.cli.options import Place, open_session, pass_output, place_options
from api.cli.output import Output, columns
from api.cli.party_acts import Acting, open_acting, state_of
from api.cli.proposal_words import slug_of
from api.cli.record_argument import RecordCommand
from ledger.verify import VerifiedRecord
from quality.in_force.models import APPROVALS, Card, Decision, Models, read_card
from quality.shapes import is_readable
from quality.types import reasons_of_decisions

CARD, DECISION = "model-card/v1", "model-decision/v1"
_SAID: Final[Mapping[Decision, tuple[str, str]]] = {
    Decision.APPROVE: ("Approve it", "approved"),
    Decision.REJECT: ("Reject it", "rejected"),
    Decision.ACTIVATE: ("Let it watch the line", "active"),
    Decision.RETIRE: ("Retire it", "retired"),
    Decision.ROLL_BACK: ("Roll back to the model before it", "rolled back"),
}


@click.group()
def model() -> None:
    """Models of this party's lines: have them trained, approve with four eyes, roll back.

    A decision is signed with a person's key. Two different keys approve a model, and neither of
    them signed its card.
    """


model.add_command(train)
model.add_command(fetch)


@model.command("list")
@line_options
@place_options
@pass_output
def list_(output: Output, *, place: Place, **options: Any) -> None:
    """List the models of this party's lines, as the log's signed records say.

    Every card and decision is verified from the trust anchor and counted here.
    """
    acting = open_acting(open_session(place))
    with acting.client:
        cards = [
            card
            for card in _fold(acting).by_id.values()
            if matches_line({"line": card.line._asdict()}, options)
        ]
    rows = [
        (str(card.index), card.state, f"{len(card.approvals)}/{APPROVALS}", line_words(card.line))
        for card in cards
    ]
    for line in columns([("entry", "state", "approvals", "line"), *rows] if rows else []):
        output.say(line)
    if not rows:
        output.say("no model of a line of this party")
    output.result({"models": [_members(card) for card in cards]})


def _members(card: Card) -> dict[str, Any]:
    return {
        "record_id": card.record_id,
        "entry": card.index,
        "owner": card.line.owner,
        "line": {name: value for name, value in card.line._asdict().items() if name != "owner"},
        "onnx_sha256": card.onnx_sha256,
        "parent": card.parent,
        "state": str(card.state),
        "approvals": list(card.approvals),
        "changed_at": card.changed_at,
    }


def _fold(acting: Acting) -> Models:
    """The models of this party's lines, by the cards and decisions that the log shows it."""
    found = [
        record
        for vct in (CARD, DECISION)
        for record in verified_records(acting.client, acting.session.anchor, type=vct)
    ]
    models = Models()
    for record in sorted(found, key=lambda one: one.index):
        models = _after(models, record, own=acting.did)
    return models


def _after(models: Models, record: VerifiedRecord, *, own: str) -> Models:
    state = state_of(record)
    if not is_readable(record.type, {"state": state}):
        # Erased, not shown, or of a form that the members of this log have voted.
        return models
    if record.type == CARD and state["owner"] == own:
        card = read_card(
            state, record_id=record.record_id, kid=record.authentic, index=record.index
        )
        return models.with_card(card)
    if record.type != DECISION or record.issuer != own:
        return models
    decision = Decision(state["decision"])
    return models.with_decision(state["card"], decision, kid=record.authentic, index=record.index)


# ---- decisions ----


def _decision(decision: Decision, text: str) -> Callable[..., None]:
    """A command that signs one decision."""

    @click.argument("card")
    @click.option(
        "--reason",
        required=True,
        type=click.Choice(reasons_of_decisions()),
        help="Why, as a code that goes on the log.",
    )
    @click.option("--note", metavar="TEXT", help="Why, in your own words.")
    @yes_option
    @place_options
    @pass_output
    def decide(output: Output, *, card: str, place: Place, **options: Any) -> None:
        session = open_session(place)
        acting = open_acting(session)
        with acting.client:
            found = find_of_type(acting, card, CARD)
            question = f"{_SAID[decision][0]} in the name of {session.profile.slug}?"
            lines = ["the card is in the log of your trust anchor:", *_lines(found)]
            if decision in {Decision.APPROVE, Decision.ACTIVATE}:
                options["objections"] = objections_to(acting, found.record_id)
                lines += objection_lines(options["objections"])
            ask(output, lines, question, is_agreed=options["is_agreed"])
            _sign(output, acting, found, (decision, options))

    decide.__doc__ = f"{text}\n\nCARD is the record id or the entry number of its card."
    model.command(str(decision), cls=RecordCommand)(decide)
    return decide


def _lines(found: VerifiedRecord) -> Iterator[str]:
    """What a card says, as far as it is shown."""
    state = shown_group(found, "state")
    line = stated_line(state["owner"], state)
    yield f"  entry {found.index}, signed by {slug_of(found.issuer)}, for {slug_of(line.owner)}"
    yield f"  line {line_words(line)}, stage {state['stage']}"
    yield f"  model {state['onnx_sha256']}"
    training, results = (
        {item.group: item.value for item in found.groups}.get(name, {})
        for name in ("training", "results")
    )
    if training:
        yield f"  {training['rows']} rows from {training['from']} to {training['until']}"
    if results:
        yield f"  nominal false-alarm rate {results['alpha']}"
    for one in results.get("benchmark", ()):
        yield f"  {one['name']} {one['value']}"


def _sign(
    output: Output, acting: Acting, found: VerifiedRecord, asked: tuple[Decision, Any], /
) -> None:
    decision, options = asked
    state = {"card": found.record_id, "decision": str(decision), "reason": options["reason"]}
    note = {"note": {"text": options["note"]}} if options["note"] else {}
    admitted = sign_record(acting, DECISION, {"state": state, **note})
    output.say(f"{_SAID[decision][1]}: entry {admitted.index}")
    if decision is Decision.APPROVE:
        output.say("  once two people have, 'lotmark model activate' lets it watch the line")
    told = {"objections": options["objections"]} if "objections" in options else {}
    output.result({**state, **admitted_members(admitted), **told})


approve = _decision(Decision.APPROVE, "Approve a model, as one of two people.")
reject = _decision(Decision.REJECT, "Reject a model that is not active.")
activate = _decision(Decision.ACTIVATE, "Let an approved model watch its line from now on.")
retire = _decision(Decision.RETIRE, "Retire a model; where it is active, none alarms.")
roll_back = _decision(
    Decision.ROLL_BACK, "Roll the active model back to the one that was active before it."
)
