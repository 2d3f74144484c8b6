"""Parameters that the charter lists: founder 1 brings them once, anyone else needs a vote."""

from __future__ import annotations

from typing import Any, Final

import pytest

from ledger.charter import CharterDraft, draft_charter, parse_charter
from ledger.errors import MalformedCharter
from ledger.note import encode_vkey
from ledger.record_type import document_digest
from tests.ledger.parties import (
    NOW_S,
    ORIGIN,
    Consortium,
    PartyKeys,
    Plan,
    a_consortium,
    a_log_signer,
    code_of,
)

pytestmark = pytest.mark.item("4.7")

NAME: Final = "codebook-colours"
TEXT: Final = '{"codebook":"colours","version":"1","codes":[{"code":"RED","en":"Red","zh":"红"}]}'
LATER: Final = TEXT.replace('"version":"1"', '"version":"2"')


def _list(body: dict[str, Any], *, times: int = 1) -> None:
    body["parameters"] = [{"name": NAME, "sha256": document_digest(TEXT)}] * times


LISTED: Final = a_consortium(Plan(amend=_list))
UNLISTED: Final = a_consortium(Plan())
FIRST, SECOND, _ = LISTED.parties.values()


def sign_parameters(
    consortium: Consortium, party: PartyKeys, text: str = TEXT, name: str = NAME
) -> str:
    """A ``parameters/v1`` entry with its document inline."""
    body = {"name": name, "sha256": document_digest(text), "document": text}
    label = f"parameters {name} {document_digest(text)}"
    return consortium.governance(party.signing, "parameters/v1", body, label=label)


def test_founder_1_brings_a_listed_document_without_a_vote() -> None:
    grown = LISTED.after(sign_parameters(LISTED, FIRST))
    assert grown.fold.parameters[NAME].text == TEXT


def test_what_the_charter_does_not_list_needs_a_vote() -> None:
    assert code_of(LISTED.judge(sign_parameters(LISTED, FIRST))) is None
    refused = [
        LISTED.judge(sign_parameters(LISTED, FIRST, LATER)),
        LISTED.judge(sign_parameters(LISTED, FIRST, TEXT, "codebook-shapes")),
        LISTED.judge(sign_parameters(LISTED, SECOND)),
        UNLISTED.judge(sign_parameters(UNLISTED, next(iter(UNLISTED.parties.values())))),
    ]
    assert [code_of(outcome) for outcome in refused] == ["approval-needed"] * 4


def test_a_listed_document_comes_back_by_a_vote_only() -> None:
    grown = LISTED.after(sign_parameters(LISTED, FIRST))
    composer = LISTED.composer(FIRST.signing, label="again")
    body = {"name": NAME, "sha256": document_digest(TEXT), "document": TEXT}
    again = composer.compose_governance("parameters/v1", body, iat=NOW_S)
    assert code_of(LISTED.judge(again)) is None
    assert code_of(grown.judge(again)) == "approval-needed"


def test_another_text_under_a_listed_digest_is_refused() -> None:
    body = {"name": NAME, "sha256": document_digest(TEXT), "document": LATER}
    text = LISTED.governance(FIRST.signing, "parameters/v1", body, label="another")
    assert code_of(LISTED.judge(text)) == "malformed-document"


def test_a_charter_lists_a_name_once() -> None:
    body = draft_charter(_draft({NAME: TEXT}))
    assert parse_charter(body, origin=ORIGIN).parameters == {NAME: document_digest(TEXT)}
    _list(body, times=2)
    with pytest.raises(MalformedCharter, match="expected the parameters of a name once"):
        parse_charter(body, origin=ORIGIN)


def test_a_charter_that_lists_none_has_no_such_member() -> None:
    assert "parameters" not in draft_charter(_draft({}))


def _draft(parameters: dict[str, str]) -> CharterDraft:
    return CharterDraft(
        origin=ORIGIN,
        log_keys=(encode_vkey(a_log_signer().key),),
        founders=(FIRST.statement(("oem",)),),
        operator=FIRST.slug,
        types=(),
        has_open_bundles=True,
        parameters=parameters,
    )


POLICY: Final = '{"types":{"sample-report/v1":{}}}'
OTHER_POLICY: Final = '{"types":{}}'


def _list_policy(body: dict[str, Any]) -> None:
    body["policies"] = [{"name": "default", "sha256": document_digest(POLICY)}]


def _sign_policy(consortium: Consortium, party: PartyKeys, text: str, label: str = "") -> str:
    body = {"name": "default", "sha256": document_digest(text), "document": text}
    return consortium.governance(party.signing, "policy/v1", body, label=f"policy {text} {label}")


@pytest.mark.item("5.1.default")
def test_founder_1_brings_a_listed_policy_once_without_a_vote() -> None:
    listed = a_consortium(Plan(amend=_list_policy))
    first, second, _ = listed.parties.values()
    grown = listed.after(_sign_policy(listed, first, POLICY))
    newest = grown.fold.policies.newest()
    assert newest is not None
    assert (newest.text, newest.version) == (POLICY, 1)
    refused = [
        grown.judge(_sign_policy(listed, first, POLICY, "again")),
        listed.judge(_sign_policy(listed, first, OTHER_POLICY)),
        listed.judge(_sign_policy(listed, second, POLICY)),
        UNLISTED.judge(_sign_policy(UNLISTED, FIRST, POLICY)),
    ]
    assert [code_of(outcome) for outcome in refused] == ["approval-needed"] * 4
