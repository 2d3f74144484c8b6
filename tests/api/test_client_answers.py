"""What a client makes of answers that are none of this service's."""

from __future__ import annotations

from typing import Any

import pytest

from api.client import parse_answer
from api.client_errors import AnswerMalformed
from api.client_transport import Incoming, parse_problem

pytestmark = pytest.mark.item("3.8.fuzzing")

PROBLEM: dict[str, Any] = {"code": "invalid-claims", "status": 422, "detail": "see errors"}


@pytest.mark.parametrize("errors", [5, None, "x", {"a": 1}, [5], [{"pointer": "/a"}]])
def test_a_problem_with_faults_of_another_form_is_no_problem(errors: object) -> None:
    with pytest.raises(AnswerMalformed):
        parse_problem(PROBLEM | {"errors": errors})
    assert parse_problem(PROBLEM | {"errors": []}).code == "invalid-claims"


def test_an_answer_that_nests_without_end_is_none() -> None:
    with pytest.raises(AnswerMalformed):
        Incoming(200, {}, b"[" * 100_000).json()
    with pytest.raises(AnswerMalformed):
        parse_answer(b"[" * 100_000, 1)
