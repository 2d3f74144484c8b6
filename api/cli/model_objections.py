"""What speaks against a model that somebody is about to approve, as the service tells it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from api.cli.party_acts import Acting
from api.client_errors import ClientError

_WORDS: Final = {
    "too-few-shadow-rows": "confirmed-good rows in shadow",
    "false-alarms": "lower end of the false-alarm rate, nominal",
    "lost-detection": "of a stored fault called, before",
    "lost-incident": "of a past incident called, before",
    "moved-away": "away from where it may lie",
    "model-not-held": "files of this model that the service holds",
    "shadow-alone": "a challenger: in force it would leave the line unwatched",
    "card-differs": "as the card says, as the model has it",
}


def objections_to(acting: Acting, card: str) -> list[dict[str, Any]] | None:
    """The objections to a card; None where the service knows of no comparison."""
    try:
        listed = acting.client.watched_models().get("models", [])
    except ClientError:
        # A service without the tables says nothing; people sign by what the card says.
        return None
    for each in listed:
        told = each.get("shadow") if each.get("record_id") == card else None
        if told is not None and told.get("report") is not None:
            found: list[dict[str, Any]] = told["report"]["objections"]
            return found
    return None


def objection_lines(objections: list[dict[str, Any]] | None) -> Iterator[str]:
    """The same for who is asked."""
    if objections is None:
        yield "  it was not compared with the model in force yet"
        return
    for each in objections:
        words = _WORDS.get(each["objection"], each["objection"])
        yield (
            f"  against it: {each['objection']} ({each['about']}):"
            f" {each['found']:.4g} where {each['expected']:.4g} is expected, {words}"
        )
    if not objections:
        yield "  nothing speaks against it on the good rows of the line"
