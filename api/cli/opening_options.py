"""Options that grants and orders share: which groups of which types, and in which period."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import click

from api.cli.acts import now_s
from api.cli.instants import INSTANT
from api.cli.proposal_words import moment

_Command = Callable[..., None]
_YEAR_MS: Final = 365 * 24 * 3600 * 1000


def opening_options(command: _Command) -> _Command:
    """``--open TYPE:GROUP,GROUP``, ``--from`` and ``--until``."""
    opened = click.option(
        "--open",
        "opened",
        multiple=True,
        metavar="TYPE:GROUP,GROUP",
        help="What is opened, as inspection-report/v1:measurements; may be repeated.",
    )
    return opened(period_options(command))


def period_options(command: _Command) -> _Command:
    """``--from`` and ``--until``."""
    begins = click.option("--from", "begin", type=INSTANT, help="Read from then on; default: now.")
    ends = click.option(
        "--until", "end", type=INSTANT, help="Read until just before; default: a year later."
    )
    return begins(ends(command))


def read_openings(texts: Sequence[str]) -> list[dict[str, Any]]:
    """The member ``opens`` of a grant or an order.

    Raises:
        UsageError: a text of another form.
    """
    groups: dict[str, dict[str, None]] = {}
    for text in texts:
        vct, colon, named = text.partition(":")
        names = [name.strip() for name in named.split(",")]
        if not (vct and colon and all(names)):
            raise click.UsageError(f"--open: expected TYPE:GROUP,GROUP, found {text[:80]!r}")
        groups.setdefault(vct.strip(), {}).update(dict.fromkeys(names))
    return [{"type": vct, "groups": list(names)} for vct, names in groups.items()]


def read_period(begin: int | None, end: int | None) -> dict[str, int]:
    """The member ``reads``: from now for a year, where nothing else is said."""
    start = now_s() * 1000 if begin is None else begin
    return {"from": start, "until": start + _YEAR_MS if end is None else end}


def tell_openings(content: Mapping[str, Any]) -> Iterator[str]:
    """What is opened, a line a type, and in which period."""
    for item in content["opens"]:
        yield f"{item['type']}: {', '.join(item['groups'])}"
    yield f"read from {moment(content['reads']['from'])} until {moment(content['reads']['until'])}"
