"""``lotmark rotate``: another admin key, or another signing key, in the place of the old one.

The files are switched after the receipt; whoever was interrupted runs it again
(:mod:`api.key_changes`).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click

from api.cli.acts import (
    admin_composer,
    admitted_members,
    ask,
    now_s,
    send,
    yes_option,
)
from api.cli.options import (
    COSTS,
    Place,
    Session,
    cost_option,
    new_passphrase,
    open_key_file,
    open_session,
    pass_output,
    place_options,
)
from api.cli.output import Output
from api.cli.own_party import courtesy_answer, find_key, own_party
from api.client_errors import RequestRefused
from api.governing import SIGNING_USES, KeyTerms, compose_key, compose_rotation
from api.key_changes import KeyChange, admin_change, signing_change, switch_admin, switch_signing
from keys.ed25519 import SEED_BYTES
from keys.errors import WrongPassphrase
from keys.key_file import seal_seed
from keys.key_storage import load_key_file, store_key_file
from keys.signer import SeedSigner, Signer
from ledger.record import ParsedJws
from ledger.submission import Admitted


@click.command()
@click.option("--signing", "is_signing", is_flag=True, help="Replace the signing key instead.")
@click.option(
    "--retire",
    "retires",
    multiple=True,
    metavar="MULTIKEY",
    help="End this admin key too; default: the one in the folder alone.",
)
@yes_option
@cost_option
@place_options
@pass_output
def rotate(output: Output, *, is_signing: bool, place: Place, **options: Any) -> None:
    """Replace the admin key by the committed next one, or the signing key by a new one.

    Run it again where it was interrupted: the files change only once the receipt is there.
    """
    session = open_session(place)
    rotation: _AdminRotation | _SigningRotation
    asked = _Asked(output, session, options["cost"], options["is_agreed"])
    if is_signing and options["retires"]:
        raise click.UsageError("--retire is for admin keys: leave out --signing")
    rotation = _SigningRotation(asked) if is_signing else _AdminRotation(asked, options["retires"])
    multikey, admitted = rotation.run()
    output.say(f"{multikey} is in force: entry {admitted.index}")
    for line in rotation.advice():
        output.say(line)
    output.result({"multikey": multikey, **admitted_members(admitted)})


@dataclass(frozen=True, slots=True)
class _Asked:
    """One run of rotate: for whom, and what was answered already."""

    output: Output
    session: Session
    cost: str
    is_agreed: bool

    def draw(self, change: KeyChange) -> Signer:
        """Draw the new key beside the old one, unless an earlier run drew one that opens.

        To be called once the passphrase has opened the keys that are there: what is sealed
        with a mistyped one would be lost for ever once the log has it.
        """
        if change.drawn.exists():
            try:
                return open_key_file(change.drawn)
            except WrongPassphrase:
                change.discard()
                self.output.note(
                    f"{change.drawn.name} does not open, and nothing was sent with it: "
                    "another key is drawn"
                )
        passphrase = new_passphrase(f"the new {change.target.name}")
        seed = secrets.token_bytes(SEED_BYTES)
        key_file = seal_seed(seed, passphrase=passphrase, cost=COSTS[self.cost])
        store_key_file(change.drawn, key_file)
        return SeedSigner(seed)

    def go_on(self, change: KeyChange) -> tuple[ParsedJws, Admitted] | None:
        """Send what an earlier run kept; None where there is nothing, or it came too late."""
        begun = change.begun(self.session.anchor.origin)
        if begun is None:
            return None
        sd_jwt, parsed = begun
        self.output.note("an earlier run was interrupted: going on from there")
        _expect_openable(change)
        try:
            return parsed, _send_kept(self.session, change, sd_jwt)
        except RequestRefused as refused:
            # It was never admitted, and what is signed now will be.
            if refused.problem.code != "stale":
                raise
            return None


class _AdminRotation:
    """The committed key puts itself in force, and the admin key in the folder ends."""

    def __init__(self, asked: _Asked, retires: tuple[str, ...]) -> None:
        self._asked = asked
        self._folder = asked.session.folder
        self._change = admin_change(self._folder)
        self._retires = retires

    def run(self) -> tuple[str, Admitted]:
        """Rotate, or finish what was begun; the key in force now."""
        parsed, admitted = self._asked.go_on(self._change) or self._begin()
        multikey = parsed.header.kid.partition("#")[2]
        switch_admin(self._change, multikey)
        return multikey, admitted

    def advice(self) -> Iterator[str]:
        """What to do with the files now."""
        yield f"  {self._folder.admin_key.name} holds it; the old admin key has ended"
        yield f"  {self._folder.next_key.name} is new: keep it in another place"

    def _begin(self) -> tuple[ParsedJws, Admitted]:
        session, change = self._asked.session, self._change
        retires = self._all_retired()
        lines = (
            f"admin key of {session.profile.slug} on {session.anchor.origin}",
            f"  ends: {', '.join(retires) or 'none'}",
            f"  comes in force: {load_key_file(change.target).header.multikey}, "
            f"from {change.target.name}",
        )
        ask(self._asked.output, lines, "Rotate the admin key?", is_agreed=self._asked.is_agreed)
        committed = session.open_key(change.target)
        following = self._asked.draw(change).multikey
        sd_jwt = compose_rotation(
            session.composer(committed),
            committed.signer,
            following=following,
            retires=retires,
            iat=now_s(),
        )
        return _keep_and_send(session, change, sd_jwt)

    def _all_retired(self) -> tuple[str, ...]:
        """The admin key in the folder, where it was not lost, and those that were named."""
        path = self._folder.admin_key
        own = [load_key_file(path).header.multikey] if path.exists() else []
        return tuple(dict.fromkeys([*own, *self._retires]))


class _SigningRotation:
    """A new signing key supersedes the one in the folder."""

    def __init__(self, asked: _Asked) -> None:
        self._asked = asked
        self._folder = asked.session.folder
        self._change = signing_change(self._folder)

    def run(self) -> tuple[str, Admitted]:
        """Replace it, or finish what was begun; the key in force now."""
        parsed, admitted = self._asked.go_on(self._change) or self._begin()
        body = parsed.claims.body or {}
        # What supersedes nothing stands in for a key that has ended.
        switch_signing(self._change, is_kept=body["replaces"] is None)
        return str(body["multikey"]), admitted

    def advice(self) -> Iterator[str]:
        """What becomes of the old key."""
        yield f"  {self._folder.signing_key.name} holds it"
        yield (
            "  what a superseded key signed before now may still be submitted for 30 days; "
            "the file of an ended one is kept as signing.key.ended-..."
        )

    def _begin(self) -> tuple[ParsedJws, Admitted]:
        session, change = self._asked.session, self._change
        terms = self._terms()
        lines = (
            f"signing key of {session.profile.slug} on {session.anchor.origin}",
            f"  is superseded: {terms.replaces or 'none, the one in the folder has ended'}",
            f"  a new one takes its place, for {', '.join(terms.uses)}",
        )
        ask(self._asked.output, lines, "Replace the signing key?", is_agreed=self._asked.is_agreed)
        composer = admin_composer(session)
        key = self._asked.draw(change)
        sd_jwt = compose_key(composer, key, iat=now_s(), terms=terms)
        return _keep_and_send(session, change, sd_jwt)

    def _terms(self) -> KeyTerms:
        """The uses of the old key, as the service says; it is replaced while it is in force."""
        if not self._change.target.exists():
            return KeyTerms(SIGNING_USES)
        replaced = load_key_file(self._change.target).header.multikey
        with courtesy_answer():
            found = find_key(own_party(self._asked.session), replaced)
            if found is None:
                return KeyTerms(SIGNING_USES)
            is_current = found["in_force"] and found["superseded_s"] is None
            replaces = replaced if is_current else None
            return KeyTerms(tuple(found["uses"]), found["holder_kind"], replaces=replaces)


def _expect_openable(change: KeyChange) -> None:
    """Refuse to go on with a new key that the passphrase does not open.

    Raises:
        WrongPassphrase: it does not; the log may have the key already.
    """
    if not change.drawn.exists():
        return
    try:
        open_key_file(change.drawn)
    except WrongPassphrase as fault:
        raise WrongPassphrase(
            f"{fault}. Its record may have been sent already: give the passphrase of that run. "
            f"Where it is lost and 'lotmark keys' shows that the log has not taken the key, move "
            f"{change.record.name} and {change.drawn.name} away and begin again"
        ) from fault


def _keep_and_send(session: Session, change: KeyChange, sd_jwt: str) -> tuple[ParsedJws, Admitted]:
    change.keep(sd_jwt)
    begun = change.begun(session.anchor.origin)
    assert begun is not None
    return begun[1], _send_kept(session, change, sd_jwt)


def _send_kept(session: Session, change: KeyChange, sd_jwt: str) -> Admitted:
    try:
        return send(session, sd_jwt)
    except RequestRefused as refused:
        # Only what the service refused for good takes no place, and the next is signed anew.
        # Else it may be admitted, and another one with the same new key never would be.
        if refused.problem.is_final:
            change.end()
        raise
