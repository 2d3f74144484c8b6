"""Flags of records that the service tells beside others: a courtesy, asked for once a record."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from api.client import LogClient
from api.client_errors import ClientError

#: Records of one run; each is a request more.
_ASKED_MAX: Final = 100
LogFlags = list[dict[str, Any]]


def log_flags(client: LogClient, record_id: str) -> LogFlags:
    """What a record shows only beside others, as the service says.

    Raises:
        ClientError: it does not answer.
    """
    flags = client.flags(record_id).get("flags")
    return [flag for flag in flags if isinstance(flag, dict)] if isinstance(flags, list) else []


def flags_of_run(client: LogClient, record_ids: Iterable[str]) -> dict[str, LogFlags]:
    """The same for the first records of a run, as far as the service answers."""
    told: dict[str, LogFlags] = {}
    for record_id in list(record_ids)[:_ASKED_MAX]:
        try:
            told[record_id] = log_flags(client, record_id)
        except ClientError:
            # The records are in the log; whether more is told of them changes nothing.
            break
    return told
