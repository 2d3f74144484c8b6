"""The one table of codes, statuses and titles: complete, documented, and without surprises."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import api
import keys
import ledger
from api import errors
from ledger.faults import Fault, Refusal

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "errors.md"


def _error_classes() -> Iterator[type[Exception]]:
    for room in (keys, ledger, api):
        for module in pkgutil.iter_modules(room.__path__, f"{room.__name__}."):
            if module.name.endswith("errors"):
                found = importlib.import_module(module.name)
                for value in vars(found).values():
                    is_error = isinstance(value, type) and issubclass(value, Exception)
                    if is_error and value.__module__ == module.name and "code" in vars(value):
                        yield value


@pytest.mark.item("2.6")
def test_no_code_has_two_rows() -> None:
    codes = [row[0] for row in errors._ROWS]
    assert len(codes) == len(set(codes))


@pytest.mark.item("2.6")
def test_every_request_and_blob_error_has_a_row() -> None:
    from api import request_errors
    from ledger import blob_errors

    for module in (request_errors, blob_errors):
        classes = [c for c in _error_classes() if c.__module__ == module.__name__]
        leaves = [c for c in classes if not c.__subclasses__()]
        assert classes
        assert [c.__name__ for c in leaves if vars(c)["code"] not in errors.STATUS] == []


@pytest.mark.item("2.6")
def test_every_record_and_disclosure_error_has_a_row() -> None:
    from ledger import errors as ledger_errors
    from ledger import store_errors

    names = """
        MalformedJson MalformedRecord MalformedHeader AlgorithmNotAllowed MalformedClaims
        WrongAudience ForeignKey DisclosureMalformed DisclosureNotOfThisRecord
        DisclosureDuplicate DisclosureUnused MalformedType MalformedDocument MalformedCharter
        ClockSuspect LogClosed TooBusy NotInLog
    """.split()
    codes = {getattr(ledger_errors, name).code for name in names}
    codes |= {store_errors.StoreUnavailable.code, store_errors.OutcomeUnknown.code}
    assert codes - errors.STATUS.keys() == set()


@pytest.mark.item("2.6")
def test_the_reference_lists_every_code_with_its_status() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    lines = [f"| `{row[0]}` | {row[1]} | {row[2]} | {row[3]} | {row[4]} |" for row in errors._ROWS]
    table = [line for line in text.splitlines() if line.startswith("| `")]
    assert table == lines


@pytest.mark.item("2.6")
def test_an_unknown_code_is_a_fault_of_the_service() -> None:
    assert errors.status_of("no-such-code") == errors.INTERNAL
    assert errors.problem_members(Refusal("no-such-code", "x"))["code"] == "internal"


@pytest.mark.item("2.6")
def test_a_problem_names_code_remedy_and_every_fault() -> None:
    refusal = Refusal("invalid-claims", "two", (Fault("/a", "1", "2"), Fault("/b/0", "x", "y")))
    response = errors.problem_response(refusal)
    body = json.loads(bytes(response.body))
    assert response.status_code == errors.UNPROCESSABLE
    assert response.media_type == "application/problem+json"
    assert body["type"] == "urn:lotmark:problem:invalid-claims"
    assert [fault["pointer"] for fault in body["errors"]] == ["/a", "/b/0"]
    assert body["remedy"]


@pytest.mark.item("2.6")
@pytest.mark.parametrize("language", ["en", "zh"])
def test_titles_speak_the_reader_s_language(language: str) -> None:
    title = errors.problem_members(Refusal("jti-used", "x"), language=language)["title"]
    assert title.isascii() == (language == "en")


@pytest.mark.item("2.6")
def test_unavailable_says_when_to_come_back() -> None:
    assert errors.problem_response(Refusal("too-busy", "x")).headers["retry-after"] == "2"


@pytest.mark.item("2.6")
def test_unauthorized_says_how_to_sign() -> None:
    response = errors.problem_response(Refusal("signature-required", "x"))
    assert response.headers["www-authenticate"].startswith("Signature")
