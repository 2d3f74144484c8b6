"""Record ids as arguments: one in 64 begins with a hyphen and is still no option."""

from __future__ import annotations

import click

from ledger.record import is_digest


class RecordCommand(click.Command):
    """A command whose arguments may be record ids."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; what has the form of a record id is none of the options."""
        ids = [text for text in args if text.startswith("-") and is_digest(text)]
        if ids and "--" not in args:
            args = [*(text for text in args if text not in ids), "--", *ids]
        return super().parse_args(ctx, args)
