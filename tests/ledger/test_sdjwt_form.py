"""The compact serialisation: one way to split a text, and each broken part refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keys.errors import KeysError
from ledger import limits
from ledger.errors import LedgerError
from ledger.sdjwt import join_sd_jwt, split_sd_jwt
from ledger.sdjwt_errors import MissingTilde
from tests.ledger.sdjwt_tokens import UNBOUND, Token, code_of, raw, verify

pytestmark = pytest.mark.item("2.3")

JWS = Token().text().partition("~")[0]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("j~", ("j", (), None)),
        ("j~d~", ("j", ("d",), None)),
        ("j~d~e~", ("j", ("d", "e"), None)),
        ("j~a.b.c", ("j", (), "a.b.c")),
        ("j~d~e~a.b.c", ("j", ("d", "e"), "a.b.c")),
    ],
)
def test_splitting_is_undone_by_joining(
    text: str, parts: tuple[str, tuple[str, ...], str | None]
) -> None:
    assert split_sd_jwt(text) == parts
    jws, disclosures, binding = parts
    assert join_sd_jwt(jws, disclosures, binding=binding or "") == text


@pytest.mark.parametrize(
    "text", ["", "j", "a.b.c", "j~d", "j~d~e", "j~a.b", "j~a.b.c.d", "j~d~a.b.c "[:-1] + ".", "~d"]
)
def test_a_missing_tilde_at_the_end_is_refused(text: str) -> None:
    with pytest.raises(MissingTilde, match="expected a final '~' or a key binding JWT, found"):
        split_sd_jwt(text)


@pytest.mark.parametrize("text", ["~", "~~", "~d~", "j~~", "j~d~~", "j~~d~", "j~~a.b.c", "~a.b.c"])
def test_an_empty_part_is_refused(text: str) -> None:
    with pytest.raises(LedgerError, match="found an empty part") as refusal:
        split_sd_jwt(text)
    assert code_of(refusal) == "malformed-sd-jwt"


def test_the_last_tilde_cannot_be_left_out() -> None:
    text = Token().text()
    verify(text)
    with pytest.raises(MissingTilde):
        verify(text[:-1])


def test_as_many_disclosures_as_the_bound_and_no_more() -> None:
    assert len(split_sd_jwt("j~" + "d~" * limits.DISCLOSURES_MAX)[1]) == 64
    with pytest.raises(LedgerError, match="expected at most 64 disclosures, found 65"):
        split_sd_jwt("j~" + "d~" * (limits.DISCLOSURES_MAX + 1))


def test_lengths_are_bounded() -> None:
    with pytest.raises(LedgerError, match="expected at most 2097152 characters, found 2097153"):
        split_sd_jwt("j" * limits.SD_JWT_BYTES_MAX + "~")
    with pytest.raises(LedgerError, match="expected at most 1048576 characters, found"):
        verify(f"{JWS}~{'a' * (limits.DISCLOSURE_BYTES_MAX + 4)}~")


@pytest.mark.parametrize(
    ("jws", "code"),
    [
        ("a.b", "malformed-jws"),
        ("a.b.c.d", "malformed-jws"),
        (JWS.replace(".", "=.", 1), "malformed-encoding"),
        (JWS + "=", "malformed-encoding"),
        (JWS + "\n", "malformed-encoding"),
        ("é" + JWS, "malformed-encoding"),
        ("W10" + JWS[JWS.index(".") :], "malformed-json"),
        (".." + JWS.rpartition(".")[2], "malformed-json"),
        (JWS.rpartition(".")[0] + ".", "bad-signature"),
        (JWS[:-8] + "AAAAAAAA", "bad-signature"),
    ],
    # The signature is another each time: without ids of ours two workers disagree on the names.
    ids=range(10),
)
def test_a_wrong_jws_is_refused_with_its_code(jws: str, code: str) -> None:
    verify(JWS + "~", replace(UNBOUND, clear=frozenset()))
    with pytest.raises((LedgerError, KeysError)) as refusal:
        verify(jws + "~")
    assert code_of(refusal) == code


def test_a_header_with_a_name_twice_is_refused() -> None:
    # An "alg" that two readers see differently is the oldest hole in JOSE.
    twice = raw('{"alg":"ES256","typ":"example+sd-jwt","alg":"none"}').text
    with pytest.raises(LedgerError, match="found 'alg' twice"):
        verify(f"{twice}{JWS[JWS.index('.') :]}~")


def test_every_changed_character_of_the_issuers_jws_is_noticed() -> None:
    text = Token().with_disclosures().text()
    for place in range(0, len(text), 7):
        changed = text[:place] + ("B" if text[place] == "A" else "A") + text[place + 1 :]
        with pytest.raises((LedgerError, KeysError)):
            verify(changed)
