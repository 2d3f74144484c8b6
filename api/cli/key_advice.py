"""What to do about a key that the log refused, by what the service says has become of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from api.cli.own_party import all_keys, courtesy_answer
from api.cli.proposal_words import moment
from api.client import LogClient
from api.client_errors import ClientError, RequestRefused
from ledger.errors import LedgerError
from ledger.record import parse_jws


def advised(
    refused: RequestRefused, sd_jwt: str, *, origin: str, client: LogClient
) -> RequestRefused:
    """The same refusal; where the key is the reason, with a remedy that fits this key.

    The service's word is a courtesy here: where it does not come, the refusal stays as it was.
    """
    if refused.problem.code != "key-not-valid":
        return refused
    try:
        parsed = parse_jws(sd_jwt.partition("~")[0], origin=origin)
        body, did = parsed.claims.body or {}, parsed.header.kid.partition("#")[0]
        multikeys = [parsed.header.kid.partition("#")[2], str(body.get("multikey", ""))]
        with courtesy_answer():
            remedy = next(_remedies(client, did, multikeys), refused.problem.remedy)
    except (ClientError, LedgerError):
        return refused
    return RequestRefused(replace(refused.problem, remedy=remedy))


def _remedies(client: LogClient, did: str, multikeys: list[str]) -> Iterator[str]:
    yield from _of_pending(client.proposals(), did, multikeys[0])
    parties = {found["did"]: found for found in client.parties()["parties"]}
    if did not in parties:
        yield (
            f"{did.rpartition(':')[2]} is no party of this log yet: 'lotmark proposals' shows "
            "what its admission lacks; 'lotmark join' accepts it."
        )
        return
    keys = {str(key["kid"]).partition("#")[2]: key for key in all_keys(parties[did])}
    signed_by, registered = keys.get(multikeys[0]), keys.get(multikeys[1])
    if signed_by is None:
        yield (
            "The log does not know this key: 'lotmark register-key' registers a signing key; "
            "'lotmark keys' lists the admin keys that are in force."
        )
    elif remedy := _of_life(signed_by):
        yield remedy
    if registered is not None:
        yield (
            f"{_life(registered)} and is registered once for ever: 'lotmark rotate --signing' "
            "draws another in its place, 'lotmark device-key' one of another device."
        )


def _of_pending(listed: Mapping[str, Any], did: str, multikey: str) -> Iterator[str]:
    for found in listed["recoveries"]:
        if found["about"] == did and multikey in found["content"]["admin_keys"]:
            yield (
                f"The recovery that brings this key is complete at {moment(found['due_ms'])}: "
                "try again then."
            )


def _of_life(key: Mapping[str, Any]) -> str | None:
    """What to do where a key signs nothing any more."""
    if key["ended_at"] is None and key["superseded_s"] is None:
        return None
    following = (
        "'lotmark rotate --signing' draws another in its place."
        if key["uses"]
        else "Sign with an admin key in force ('lotmark keys'), or run 'lotmark rotate'."
    )
    return f"{_life(key)}. {following}"


def _life(key: Mapping[str, Any]) -> str:
    since = f"The key is of entry {key['registered_at']}"
    if key["ended_at"] is not None:
        return f"{since}, was ended by entry {key['ended_at']}"
    return f"{since}, was superseded" if key["superseded_s"] is not None else since
