"""Delegations go to those whose roles say that they measure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.quality.sharing_scene import CUSTOMER, LAB, MAKER, a_grant, a_scene


@pytest.mark.item("5.2.delegation")
@pytest.mark.parametrize(
    ("role", "code"), [("laboratory", None), ("certifier", None), ("oem", "not-permitted")]
)
def test_a_delegation_goes_to_who_measures_by_its_roles(role: str, code: str | None) -> None:
    scene = a_scene()
    of = scene.put(MAKER, a_grant(), CUSTOMER)
    party = replace(scene.fold.parties[LAB], roles=frozenset({role, "supplier"}))
    scene.fold = scene.fold.with_party(party)
    state = {"act": "delegate", "of": of, "reader": LAB}
    assert scene.code(scene.say(CUSTOMER, state, LAB, MAKER)) == code
