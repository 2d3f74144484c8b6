"""``lotmark anomaly lines``: the lines of this party, how each is watched and how well."""

from __future__ import annotations

from typing import Final

import click

from api.anomaly.places import Place as LinePlace
from api.cli.options import Place, open_session, pass_output, place_options
from api.cli.output import Output
from api.cli.party_acts import open_acting
from api.client_anomaly import AnomalyClient, Told

_NAMES: Final = ("site", "line", "machine", "part")


def key_of(named: str, owner: str) -> str:
    """The key of a line that is named by it, or as SITE/LINE/MACHINE/PART.

    Args:
        named: what was given.
        owner: the DID of the party whose line it is.

    Raises:
        click.UsageError: it is neither.
    """
    parts = [part.strip() for part in named.split("/")]
    if len(parts) == len(_NAMES) and all(parts):
        return LinePlace(owner, *parts).key
    if len(parts) == 1 and parts[0]:
        return parts[0]
    raise click.UsageError(f"expected a line as SITE/LINE/MACHINE/PART or its key, found {named!r}")


@click.command("lines")
@place_options
@pass_output
def lines(output: Output, *, place: Place) -> None:
    """List this party's lines: model in force, status, and the realised false-alarm rate.

    Asks the service of the log. The rate is that of rows that people labelled, with the 95 %
    interval of Clopper and Pearson.
    """
    acting = open_acting(open_session(place))
    with acting.client:
        client = AnomalyClient(acting.client)
        client.await_log()
        found = client.lines()
    for line in found:
        for text in _told(line):
            output.say(text)
    if not found:
        output.say("no line of this party: none of its uploads was looked at yet")
    output.result({"lines": found})


def _told(line: Told) -> list[str]:
    place = "/".join(str(line[name]) for name in _NAMES)
    watched = f"model {str(line['model'])[:16]}" if line["model"] else "no model in force"
    told = [
        f"{place}  {line['key']}",
        f"  {line['status']}, {watched}, {line['rows']} rows of {line['uploads']} uploads",
        f"  {_rate(line['false_alarms'])}",
    ]
    why = [str(reason) for reason, _ in line["wanted"]]
    return [*told, f"  a new model is wanted: {', '.join(why)}"] if why else told


def _rate(found: Told) -> str:
    if not found["rows"]:
        return "no rows labelled yet: the false-alarm rate is not known"
    return (
        f"false alarms {found['rate']:.2%} ({found['lower']:.2%} to {found['upper']:.2%})"
        f" of {found['rows']} labelled rows, nominal {found['nominal']:.2%}"
    )
