"""The HTTP route that writes a record as a report: what the view has, for people to look at.

The service verifies its own view, as any reader would, and says in the report that it did; the
reader has verified nothing yet. It is a read of the record and leaves the receipt of one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from api.exchange import Reader, Refused
from api.records import RecordShelf, private
from api.search_query import check_names, malformed
from ledger.anchor import parse_anchor
from ledger.faults import Refusal
from ledger.record import GOVERNANCE_VCTS
from ledger.record_type import RecordType
from ledger.service import Ledger
from ledger.verify import VerifiedView, verify_view
from ledger.view import parse_view

XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF_TYPE: Final = "application/pdf"
FORMS: Final = {"pdf": PDF_TYPE, "xlsx": XLSX_TYPE}
LANGUAGES: Final = ("en", "zh")


class ReportDoor:
    """Writes reports of records."""

    def __init__(self, ledger: Ledger, shelf: RecordShelf, anchor: str) -> None:
        """Write of what ``shelf`` opens, verified from ``anchor``; ``ledger`` knows types."""
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
        view = parse_view(self._shelf.view([opened], as_lines=False).encode())
        data = _write(verify_view(view, parse_anchor(self._anchor.encode())), kind, form, language)
        response = Response(data, media_type=FORMS[form])
        name = f"report-{opened.row.index}.{form}"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return private(response)

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


def _write(verified: VerifiedView, kind: RecordType, form: str, language: str) -> bytes:
    # What writes them takes longer to import than the service to start.
    from api.reports.subject import subject_of

    (record,) = verified.records
    subject = subject_of(record, kind, origin=verified.origin, language=language)
    subject = replace(subject, is_by_service=True)
    if form == "xlsx":
        from api.reports.sheets import report_workbook

        return report_workbook(subject)
    from api.reports.pdf import report_pdf

    return report_pdf(subject)
