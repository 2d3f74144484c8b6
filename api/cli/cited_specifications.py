"""Specifications that reports of readings cite: found by code and revision, verified, kept.

The service names the record of a revision; the record itself is verified from the trust anchor
and must say the same. What a party is not shown it cannot put its readings on: that is told, and
the log judges the report as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from api.cli.agreed import ask_all
from api.cli.document_numbers import without_quorum
from api.cli.faults import CommandFault
from api.cli.own_party import courtesy_answer
from api.client import LogClient
from api.client_errors import ClientError
from ledger.anchor import Anchor
from ledger.verify import VerifiedRecord, verify_view
from ledger.view import parse_view
from quality.values import Groups, items, text


class Citation(NamedTuple):
    """What a report says of its specification; part and customer as far as it names them."""

    code: str
    revision: str
    part: str | None = None
    customer: str | None = None

    def __str__(self) -> str:
        return f"{self.code} revision {self.revision}"


@dataclass(slots=True)
class SpecificationBook:
    """The specifications that one run cites.

    ``is_optional`` says that a service which does not answer is told and no more: nothing is
    sent in a dry run.
    """

    open_client: Callable[[], LogClient]
    anchor: Anchor
    is_optional: bool
    notes: dict[str, None] = field(default_factory=dict)
    _found: dict[Citation, Groups | None] = field(default_factory=dict)

    def find(self, cited: Citation) -> Groups | None:
        """The groups of the specification; None where the service shows none.

        Raises:
            ClientError: no answer came.
            CommandFault, LedgerError: what the service showed does not verify.
        """
        if cited not in self._found:
            self._found[cited] = self._ask(cited)
        return self._found[cited]

    def characteristics(self, constants: Mapping[str, Any]) -> Sequence[object]:
        """Those of the specification that constants of a mapping cite; none where none does.

        Raises:
            ClientError, CommandFault, LedgerError: as :meth:`find`.
        """
        code, revision, part = (
            constants.get(f"/lot/{name}")
            for name in ("specification/id", "specification/revision", "part")
        )
        if not isinstance(code, str) or not isinstance(revision, str):
            return ()
        found = self.find(Citation(code, revision, part))
        return () if found is None else items(found, "characteristics")

    def _ask(self, cited: Citation) -> Groups | None:
        try:
            with self.open_client() as client:
                found = find_specification(cited, client, self.anchor)
        except ClientError as fault:
            if not self.is_optional:
                raise
            self._tell(f"specification {cited} was not looked up: {fault}")
            return None
        groups = None if found is None else shown_limits(found)
        if groups is None:
            self._tell(
                f"the log shows no specification {cited} of this part: numbers, units and "
                "plausible ranges are not compared with it"
            )
        return groups

    def _tell(self, note: str) -> None:
        self.notes[note] = None


def find_specification(cited: Citation, client: LogClient, anchor: Anchor) -> VerifiedRecord | None:
    """The specification that is cited, verified; None where the service names not one.

    Raises:
        ClientError: no answer came.
        CommandFault, LedgerError: what the service showed does not verify.
    """
    conditions = {"specification": cited.code, "part": cited.part, "customer": cited.customer}
    told = ask_all(client, "specifications", **conditions)
    with courtesy_answer():
        said = [
            str(revision["said"]["record_id"])
            for item in told.items
            for revision in item["revisions"]
            if revision["revision"] == cited.revision
        ]
    # Of two customers with a specification of one name neither is meant more.
    return _verified(said[0], cited, client, anchor) if len(said) == 1 else None


def _verified(
    record_id: str, cited: Citation, client: LogClient, anchor: Anchor
) -> VerifiedRecord | None:
    view = verify_view(parse_view(client.view(record_id)), without_quorum(anchor))
    records = [record for record in view.records if record.record_id == record_id]
    groups = {item.group: item.value for record in records for item in record.groups}
    state: Mapping[str, Any] = groups.get("state", {})
    if (text(state, "specification"), text(state, "revision")) != cited[:2]:
        raise CommandFault(
            "answer-malformed",
            f"expected a view of specification {cited}, found another record",
            remedy="Do not trust this service; tell the other members.",
        )
    return records[0]


def shown_limits(record: VerifiedRecord) -> Groups | None:
    """The groups of a specification; None where its characteristics were not shown."""
    groups = {item.group: item.value for item in record.groups}
    return groups if "characteristics" in groups else None


def citation_of(groups: Groups) -> Citation | None:
    """What a report cites; None where it cites no specification."""
    lot = groups.get("lot")
    code, revision = text(lot, "specification", "id"), text(lot, "specification", "revision")
    if code is None or revision is None:
        return None
    return Citation(code, revision, text(lot, "part"), text(lot, "customer"))
