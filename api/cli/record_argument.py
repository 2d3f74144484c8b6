"""Records as arguments: by entry number or record id.

One id in 64 begins with a hyphen and is still no option.
"""

from __future__ import annotations

from typing import Final

import click

from api.client import LogClient
from api.known_types import record_at
from ledger.record import is_digest

_ENTRY_DIGITS_MAX: Final = 15


def entry_number(named: str) -> int | None:
    """The entry number that a text is; None for a record id."""
    is_entry = named.isascii() and named.isdecimal() and len(named) <= _ENTRY_DIGITS_MAX
    return int(named) if is_entry else None


def record_id_of(named: str, client: LogClient) -> str:
    """The record id of a record that is named by its entry number, or by the id itself.

    Raises:
        ClientError: the log has no such entry, or the service shows another one.
    """
    index = entry_number(named)
    return named if index is None else str(record_at(index, client).get("record_id", ""))


class RecordCommand(click.Command):
    """A command whose arguments may be record ids."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; what has the form of a record id is none of the options."""
        if "--" not in args:
            before = ["", *args]
            ids = [
                at
                for at, text in enumerate(args)
                if text.startswith("-") and is_digest(text) and not self._takes_value(before[at])
            ]
            if ids:
                others = [text for at, text in enumerate(args) if at not in ids]
                args = [*others, "--", *(args[at] for at in ids)]
        return super().parse_args(ctx, args)

    def _takes_value(self, text: str) -> bool:
        """Whether the next argument is the value of this option."""
        options = (item for item in self.params if isinstance(item, click.Option))
        return any(text in item.opts and not item.is_flag for item in options)
