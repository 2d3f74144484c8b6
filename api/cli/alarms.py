"""``lotmark alarm``: what was called and why, that it was seen, and what it turned out to be."""

from __future__ import annotations

import re
from typing import Any, Final

import click

from api.cli.acts import admitted_members, ask, yes_option
from api.cli.alarm_reading import list_, show
from api.cli.model_records import find_of_type, sign_record
from api.cli.options import Place, open_session, pass_output, place_options
from api.cli.output import Output
from api.cli.party_acts import Acting, groups_of, open_acting
from api.cli.proposal_words import slug_of
from api.cli.record_argument import RecordCommand
from api.client_anomaly import AnomalyClient, Told
from keys.encoding import encode_base64url
from ledger.verify import VerifiedRecord
from quality.types import causes_of_alarms, labels_of_alarms

LABEL, UPLOAD = "alarm-label/v1", "parameter-upload/v1"
_ROWS: Final = re.compile(r"([1-9][0-9]{0,4})(?:-([1-9][0-9]{0,4}))?")


class _Rows(click.ParamType[tuple[int, int]]):
    """Rows of an upload, counted from 1: ``17`` or ``17-42``."""

    name = "rows"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """The first row and the last one."""
        if isinstance(value, tuple):
            return value
        found = _ROWS.fullmatch(str(value))
        if found is None:
            self.fail(f"expected rows such as 17 or 17-42, found {value!r}", param, ctx)
        first, last = int(found[1]), int(found[2] or found[1])
        if last < first:
            self.fail(f"expected rows such as 17-42, found {first}-{last}", param, ctx)
        return first, last


@click.group()
def alarm() -> None:
    """Alarms of process parameters: list and show them, say that one was seen, and what it was.

    What is said is signed with a person's key. What was confirmed, and what was false, feeds the
    limits.
    """


alarm.add_command(list_)
alarm.add_command(show)


def _asked(command: Any) -> Any:
    """What names an alarm: its id, or rows of an upload."""
    for option in (
        click.argument("alarm"),
        click.option("--rows", type=_Rows(), help="Rows of the upload, such as 17-42."),
        click.option("--episode", metavar="ID", help="The event, as the service names it."),
        click.option("--model", metavar="SHA256", help="The model that raised it."),
        click.option("--note", metavar="TEXT", help="In your own words."),
        yes_option,
        place_options,
        pass_output,
    )[::-1]:
        command = option(command)
    return command


@alarm.command(cls=RecordCommand)
@_asked
def acknowledge(output: Output, *, alarm: str, place: Place, **options: Any) -> None:
    """Say that an alarm was seen.

    ALARM is its id, or, with --rows, the record id or entry number of the upload that raised it.
    """
    _sign(output, alarm, place, {"action": "acknowledge"}, options)


@alarm.command(cls=RecordCommand)
@click.option("--as", "meaning", required=True, type=click.Choice(labels_of_alarms()), help="What.")
@click.option("--cause", type=click.Choice(causes_of_alarms()), help="The cause, where known.")
@_asked
def label(output: Output, *, alarm: str, place: Place, **options: Any) -> None:
    """Say what an alarm turned out to be: confirmed, false, or of a known cause.

    ALARM is its id, or, with --rows, the record id or entry number of the upload that raised it.
    Labels of the rows of one alarm may follow each other; the newest holds.
    """
    meaning, cause = options["meaning"], options["cause"]
    if meaning == "known-cause" and not cause:
        raise click.UsageError("a known cause is named with --cause")
    if meaning == "false" and cause:
        raise click.UsageError("a false alarm has no cause")
    said = {"action": "label", "label": meaning, **({"cause": cause} if cause else {})}
    _sign(output, alarm, place, said, options)


def _sign(output: Output, named: str, place: Place, said: dict[str, str], options: Any, /) -> None:
    session = open_session(place)
    acting = open_acting(session)
    with acting.client:
        found, about = _about(acting, named, options)
        note = {"note": {"text": options["note"]}} if options["note"] else {}
        words = said.get("label", "seen") + (f", {said['cause']}" if "cause" in said else "")
        first, last = about["from_row"], about["to_row"]
        line = f"  rows {first} to {last} of the upload at entry {found.index}: {words}"
        question = f"Sign it in the name of {session.profile.slug}?"
        ask(output, [line], question, is_agreed=options["is_agreed"])
        # Another party's alarm: its owner learns of it.
        owner = _owner(groups_of(found).get("manifest"), found.issuer)
        to = None if owner == acting.did else owner
        admitted = sign_record(acting, LABEL, {"alarm": about, "label": said, **note}, to=to)
    output.say(f"{words}: entry {admitted.index}" + (f", told {slug_of(to)}" if to else ""))
    output.result({"alarm": about, **said, **admitted_members(admitted)})


def _about(acting: Acting, named: str, options: Any) -> tuple[VerifiedRecord, dict[str, Any]]:
    """The upload, verified, and what the label says that it is about."""
    given = {name: options[name] for name in ("episode", "model") if options[name]}
    if ":" not in named:
        if options["rows"] is None:
            raise click.UsageError("rows of an upload are named with --rows, such as 17-42")
        found = find_of_type(acting, named, UPLOAD)
        first, last = options["rows"]
        return found, _alarm(found, first, last, given)
    told = AnomalyClient(acting.client).alarm(named)
    episode = told["episode"]
    if episode is None and options["rows"] is None:
        raise click.UsageError(f"an event of kind {told['kind']} has no rows of its own: --rows")
    upload = told["record_id"] if episode is None else episode["peak"]["source"]
    found = find_of_type(acting, upload, UPLOAD)
    first, last = options["rows"] or _rows_of(episode, found)
    model = told["provenance"].get("model")
    by = {"model": encode_base64url(bytes.fromhex(model))} if model else {}
    return found, _alarm(found, first, last, {"episode": told["id"], **by, **given})


def _alarm(found: VerifiedRecord, first: int, last: int, more: dict[str, Any], /) -> dict[str, Any]:
    return {"upload": found.record_id, "from_row": first, "to_row": last, **more}


def _rows_of(episode: Told, found: VerifiedRecord) -> tuple[int, int]:
    """The rows of an event in the upload in which it peaked; it may go on before and behind."""
    first, last, peak = (episode[name] for name in ("first", "last", "peak"))
    values = groups_of(found).get("values")
    size = len(values["rows"]) if isinstance(values, dict) and "rows" in values else peak["row"]
    start = first["row"] if first["source"] == found.record_id else 1
    end = last["row"] if last["source"] == found.record_id else size
    # Rows that came late are not in the order in which they were measured.
    return min(start, peak["row"]), max(end, peak["row"])


def _owner(manifest: object, issuer: str) -> str:
    return str(manifest["owner"]) if isinstance(manifest, dict) else issuer
