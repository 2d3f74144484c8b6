"""``lotmark alarm list`` and ``show``: what the service tells of alarms, and how to check it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click

from api.cli.anomaly_lines import key_of
from api.cli.drafts import name_party
from api.cli.faults import CommandFault
from api.cli.instants import INSTANT
from api.cli.options import Place, language_option, open_session, pass_output, place_options
from api.cli.output import Output, columns
from api.cli.party_acts import open_acting
from api.client_anomaly import AnomalyClient, Told
from keys.identifiers import parse_origin
from ledger.durable_files import replace_file

LIMIT_MAX: Final = 10_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FORMS: Final = (".png", ".svg")
_FILE: Final = click.Path(path_type=Path, dir_okay=False)


@click.command("list")
@click.option("--line", metavar="LINE", help="SITE/LINE/MACHINE/PART, or its key.")
@click.option("--owner", metavar="PARTY", help="Of this party's lines, by slug or DID.")
@click.option("--level", type=click.Choice(("yellow", "red")), help="Only of this level.")
@click.option(
    "--kind",
    type=click.Choice(
        ("anomaly", "specification", "regime", "drift", "unwatched", "times-out-of-place")
    ),
    help="Only of this kind.",
)
@click.option("--since", type=INSTANT, help="That went on at or after this day or moment.")
@click.option("--until", type=INSTANT, help="That began before it.")
@click.option(
    "--limit",
    type=click.IntRange(1, LIMIT_MAX),
    default=50,
    show_default=True,
    help="At most so many.",
)
@place_options
@language_option
@pass_output
def list_(output: Output, *, place: Place, **asked: Any) -> None:
    """List alarms that this party is told of, the newest first, as the service says."""
    language = asked.pop("language")
    acting = open_acting(open_session(place))
    limit = asked.pop("limit")
    conditions = {name: value for name, value in asked.items() if value is not None}
    origin = parse_origin(acting.session.anchor.origin)
    if "owner" in conditions:
        conditions["owner"] = name_party(conditions["owner"], origin)
    if "line" in conditions:
        conditions["line"] = key_of(conditions["line"], conditions.get("owner", acting.did))
    with acting.client:
        found = list(AnomalyClient(acting.client).alarms(limit=limit, **conditions))
    for alarm in found:
        for text in _told_in_list(alarm, language):
            output.say(text)
    if not found:
        output.say("no such alarm that this party is told of")
    output.result({"alarms": found})


def _told_in_list(alarm: Told, language: str) -> Iterator[str]:
    said = alarm["label"] or ("seen" if alarm["acknowledged"] else "not seen yet")
    yield f"{instant_us(alarm['from_us'])}  {alarm['level']}  {line_of(alarm)}  {said}"
    yield f"  {alarm['id']}"
    yield f"  {sentence_of(alarm, language)}"


def instant_us(value: Any) -> str:
    """Microseconds since 1970 as an instant."""
    if not isinstance(value, int):
        return "at no stated time"
    return (_EPOCH + timedelta(microseconds=value)).isoformat(timespec="seconds")


def line_of(alarm: Told) -> str:
    """The line of an alarm, in words."""
    line = alarm["line"]
    named = [str(line[name]) for name in ("site", "line", "machine", "part") if name in line]
    return " / ".join(named) or str(line["key"])


def sentence_of(alarm: Told, language: str) -> str:
    """The sentence of an alarm; what it is where none was written."""
    told = alarm["sentence"]
    return str(told[language]) if told else f"{alarm['code']}: {', '.join(alarm['parameters'])}"


# ---- one of them ----


@click.command()
@click.argument("alarm")
@click.option("--decision", type=_FILE, help="Where its decisions are written, one a line.")
@click.option("--plot", type=_FILE, help="Where it is drawn: .png or .svg.")
@place_options
@language_option
@pass_output
def show(output: Output, *, alarm: str, place: Place, language: str, **files: Any) -> None:
    """Show an alarm: why, what it follows from, and how to verify it.

    ALARM is its id, as 'lotmark alarm list' tells it.
    """
    plot, decision = files["plot"], files["decision"]
    if plot is not None and plot.suffix.lower() not in _FORMS:
        raise click.UsageError(f"--plot: expected a file that ends in .png or .svg, found {plot}")
    acting = open_acting(open_session(place))
    with acting.client:
        client = AnomalyClient(acting.client)
        found = client.alarm(alarm)
        if decision is not None:
            replace_file(decision, _decisions(found))
        if plot is not None:
            form = plot.suffix.lower()[1:]
            replace_file(plot, client.plot(alarm, form=form, language=language))
    for text in _told(found, language):
        output.say(text)
    output.result(found)


def _decisions(alarm: Told) -> bytes:
    """The decisions on the row at which it opened and on its peak, in their one spelling."""
    kept = [alarm[name] for name in ("opening_decision", "decision") if alarm[name] is not None]
    if not kept:
        raise CommandFault(
            "no-decision",
            f"expected a decision of {alarm['id']}, found none kept",
            remedy="A violated specification needs no model: look at the row of its upload.",
        )
    lines = [json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in kept]
    return "".join(f"{line}\n" for line in dict.fromkeys(lines)).encode()


def _told(alarm: Told, language: str) -> Iterator[str]:
    yield sentence_of(alarm, language)
    until = "goes on" if alarm["is_open"] else f"until {instant_us(alarm['until_us'])}"
    yield f"line {line_of(alarm)}, since {instant_us(alarm['from_us'])}, {until}"
    yield f"{alarm['loud_rows']} of {alarm['rows']} rows stand out"
    peak = alarm["peak"] or {}
    yield from columns(_contributions(peak.get("explanation") or {}))
    for one in alarm["labels"]:
        yield f"said of rows {one['from_row']} to {one['to_row']}: {one['label'] or 'seen'}"
    yield from _provenance(alarm)


def _contributions(explanation: Mapping[str, Any]) -> list[tuple[str, ...]]:
    top = explanation.get("top", [])
    heading = ("parameter", "observed", "expected", "unit", "share of T2")
    rows: list[tuple[str, ...]] = [heading] if top else []
    for one in top:
        observed = "missing" if one["value"] is None else f"{one['value']:.6g}"
        expected, share = f"{one['expected']:.6g}", f"{one['share']:.1%}"
        rows.append((one["parameter"], observed, expected, one["unit"], share))
    return rows


def _provenance(alarm: Told) -> Iterator[str]:
    told = alarm["provenance"]
    yield f"upload: entry {told['entry']}, record {told['record_id']}"
    if told.get("model"):
        yield f"model {told['model']}, card {told['card']}"
    yield "to verify it (docs/anomaly-audit.md):"
    if alarm["decision"] is not None:
        model = alarm["decision"]["model"]
        yield f"  lotmark model fetch {model} --out model.onnx"
        yield f"  lotmark alarm show {alarm['id']} --decision decisions.jsonl"
        yield "  lotmark anomaly replay decisions.jsonl --model model.onnx"
    yield f"  lotmark show {told['entry']} --json > upload.json"
    yield "  lotmark anomaly rows upload.json --out upload.csv"
