"""The party itself as the service lists it: a courtesy by which commands find keys and DIDs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from api.cli.faults import CommandFault
from api.cli.options import Session
from api.client_errors import AnswerMalformed
from keys.identifiers import parse_origin, parse_slug, party_did


def did_of(session: Session, slug: str) -> str:
    """The DID of a party of this log.

    Raises:
        KeysError: no slug.
    """
    return str(party_did(parse_origin(session.anchor.origin), parse_slug(slug)))


@contextmanager
def courtesy_answer() -> Iterator[None]:
    """Read what the service tells of itself, which nothing has verified.

    Raises:
        AnswerMalformed: it has another form than docs/spec/api.md says.
    """
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as fault:
        raise AnswerMalformed(
            f"expected parties and proposals as docs/spec/api.md says, found another form: {fault}"
        ) from fault


def own_party(session: Session) -> Mapping[str, Any]:
    """This party's line of ``GET /v1/parties``.

    Raises:
        CommandFault: it is no member.
    """
    return listed_party(session, session.profile.slug)


def listed_party(session: Session, slug: str) -> Mapping[str, Any]:
    """A party's line of ``GET /v1/parties``.

    Raises:
        CommandFault: the log has no such party.
    """
    with session.client() as client:
        return find_party(client.parties(), slug, session.anchor.origin)


def find_party(listed: Mapping[str, Any], slug: str, origin: str) -> Mapping[str, Any]:
    """A party's line in an answer of ``GET /v1/parties``.

    Raises:
        CommandFault: there is none.
    """
    with courtesy_answer():
        parties = {str(found["slug"]): found for found in listed["parties"]}
        if slug in parties:
            return dict(parties[slug])
    raise CommandFault(
        "unknown-party",
        f"expected a party of {origin}, found {slug!r} beside {', '.join(sorted(parties))}",
        remedy="Compare the short name with the list.",
    )


def all_keys(party: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Admin keys, then signing keys, ended ones too."""
    yield from party["admin_keys"]
    yield from party["keys"]


def find_key(party: Mapping[str, Any], named: str) -> Mapping[str, Any] | None:
    """The key of this kid or multikey, of the end of one, or of the entry that registered it.

    None where there is no such key, or more than one.
    """
    keys = list(all_keys(party))
    if named.isascii() and named.isdecimal() and len(named) < 16:
        found = [key for key in keys if key["registered_at"] == int(named)]
    else:
        multikey = named.rpartition("#")[2]
        found = [key for key in keys if key["kid"].endswith(multikey) and len(multikey) >= 6]
    return found[0] if len(found) == 1 else None
