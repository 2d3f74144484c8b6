"""A question as a service says that it was asked, read as the service reads one."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from starlette.datastructures import QueryParams

from api.cli.faults import CommandFault
from api.exchange import Refused

_Asked = TypeVar("_Asked")


def parse_again(parse: Callable[..., _Asked], question: Mapping[str, str | int]) -> _Asked:
    """Read a question with the parser of its route.

    Raises:
        CommandFault: it is none of that route.
    """
    known = {name: str(value) for name, value in question.items()}
    try:
        return parse(QueryParams(known), now_ms=int(time.time() * 1000))
    except Refused as fault:
        raise CommandFault(
            "answer-malformed",
            fault.refusal.detail,
            remedy="Do not trust this service; tell the other members.",
        ) from fault
