"""From an error of the rooms to the words and the exit status of a command.

Exit status 0: done. 1: refused, with a stable code. 2: not a command line that can be run.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import IO, Any, Final

import click

from api.cli.output import json_document, language_of_environment, visible
from api.cli.table_errors import TableError
from api.client_clock import advise, skew_of
from api.client_errors import ClientError, RequestRefused
from api.errors import REMEDIES
from api.request_errors import RequestError
from api.setup_errors import SetupError
from keys.errors import KeysError
from ledger.errors import LedgerError
from ledger.faults import Fault
from scoring.errors import ScoringError

REFUSED: Final = 1
USAGE: Final = 2
#: The families whose members are told in words; anything else is a fault of this program.
FAMILIES: Final = (
    ClientError,
    KeysError,
    LedgerError,
    RequestError,
    ScoringError,
    SetupError,
    TableError,
)

#: What to do about codes that the service's own table does not know, or knows otherwise.
_REMEDIES: Final = {
    "log-rolled-back": "Restore the newest copy of the data folder; do not delete high-water.",
    "high-water-damaged": "Restore the file high-water from its newest copy.",
    "audit-state-damaged": "Run it with --full, or give the file back as the audit left it.",
    "audit-state-foreign": "Name the file of this log's audit with --state, or run it with --full.",
    "audit-state-in-use": "Wait for the other audit, or keep this one apart with --state.",
    "log-not-extended": "Keep the state file: with the log's checkpoints it shows two histories. "
    "--full audits what is there now.",
    "backup-damaged": "Take another copy of the backup, or an older one.",
    "restore-refused": "Audit the log that was backed up: 'lotmark audit --full'.",
    "store-in-use": "Stop the 'lotmark serve' that runs on this folder, then run this again.",
    "store-unavailable": "Check the path, its permissions and the space on the disk.",
    "store-outdated": "Run this with the version of Lotmark that made the database.",
    "malformed-anchor": "Get the trust anchor again from the operator, by another way than this.",
    "malformed-identifier": "Correct the name; see docs/spec/keys.md, section 4.",
    "malformed-address": "Give the service's address as --url, such as http://127.0.0.1:8080.",
    "malformed-query": "Compare the options with those that the command's --help lists.",
    "no-such-entry": "'lotmark tasks' and 'lotmark masters' list entries by their numbers; or name "
    "the record id.",
    "not-in-log": "Compare the number with the size of the log ('lotmark show').",
}


class CommandFault(click.ClickException):
    """A refusal to be told: code, what was found, what to do, and every place concerned."""

    exit_code = REFUSED

    def __init__(
        self, code: str, message: str, *, remedy: str = "", places: Sequence[str] = ()
    ) -> None:
        """Tell ``message`` under a stable ``code``."""
        super().__init__(message)
        self.code = code
        self.remedy = remedy
        self.places = tuple(places)

    def show(self, file: IO[Any] | None = None) -> None:
        """Tell it on standard error."""
        stream = file or sys.stderr
        click.echo(visible(f"refused: {self.code}: {self.message}"), file=stream)
        for place in self.places:
            click.echo(visible(f"  {place}"), file=stream)
        if self.remedy:
            click.echo(visible(f"next: {self.remedy}"), file=stream)

    def members(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "error": {
                "code": self.code,
                "detail": self.message,
                "remedy": self.remedy,
                "places": list(self.places),
            }
        }


def command_fault(fault: Exception) -> CommandFault:
    """An error of one of the families, as it is told."""
    if isinstance(fault, RequestRefused):
        problem = fault.problem
        skew = skew_of(problem)
        remedy = _REMEDIES.get(problem.code) or problem.remedy
        if skew is not None:
            remedy = advise(skew, language_of_environment())
        places = [describe_fault(item) for item in problem.faults]
        return CommandFault(problem.code, problem.detail, remedy=remedy, places=places)
    code = str(getattr(type(fault), "code", "error"))
    if isinstance(fault, TableError):
        return CommandFault(code, str(fault), remedy=fault.remedy, places=fault.places)
    return CommandFault(code, str(fault), remedy=remedy_of(code))


def remedy_of(code: str) -> str:
    """What to do about a code; empty where its message says so itself."""
    return _REMEDIES.get(code) or REMEDIES.get(code, "")


def describe_fault(fault: Fault) -> str:
    """A fault in one line."""
    return f"{fault.pointer or '/'}: expected {fault.expected}, found {fault.found}"


def show_json(fault: click.ClickException) -> None:
    """Tell a fault as the one JSON document on standard output."""
    if isinstance(fault, CommandFault):
        members = fault.members()
    else:
        members = {"error": {"code": "usage", "detail": fault.format_message(), "remedy": ""}}
    click.echo(json_document(members))
