"""``lotmark rules``: which run rules watch the parameters of a line, a version at a time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from api.anomaly.places import Place as LinePlace
from api.cli.acts import admitted_members, ask, yes_option
from api.cli.faults import CommandFault
from api.cli.model_records import (
    line_options,
    line_words,
    matches_line,
    shown_group,
    sign_record,
    stated_line,
    verified_records,
    whole_line,
)
from api.cli.options import Place, open_session, pass_output, place_options, read_file
from api.cli.output import Output, columns
from api.cli.party_acts import Acting, open_acting, state_of
from api.client_anomaly import AnomalyClient
from api.client_errors import RequestRefused
from ledger import limits
from ledger.strict_json import parse_json_object
from ledger.verify import VerifiedRecord
from quality.in_force.models import LineKey
from quality.shapes import is_readable
from quality.types import reasons_of_rules

RULES: Final = "rule-limits/v1"
_EFFECT: Final = ("rows", "before", "after")
_CANNOT_TELL: Final = ("not-found", "anomaly-unfit")


@click.group()
def rules() -> None:
    """The rules of this party's lines: show what holds, sign the next version.

    Every change is a version that names the one before it, so that none undoes another unseen.
    """


@rules.command()
@line_options
@place_options
@pass_output
def show(output: Output, *, place: Place, **options: Any) -> None:
    """Show the rules that hold on the lines of this party, verified from the trust anchor."""
    acting = open_acting(open_session(place))
    with acting.client:
        held = _newest(acting, options)
    for line, record in held.items():
        state = state_of(record)
        output.say(f"{line_words(line)}: version {state['version']}, entry {record.index}")
        for text in columns(_rows(shown_group(record, "rules"))):
            output.say(f"  {text}")
    if not held:
        output.say("no rules were signed for such a line: the built-in ones hold")
    output.result({"lines": [_members(line, record) for line, record in held.items()]})


def _rows(content: Mapping[str, Any]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("parameter", "rules", "weight", "lower", "upper")]
    for one in content["parameters"]:
        named = " ".join(one["rules"]) or "-"
        figures = (str(one.get(name) or "-") for name in ("lower", "upper"))
        rows.append((one["id"], named, one.get("weight", "1"), *figures))
    if "default" in content:
        rows.append(("(others)", " ".join(content["default"]) or "-", "1", "-", "-"))
    return rows


def _members(line: LineKey, record: VerifiedRecord) -> dict[str, Any]:
    shown = {item.group: item.value for item in record.groups}
    return {
        "line": {name: value for name, value in line._asdict().items() if name != "owner"},
        "record_id": record.record_id,
        "entry": record.index,
        "version": state_of(record)["version"],
        **{name: shown[name] for name in ("rules", "reason", "effect") if name in shown},
    }


def _newest(acting: Acting, options: Mapping[str, Any]) -> dict[LineKey, VerifiedRecord]:
    """The newest version of each line that is asked for."""
    held: dict[LineKey, VerifiedRecord] = {}
    asked = {"type": RULES, "party": acting.did}
    for record in verified_records(acting.client, acting.session.anchor, **asked):
        state = state_of(record)
        if is_readable(RULES, {"state": state}) and matches_line(state, options):
            held.setdefault(stated_line(acting.did, state), record)
    return held


@rules.command("set")
@click.argument("file", type=click.Path(path_type=Path))
@line_options
@click.option(
    "--reason", required=True, type=click.Choice(reasons_of_rules()), help="Why, as a code."
)
@click.option("--note", metavar="TEXT", help="Why, in your own words.")
@click.option("--rows", type=int, help="Rows of normal operation that the effect was tried on.")
@click.option("--before", type=int, help="How many of them the rules so far flag.")
@click.option("--after", type=int, help="How many of them the new rules flag.")
@yes_option
@place_options
@pass_output
def set_(output: Output, *, file: Path, place: Place, **options: Any) -> None:
    """Sign the next version of the rules of a line.

    FILE is JSON: {"parameters": [{"id": "temp", "rules": ["N1"], "weight": "0.5", "lower":
    "855", "upper": "865"}], "default": ["N1", "N2"]}. Parameters that it does not name have the
    default rules. The whole of it holds from its entry on. Before it is signed, the service
    tries it on the rows that the model in force was trained on, and tells what it does to the
    false alarms; that goes on the log beside it.
    """
    line = whole_line(options)
    content = _read(file)
    session = open_session(place)
    acting = open_acting(session)
    with acting.client:
        held = next(iter(_newest(acting, options).values()), None)
        before = state_of(held)["version"] if held else 0
        state = {"line": line, "version": before + 1}
        state |= {"previous": held.record_id} if held else {}
        reason = {"code": options["reason"]}
        reason |= {"note": options["note"]} if options["note"] else {}
        effect = _effect(options) or _preview(acting, LinePlace(acting.did, **line), content)
        groups = {"state": state, "rules": content, "reason": reason}
        groups |= {"effect": effect} if effect else {}
        lines = [f"  {text}" for text in columns(_rows(content))]
        lines.append(_effect_words(effect))
        head = f"version {before + 1} of the rules of {' / '.join(line.values())}:"
        question = f"Sign it in the name of {session.profile.slug}?"
        ask(output, [head, *lines], question, is_agreed=options["is_agreed"])
        admitted = sign_record(acting, RULES, groups)
    output.say(f"version {before + 1}: entry {admitted.index}")
    output.result({**state, **admitted_members(admitted)})


def _effect(options: Mapping[str, Any]) -> dict[str, int]:
    """What the change does to the rows it was tried on, where that was given."""
    figures = {name: options[name] for name in _EFFECT}
    given = [name for name, value in figures.items() if value is not None]
    if not given:
        return {}
    if len(given) < len(figures):
        raise click.UsageError("--rows, --before and --after go together")
    return figures


def _preview(acting: Acting, line: LinePlace, rules: Mapping[str, Any]) -> dict[str, int]:
    """The same as the service finds it; empty where it cannot tell."""
    try:
        told = AnomalyClient(acting.client).preview(line.key, rules)
    except RequestRefused as refused:
        # No model in force, or no row of the line yet: rules may be set before.
        if refused.problem.code in _CANNOT_TELL:
            return {}
        raise
    return {name: int(told[name]) for name in _EFFECT}


def _effect_words(effect: Mapping[str, int]) -> str:
    if not effect:
        return "  what it does to the false alarms is not known: no model of the line to try it on"
    rows, before, after = (effect[name] for name in _EFFECT)
    return (
        f"  of {rows} good rows {before} were called and {after} will be: false-alarm rate"
        f" {before / max(1, rows):.2%} before, {after / max(1, rows):.2%} after"
    )


def _read(file: Path) -> dict[str, Any]:
    bytes_max = limits.DISCLOSURE_BYTES_MAX
    data = read_file(file, "rules in JSON", bytes_max=bytes_max)
    content = parse_json_object(data, bytes_max=bytes_max)
    listed = content.get("parameters")
    is_form = isinstance(listed, list) and all(
        isinstance(one, dict) and "id" in one and isinstance(one.get("rules"), list)
        for one in listed
    )
    if is_form:
        return dict(content)
    raise CommandFault(
        "malformed-rules",
        f"expected {file} to name parameters, each with its id and its rules, found another form",
        remedy="'lotmark rules set --help' shows one.",
    )
