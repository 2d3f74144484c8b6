"""What the service says that this party has agreed on: every page, and its form checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from api.cli.output import Output
from api.cli.own_party import courtesy_answer
from api.cli.proposal_words import slug_of
from api.client import LogClient
from ledger import limits


@dataclass(frozen=True, slots=True)
class Told:
    """Masters of one kind; ``size`` is the tree size of the last page."""

    items: tuple[Mapping[str, Any], ...]
    size: int
    incomplete: tuple[Mapping[str, Any], ...]


def ask_all(client: LogClient, name: str, **conditions: str | None) -> Told:
    """Every item of ``GET /v1/{name}``; a condition of None asks for none.

    Raises:
        ClientError: no answer came, or one of another form.
    """
    chosen = {key: value for key, value in conditions.items() if value is not None}
    items: list[Mapping[str, Any]] = []
    page: dict[str, str | int] = {**chosen, "limit": limits.SEARCH_PAGE_MAX}
    while True:
        answer = client.masters(name, **page)
        with courtesy_answer():
            items.extend(dict(item) for item in answer[name])
            size, following = int(answer["size"]), answer["next"]
            incomplete = tuple(dict(gap) for gap in answer["incomplete"])
            if following is None:
                return Told(tuple(items), size, incomplete)
            # An answer that leads on for ever names the same place again.
            if following == page.get("cursor") or not answer[name]:
                raise ValueError(f"a page behind {following} that is empty or comes again")
            page["cursor"] = str(following)


def note_gaps(output: Output, told: Told) -> None:
    """Say whose content is lost, since what it has put in force is not told then."""
    for gap in told.incomplete:
        with courtesy_answer():
            party, entry = slug_of(gap["party"]), gap["entry"]
            output.note(f"may be incomplete: the content of entry {entry} by {party} is lost")


SAYS: Final = "as the service says; 'lotmark show ENTRY' verifies an entry"
