"""The errors of a client of the service.

::

    ClientError
    +-- MalformedAddress    the base URL is not one that a service can have
    +-- ServerUnreachable   no answer came; nothing is known of the request's fate
    +-- ServerBusy          the service asked to come back, more often than is tried
    +-- RequestRefused      the service answered with a problem
    +-- AnswerMalformed     the answer is not one that the service gives
    +-- NoSuchEntry         the log has no entry of the number that was named
    +-- SealingKeySubstituted  the service named a key that the log does not have for the party
    +-- NoSealingKey        the party has no key to be sealed to
    +-- UnknownType         neither this version nor the log defines the type
    +-- FileUnreadable      a file to be uploaded cannot be read, or changed under way

Every text says what to do next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from ledger.faults import Fault

#: What is wrong with the request, not with the record in it; a 404 may be anybody's.
_PASSING: Final = frozenset({401, 404, 408, 429})


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal as the service tells it (RFC 9457, with code, remedy and faults).

    ``more`` holds members that only some problems have, such as ``server_time``.
    """

    code: str
    status: int
    detail: str
    remedy: str
    faults: tuple[Fault, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_final(self) -> bool:
        """Whether the service itself refused what was sent, so that it is not admitted.

        Not where something between may have answered in its place, or where the same bytes
        may be answered otherwise later: then nothing is known of their fate.
        """
        is_told = self.code != AnswerMalformed.code
        return is_told and 400 <= self.status < 500 and self.status not in _PASSING


class ClientError(Exception):
    """Root of the family."""

    code: ClassVar[str] = "client-error"


class MalformedAddress(ClientError):
    """The base URL is not one that a service can have."""

    code = "malformed-address"


class ServerUnreachable(ClientError):
    """No answer came: not connected, or cut off before the answer was whole."""

    code = "server-unreachable"


class ServerBusy(ClientError):
    """The service kept asking to come back later."""

    code = "server-busy"


class RequestRefused(ClientError):
    """The service answered with a problem."""

    code = "request-refused"

    def __init__(self, problem: Problem) -> None:
        """Carry the problem."""
        super().__init__(problem.detail)
        self.problem = problem


class AnswerMalformed(ClientError):
    """The answer is not one that the service gives: another server, or something between."""

    code = "answer-malformed"


class NoSuchEntry(ClientError):
    """The log has no entry of the number that was named."""

    code = "no-such-entry"


class SealingKeySubstituted(ClientError):
    """The service named a key that the log does not have for this party."""

    code = "sealing-key-substituted"


class NoSealingKey(ClientError):
    """The party has registered no key to be sealed to that is in force."""

    code = "no-sealing-key"


class UnknownType(ClientError):
    """Neither this version of Lotmark nor the log defines the type."""

    code = "unknown-type"


class FileUnreadable(ClientError):
    """A file to be uploaded cannot be read, or changed while it was."""

    code = "file-unreadable"
