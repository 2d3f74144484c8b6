"""Options that commands share, and what they stand for: a party, its log, its keys."""

from __future__ import annotations

import functools
import os
import secrets
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from getpass import GetPassWarning
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from api.cli.faults import CommandFault
from api.cli.output import LANGUAGES, Output, language_of_environment
from api.client import LogClient
from api.client_clock import warn
from api.client_transport import Effects
from api.data_folder import DataFolder
from api.known_policies import newest_policy
from api.party_folder import (
    PartyFolder,
    PartyProfile,
    PartySigner,
    read_profile,
    signer_for,
)
from api.setup_errors import WRONG_FOLDER, AnchorMissing, PartyMissing
from keys.errors import UnusablePassphrase
from keys.identifiers import parse_origin
from keys.key_file import Cost
from keys.signer import PASSPHRASE_VARIABLE, Signer, open_signer
from ledger.anchor import Anchor, parse_anchor
from ledger.compose import Composer

if TYPE_CHECKING:
    from api.settings import Settings

URL_DEFAULT: Final = "http://127.0.0.1:8080"
PARTIES: Final = Path("parties")
COSTS: Final = {"interactive": Cost.INTERACTIVE, "moderate": Cost.MODERATE}

json_option = click.option("--json", "is_json", is_flag=True, help="One JSON document on stdout.")
party_option = click.option(
    "--party",
    "party",
    envvar="LOTMARK_PARTY",
    type=click.Path(path_type=Path),
    help="Folder of the party's keys, or its short name in parties/; default: the only one "
    "there. [LOTMARK_PARTY]",
)
url_option = click.option(
    "--url", envvar="LOTMARK_URL", help="Address of the service. [LOTMARK_URL]"
)
anchor_option = click.option(
    "--anchor",
    envvar="LOTMARK_ANCHOR",
    type=click.Path(path_type=Path),
    help="Trust anchor file; default: the one in the party's folder. [LOTMARK_ANCHOR]",
)
data_option = click.option(
    "--data",
    envvar="LOTMARK_DATA",
    type=click.Path(path_type=Path),
    default=Path("data"),
    show_default=True,
    help="Data folder of the log. [LOTMARK_DATA]",
)
language_option = click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    default=language_of_environment,
    help="Language of labels and explanations; default: the terminal's.",
)
cosigned_option = click.option(
    "--cosigned",
    is_flag=True,
    help="Wait for the witnesses: a receipt that the trust anchor's quorum has cosigned.",
)
cost_option = click.option(
    "--cost",
    type=click.Choice(sorted(COSTS)),
    envvar="LOTMARK_COST",
    default="moderate",
    show_default=True,
    help="What one guess at the passphrase costs. [LOTMARK_COST]",
)


@dataclass(frozen=True, slots=True)
class Place:
    """What the options --party, --url and --anchor say, as they were given."""

    party: Path | None
    url: str | None
    anchor: Path | None

    def folder(self) -> PartyFolder:
        """The party's folder.

        Raises:
            PartyMissing: none was named, and there is not exactly one in ``parties/``.
        """
        if self.party is not None:
            return _named_party(self.party)
        found = sorted(path.parent for path in PARTIES.glob("*/party.json"))
        if len(found) == 1:
            return PartyFolder(found[0])
        names = ", ".join(str(path) for path in found) or "none"
        raise PartyMissing(
            f"{WRONG_FOLDER} expected --party, or exactly one folder in {PARTIES.absolute()}, "
            f"found {names}: make keys with 'lotmark keygen', or name the folder"
        )

    def reader(self) -> PartyFolder | None:
        """The party's folder, where there is one to be found."""
        try:
            return self.folder()
        except PartyMissing:
            return None

    def address(self, profile: PartyProfile | None) -> str:
        """The service: as given, as the party last used it, or on this machine."""
        return self.url or (profile.url if profile else None) or URL_DEFAULT

    def anchor_path(self) -> Path | None:
        """The trust anchor's file, where there is one."""
        if self.anchor is not None:
            return self.anchor
        folder = self.reader()
        return folder.anchor if folder and folder.anchor.exists() else None


def _named_party(named: Path) -> PartyFolder:
    """The folder itself, or the one that ``keygen`` gave a party of this short name."""
    given, by_slug = PartyFolder(named), PartyFolder(PARTIES / named)
    if given.profile.exists():
        return given
    if by_slug.profile.exists():
        return by_slug
    found = ", ".join(str(path.parent) for path in sorted(PARTIES.glob("*/party.json"))) or "none"
    raise PartyMissing(
        f"{WRONG_FOLDER} expected a party in {named.absolute()}, found no party.json; "
        f"in {PARTIES.absolute()} there are: {found}"
    )


def place_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add --party, --url and --anchor, handed to the command as its ``place``."""

    @functools.wraps(command)
    def run(
        *args: Any, party: Path | None, url: str | None, anchor: Path | None, **options: Any
    ) -> None:
        command(*args, place=Place(party, url, anchor), **options)

    return party_option(url_option(anchor_option(run)))


def trust_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add --party and --anchor for what needs no service, handed over as ``place`` too."""

    @functools.wraps(command)
    def run(*args: Any, party: Path | None, anchor: Path | None, **options: Any) -> None:
        command(*args, place=Place(party, None, anchor), **options)

    return party_option(anchor_option(run))


