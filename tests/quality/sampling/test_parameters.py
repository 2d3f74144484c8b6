"""The defaults of sampling stand in a document of the log, and nowhere else."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from ledger.fold_state import Parameters
from quality.builtin_parameters import builtin_parameters, builtin_sampling
from quality.errors import MalformedSamplingParameters
from quality.masters import Masters
from quality.sampling.parameters import (
    AQLS,
    ClassDefaults,
    parse_sampling_parameters,
    sampling_in_force,
)

pytestmark = pytest.mark.item("6.2.parameters")


def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(builtin_sampling().text)
    return found


def refused(changed: dict[str, Any]) -> str:
    with pytest.raises(MalformedSamplingParameters) as caught:
        parse_sampling_parameters(json.dumps(changed))
    return str(caught.value)


def test_the_built_in_document_says_every_default() -> None:
    found = parse_sampling_parameters(builtin_sampling().text)
    assert (found.standard, found.may_reduce) == ("c=0", False)
    assert found.classes["major"] == ClassDefaults("II", Decimal("1.0"))
    assert set(found.classes) == {"critical", "major", "minor"}
    assert (found.skip_lot.accepted_before, found.skip_lot.one_in_max) == (10, 5)
    assert builtin_sampling() in builtin_parameters()


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("/parameters", "codebook"),
        ("/version", ""),
        ("/standard", "ISO 3951"),
        ("/reduced", "no"),
        ("/reduced", 0),
        ("/classes/major/level", "IV"),
        ("/classes/minor/aql", "2.50"),
        ("/classes/minor/aql", 2),
        ("/skip_lot/one_in_max", 1),
        ("/skip_lot/one_in_max", True),
        ("/skip_lot/accepted_before", 0),
        ("/skip_lot/reveal_within_hours_max", 8_761),
    ],
)
def test_a_value_that_may_not_stand_there_is_refused_by_its_place(
    place: str, value: object
) -> None:
    changed = document()
    *path, last = place[1:].split("/")
    inner = changed
    for name in path:
        inner = inner[name]
    inner[last] = value
    assert refused(changed).startswith(f"{place}: expected ")


@pytest.mark.parametrize("name", ["reduced", "classes", "skip_lot"])
def test_a_document_has_every_member_and_no_other(name: str) -> None:
    changed = document()
    del changed[name]
    assert refused(changed).startswith("sampling: expected an object of ")
    assert refused({**document(), "other": 1}).startswith("sampling: expected an object of ")
    assert refused({**document(), name: []}).startswith(f"/{name}: expected ")


def test_text_that_is_no_object_is_refused() -> None:
    for text in ("", "[]", "1", '{"version": 1.5}'):
        with pytest.raises(MalformedSamplingParameters):
            parse_sampling_parameters(text)


def test_the_aqls_are_the_preferred_series() -> None:
    assert len(AQLS) == len({Decimal(aql) for aql in AQLS}) == 26
    assert [Decimal(aql) for aql in AQLS] == sorted(map(Decimal, AQLS))


def test_the_document_is_judged_when_it_is_brought_and_a_version_is_brought_once() -> None:
    text = builtin_sampling().text
    assert Masters().judge_document("sampling", text, before=None) is None
    refusal = Masters().judge_document("sampling", "{}", before=None)
    assert refusal is not None
    assert refusal.code == "malformed-document"
    assert Masters().judge_document("other", "{}", before=None) is None
    again = Masters().judge_document("sampling", text, before=text)
    assert again is not None
    assert again.detail == "/version: expected another than the one in force, found '1'"
    later = json.dumps({**document(), "version": "2"})
    assert Masters().judge_document("sampling", later, before=text) is None
    assert Masters().judge_document("sampling", text, before="{}") is None


def test_what_is_in_force_is_read_from_the_log() -> None:
    assert sampling_in_force({}) is None
    for text, is_read in ((builtin_sampling().text, True), ("{}", False)):
        held = {"sampling": Parameters("sampling", text, ((9, "x"),))}
        assert (sampling_in_force(held) is not None) is is_read
