"""The HTTP route that writes a record as a report: what the view has, for people to look at.

The service verifies its own view, as any reader would, and says in the report that it did; the
reader has verified nothing yet. It is a read of the record and leaves the receipt of one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from api.exchange import Reader, Refused
from api.record_flags import cited_record
from api.records import OpenedRecord, RecordShelf, private
from api.search_query import check_names, malformed
from ledger.anchor import parse_anchor
from ledger.faults import Refusal
from ledger.record import GOVERNANCE_VCTS
from ledger.record_type import RecordType
from ledger.service import Ledger
from ledger.verify import verify_view
from ledger.view import parse_view

if TYPE_CHECKING:
    from api.reports.subject import Subject

FlagsBeside: TypeAlias = Callable[[OpenedRecord, Reader], Mapping[str, Any]]
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF_TYPE: Final = "application/pdf"
FORMS: Final = {"pdf": PDF_TYPE, "xlsx": XLSX_TYPE}
LANGUAGES: Final = ("en", "zh")


class ReportDoor:
    """Writes reports of records."""

    def __init__(
        self, ledger: Ledger, shelf: RecordShelf, anchor: str, *, flags: FlagsBeside
    ) -> None:
        """Write of what ``shelf`` opens, verified from ``anchor``; ``ledger`` knows types.

        ``flags`` tells the flags of a record beside others, as their own route does.
        """
        self._flags = flags
        self._ledger = ledger
        self._shelf = shelf
        self._anchor = anchor

    def report(self, request: Request, reader: Reader) -> Response:
        """``GET /v1/records/{id}/report``: a record as ``format=pdf`` or ``xlsx``.

        Raises:
            Refused: it is not signed, the parameters are others, or there is no such record for
                this reader.
        """
        # Writing one takes a hundred times what a view takes: it is charged to a party.
        if reader.did is None:
            raise Refused(Refusal("signature-required", "reports: sign the request"))
        form, language = _asked(request)
        record_id = request.path_params["record_id"]
        kind = self._kind(record_id)
        opened = self._shelf.open(record_id, reader)
        data = _write(self._subject(opened, reader, kind, language), form)
        response = Response(data, media_type=FORMS[form])
        name = f"report-{opened.row.index}.{form}"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return private(response)

    def _subject(
        self, opened: OpenedRecord, reader: Reader, kind: RecordType, language: str
    ) -> Subject:
        """The record, verified together with the specification that it cites."""
        from api.reports.cited import Beside, cited_by
        from api.reports.subject import subject_of

        cited = cited_record(
            opened, self._ledger.state, open_record=lambda other: self._shelf.open(other, reader)
        )
        records = [opened] if cited is None else [opened, cited]
        view = parse_view(self._shelf.view(records, as_lines=False).encode())
        verified = verify_view(view, parse_anchor(self._anchor.encode()))
        by_index = {record.index: record for record in verified.records}
        beside = Beside(
            None if cited is None else cited_by(by_index[cited.row.index]),
            tuple(self._flags(opened, reader)["flags"]),
        )
        subject = subject_of(
            by_index[opened.row.index],
            kind,
            origin=verified.origin,
            language=language,
            beside=beside,
        )
        return replace(subject, is_by_service=True)

    def _kind(self, record_id: str) -> RecordType:
        """The type of a record that may have a report."""
        vct = self._shelf.find(record_id).vct
        kind = None if vct in GOVERNANCE_VCTS else self._ledger.fold.types.get(vct)
        if kind is None:
            raise malformed("record_id", "a record that is no governance", vct)
        return kind


def _asked(request: Request) -> tuple[str, str]:
    asked = request.query_params
    check_names(asked, frozenset({"format", "language"}))
    form, language = asked.get("format", "pdf"), asked.get("language", "en")
    if form not in FORMS:
        raise malformed("format", " or ".join(FORMS), form)
    if language not in LANGUAGES:
        raise malformed("language", " or ".join(LANGUAGES), language)
    return form, language


def _write(subject: Subject, form: str) -> bytes:
    # What writes them takes longer to import than the service to start.
    if form == "xlsx":
        from api.reports.sheets import report_workbook

        return report_workbook(subject)
    from api.reports.pdf import report_pdf

    return report_pdf(subject)