@dataclass(frozen=True, slots=True)
class Session:
    """A party at work on its log: who it is, whom it trusts, whom it speaks to."""

    folder: PartyFolder
    profile: PartyProfile
    anchor: Anchor
    anchor_bytes: bytes
    url: str

    def open_key(self, path: Path) -> PartySigner:
        """Open one of the party's keys; asks for the passphrase."""
        signer = open_key_file(path)
        return signer_for(parse_origin(self.anchor.origin), self.profile.slug, signer)

    def composer(self, signer: PartySigner) -> Composer:
        """Composes records under the charter's default policy."""
        return Composer(self.anchor.origin, self.anchor.charter, signer, secrets.token_bytes)

    def filing_composer(self, signer: PartySigner, client: LogClient) -> Composer:
        """Composes records under the newest default policy of the log, verified.

        Raises:
            ClientError, LedgerError: the policy could not be had, or does not verify.
        """
        found = newest_policy(client, self.anchor)
        origin = self.anchor.origin
        return Composer(origin, found.record_id, signer, secrets.token_bytes, found.document)

    def client(self, signer: PartySigner | None = None) -> LogClient:
        """A client of the log's service."""
        return open_client(self.url, signer)


def open_client(url: str, signer: PartySigner | None) -> LogClient:
    """A client that says so when it has to wait."""

    def wait(seconds: float) -> None:
        click.echo(
            f"{url} does not answer yet: does 'lotmark serve' run there? Trying again", err=True
        )
        time.sleep(seconds)

    def tell_skew(seconds: int) -> None:
        click.echo(warn(seconds, language_of_environment()), err=True)

    return LogClient(url, signer=signer, effects=Effects(wait=wait, tell_skew=tell_skew))


def open_session(place: Place) -> Session:
    """The party, its log and its service.

    Raises:
        SetupError, LedgerError: one of them cannot be found or read.
    """
    folder = place.folder()
    profile = read_profile(folder)
    data = read_anchor(place)
    return Session(folder, profile, parse_anchor(data), data, place.address(profile))


def read_anchor(place: Place) -> bytes:
    """The bytes of the trust anchor file.

    Raises:
        AnchorMissing: none was named and none is at hand.
    """
    path = place.anchor_path()
    if path is None:
        raise AnchorMissing(
            "expected a trust anchor, found none: get anchor.json from the operator by a way "
            "you trust, and name it with --anchor"
        )
    return read_file(path, "a trust anchor")


def read_file(path: Path, what: str, *, bytes_max: int | None = None) -> bytes:
    """The bytes of a file that the user named.

    Raises:
        CommandFault: it cannot be read, or is larger than ``bytes_max``.
    """
    try:
        with path.open("rb") as file:
            data = file.read(-1 if bytes_max is None else bytes_max + 1)
    except OSError as fault:
        raise CommandFault(
            "file-unreadable",
            f"expected {what} at {path}, found: {fault.strerror or fault}",
            remedy="Correct the path.",
        ) from fault
    if bytes_max is not None and len(data) > bytes_max:
        raise CommandFault(
            "too-large",
            f"{path}: expected at most {bytes_max} bytes, found more",
            remedy="Split the file.",
        )
    return data


def open_key_file(path: Path, passphrase: str | None = None) -> Signer:
    """Open a key file; the passphrase is the one given, of the environment, or asked for."""

    def passphrase_of_file() -> str:
        return ask_passphrase(f"Passphrase of {path}") if passphrase is None else passphrase

    return open_signer(
        f"file:{path.absolute()}", environment=os.environ, passphrase=passphrase_of_file
    )


def read_settings(**given: Any) -> Settings:
    """The settings of a service, from the options given and the environment.

    Raises:
        click.UsageError: one of them is out of its bounds.
    """
    # A party's commands need no settings, and these take a quarter of the time of their start.
    from pydantic import ValidationError

    from api.settings import Settings

    try:
        return Settings(**given)
    except ValidationError as fault:
        names = ["_".join(str(part) for part in item["loc"]).upper() for item in fault.errors()]
        reasons = [item["msg"] for item in fault.errors()]
        told = (f"LOTMARK_{name}: {reason}" for name, reason in zip(names, reasons, strict=True))
        raise click.UsageError("; ".join(told)) from fault


def data_folder(root: Path) -> DataFolder:
    """A data folder, with the database server and the shared uploads that the environment names."""
    settings = read_settings(data=root)
    return DataFolder(root, settings.database_url, settings.blobs, settings.shelf)


def ask_passphrase(prompt: str, *, is_new: bool = False) -> str:
    """Ask for a passphrase on the terminal, twice where it is new.

    Raises:
        UnusablePassphrase: there is no terminal.
    """
    with warnings.catch_warnings():
        # Its warning would be followed by an echo of what is typed, or by waiting for ever.
        warnings.simplefilter("error", GetPassWarning)
        try:
            return str(click.prompt(prompt, hide_input=True, confirmation_prompt=is_new, err=True))
        except GetPassWarning as fault:
            raise UnusablePassphrase(
                f"expected an answer to {prompt!r}, found no terminal: set {PASSPHRASE_VARIABLE}"
            ) from fault


def known_passphrase(what: str) -> str:
    """The passphrase of keys that are there already: of the environment, else asked for."""
    found = os.environ.get(PASSPHRASE_VARIABLE)
    return ask_passphrase(f"Passphrase of {what}") if found is None else found


def new_passphrase(what: str) -> str:
    """A passphrase for new keys: of the environment, else asked for twice."""
    found = os.environ.get(PASSPHRASE_VARIABLE)
    return ask_passphrase(f"New passphrase for {what}", is_new=True) if found is None else found


def pass_output(command: Callable[..., None]) -> Callable[..., None]:
    """Add --json and hand the command its :class:`Output` first."""

    @functools.wraps(command)
    def run(*args: Any, is_json: bool, **options: Any) -> None:
        command(Output(is_json), *args, **options)

    return json_option(run)
