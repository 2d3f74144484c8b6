"""``lotmark init``: a new log."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from api.cli.keygen import (
    make_profile,
    name_en_option,
    name_zh_option,
    read_statement,
    role_option,
)
from api.cli.options import (
    COSTS,
    PARTIES,
    Place,
    cost_option,
    data_folder,
    data_option,
    known_passphrase,
    new_passphrase,
    open_key_file,
    party_option,
    pass_output,
    read_file,
    read_settings,
)
from api.cli.output import Output
from api.founding import Founded, FoundingKeys, FoundingPlan, expect_empty, found_log
from api.party_folder import (
    PartyFolder,
    create_party,
    remember_service,
)
from keys.identifiers import parse_origin, parse_slug, party_did
from ledger import limits
from ledger.charter import FounderStatement
from ledger.errors import MalformedTrustPolicy
from ledger.rules import NO_WITNESSES


@click.command()
@click.option("--origin", help="The log's permanent name, such as quality.example/castings.")
@click.option("--solo", metavar="SLUG", help="Found a log of one party, its keys included.")
@party_option
@click.option(
    "--founder",
    "founders",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Statement of another founder (founder.json); may be given several times.",
)
@click.option("--operator", metavar="SLUG", help="Who runs the log; default: founder 1.")
@click.option(
    "--open-bundles/--members-only",
    "has_open_bundles",
    default=False,
    help="Who may read entry bundles; default: members only.",
)
@click.option(
    "--witnesses",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Who witnesses: the lines that 'lotmark witness init' prints, and a quorum line "
    "(docs/spec/tree.md, trust policy); default: nobody.",
)
@role_option
@name_en_option
@name_zh_option
@data_option
@cost_option
@pass_output
def init(output: Output, *, solo: str | None, **options: Any) -> None:
    """Found a log: its key, its charter as entry 0, its trust anchor.

    Founder 1 is the party whose keys are given with --party; it signs the charter. The
    others endorse it with 'lotmark endorse' once the log is served. With --solo everything
    is made at once for a log of one party.
    """
    founding = _Founding(output, _Options(**options))
    if solo is None:
        founding.found()
    else:
        founding.found_solo(solo)


@dataclass(frozen=True, slots=True)
class _Options:
    """The options of init as they were given."""

    origin: str | None
    party: Path | None
    founders: tuple[Path, ...]
    operator: str | None
    has_open_bundles: bool
    witnesses: Path | None
    roles: tuple[str, ...]
    name_en: str | None
    name_zh: str | None
    data: Path
    cost: str


class _Founding:
    """One run of init."""

    def __init__(self, output: Output, options: _Options) -> None:
        self._output = output
        self._options = options
        self._folder = data_folder(options.data)
        self._cost = COSTS[options.cost]

    def found_solo(self, slug: str) -> None:
        """Make a party and a log for it alone."""
        options = self._options
        if options.founders:
            raise click.UsageError("--solo is for one party: leave out --founder")
        expect_empty(self._folder)
        party = PartyFolder(options.party or PARTIES / slug)
        # Keys that an earlier try made are used: a second set would be of no use to anyone.
        if party.profile.exists():
            passphrase = known_passphrase(f"{party.root}, for the log's key too")
        else:
            passphrase = new_passphrase(f"the keys of {slug} and of the log")
            profile = make_profile(
                slug, roles=options.roles, name_en=options.name_en, name_zh=options.name_zh
            )
            create_party(party, profile, passphrase=passphrase, cost=self._cost)
        origin = options.origin or f"localhost/{slug}"
        self._found(party, origin, party_passphrase=passphrase, log_passphrase=passphrase)

    def found(self) -> None:
        """Make a log for the founders whose statements were given."""
        origin = self._options.origin
        if not origin:
            raise click.UsageError(
                "--origin is missing: the log's permanent name, such as quality.example; "
                "to try Lotmark out, run 'lotmark init --solo SLUG'"
            )
        expect_empty(self._folder)
        party = Place(self._options.party, None, None).folder()
        self._found(party, origin, log_passphrase=new_passphrase("the log's key"))

    def _found(
        self,
        party: PartyFolder,
        origin: str,
        *,
        log_passphrase: str,
        party_passphrase: str | None = None,
    ) -> None:
        founders = self._statements(party)
        operator = self._options.operator or founders[0].slug
        plan = FoundingPlan(
            parse_origin(origin),
            founders,
            operator,
            self._options.has_open_bundles,
            read_witness_policy(self._options.witnesses),
        )
        is_alone = len(founders) == 1
        keys = FoundingKeys(
            admin=open_key_file(party.admin_key, party_passphrase),
            log_passphrase=log_passphrase,
            signing=open_key_file(party.signing_key, party_passphrase) if is_alone else None,
            cost=self._cost,
        )
        founded = found_log(self._folder, plan, keys=keys)
        url = read_settings(data=self._folder.root).public_url
        remember_service(party, url=url, anchor=founded.anchor.encode())
        self._tell(party, founded, founders)

    def _statements(self, party: PartyFolder) -> tuple[FounderStatement, ...]:
        first = read_statement(party.statement)
        others = [read_statement(path) for path in self._options.founders]
        return (first, *(other for other in others if other.slug != first.slug))

    def _tell(
        self, party: PartyFolder, founded: Founded, founders: tuple[FounderStatement, ...]
    ) -> None:
        say = self._output.say
        awaited = [founder.slug for founder in founders[1:]]
        say(f"log {founded.origin} is in {self._folder.root}, {founded.size} entries")
        say(f"  charter {founded.charter}")
        say(f"  trust anchor {self._folder.anchor}: hand it to everyone, by a way they trust")
        say(f"  keys of {founders[0].slug} in {party.root}")
        if awaited:
            say(f"next: 'lotmark serve', then {', '.join(awaited)} run 'lotmark endorse'")
        else:
            say("next: lotmark serve")
        self._output.result(
            {
                "origin": founded.origin,
                "charter": founded.charter,
                "size": founded.size,
                "data": str(self._folder.root),
                "anchor": str(self._folder.anchor),
                "party": str(party.root),
                "did": party_did(parse_origin(founded.origin), parse_slug(founders[0].slug)),
                "awaited": awaited,
            }
        )


def read_witness_policy(path: Path | None) -> str:
    """The witness policy in a file; that of nobody where none is named.

    Raises:
        MalformedTrustPolicy: no UTF-8 text.
    """
    if path is None:
        return NO_WITNESSES
    data = read_file(path, "a witness policy", bytes_max=limits.WITNESS_POLICY_BYTES_MAX)
    try:
        return data.decode()
    except UnicodeDecodeError as fault:
        raise MalformedTrustPolicy(f"{path}: expected UTF-8 text, found other bytes") from fault
