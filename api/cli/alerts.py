"""``lotmark alerts`` and ``alert-when``: being told of reads of this party's records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import click

from api.accesses.alert_rules import RULE_NAME, WHENS, AlertRule
from api.cli.options import Place, Session, open_session, pass_output, place_options
from api.cli.output import Output, columns
from api.cli.own_party import courtesy_answer
from api.cli.proposal_words import slug_of
from api.cli.selectors import Selectors
from api.cli.verification_words import instant
from api.client import LogClient
from api.client_accesses import AccessClient

_PAGE: Final = 200


@click.command()
@click.option("--all", "is_all", is_flag=True, help="Acknowledged ones too.")
@click.option(
    "--acknowledge", "number", type=int, metavar="ALERT", help="Say that this party knows of one."
)
@place_options
@pass_output
def alerts(output: Output, *, is_all: bool, number: int | None, place: Place) -> None:
    """List reads that this party's rules are about, newest first.

    An alert gathers the reads of one reader by one rule until it is acknowledged.
    """
    with _client(open_session(place)) as client:
        if number is not None:
            AccessClient(client).acknowledge(number)
            output.note(f"alert {number} is acknowledged")
        asked: dict[str, str | int] = {"limit": _PAGE, **({"all": "true"} if is_all else {})}
        answer = AccessClient(client).alerts(**asked)
    with courtesy_answer():
        found = [dict(item) for item in answer["alerts"]]
        rows = [("alert", "rule", "reader", "reads", "last", "entry", "groups"), *map(_row, found)]
        for line in columns(rows) if found else ["no alert"]:
            output.say(line)
        is_more = answer["next"] is not None
    if is_more:
        output.note("there are older ones: acknowledge those that you know of")
    output.result({"alerts": found, "has_more": is_more})


@click.command("alert-when")
@click.argument("when", type=click.Choice(WHENS), required=False)
@click.option("--name", help="Name of the rule; default: what it is about. The same is replaced.")
@click.option("--type", "types", multiple=True, help="Only records of this type; several times.")
@click.option("--group", "groups", multiple=True, help="Only where this group was shown.")
@click.option("--never", metavar="NAME", help="Delete a rule, and the alerts by it.")
@place_options
@pass_output
def alert_when(
    output: Output, *, when: str | None, name: str | None, never: str | None, **options: Any
) -> None:
    """Keep a rule for alerts; without an argument, list the rules.

    new-reader: a party reads it for the first time. any-read: anybody reads it.
    order-or-auditor: an auditor, or a party by a quorum's order.
    """
    place: Place = options["place"]
    if when is not None and never is not None:
        raise click.UsageError("name a rule to keep, or one to delete with --never")
    session = open_session(place)
    with _client(session) as client:
        if never is not None:
            AccessClient(client).drop_alert_rule(never)
            output.say(f"deleted {never}")
        elif when is not None:
            rule = AlertRule(when, options["types"], options["groups"])
            known = Selectors(client, session.anchor)
            known.expect_types(rule.types)
            known.expect_groups(rule.groups, rule.types)
            named = name or _name_of(rule)
            AccessClient(client).put_alert_rule(named, rule.encode().encode())
            output.say(f"kept {named}: 'lotmark alerts' lists what it is about")
        answer = AccessClient(client).alert_rules()
    with courtesy_answer():
        rules = [dict(rule) for rule in answer["rules"]]
        rows = [("rule", "when", "types", "groups"), *map(_rule_row, rules)]
        for line in columns(rows) if rules else ["no rule"]:
            output.say(line)
    output.result({"rules": rules})


def _client(session: Session) -> LogClient:
    return session.client(session.open_key(session.folder.signing_key))


def _name_of(rule: AlertRule) -> str:
    parts = [rule.when, *(vct.partition("/")[0] for vct in rule.types), *rule.groups]
    name = "-".join(parts).replace("_", "-")[:40].rstrip("-")
    return name if RULE_NAME.fullmatch(name) else rule.when


def _row(item: Mapping[str, Any]) -> tuple[str, ...]:
    last = item["last"]
    return (
        str(item["number"]),
        str(item["rule"]),
        slug_of(item["reader"]),
        str(item["reads"]),
        instant(item["last_ms"]),
        str(last["index"]),
        ", ".join(last["groups"]),
    )


def _rule_row(rule: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        str(rule["name"]),
        str(rule["when"]),
        ", ".join(rule["types"]) or "any",
        ", ".join(rule["groups"]) or "any",
    )
