"""``lotmark witness``: a witness that any partner runs, and the evidence it has kept."""

from __future__ import annotations

import os
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from api.cli.faults import REFUSED
from api.cli.listening import listen, run_app
from api.cli.options import (
    COSTS,
    ask_passphrase,
    cost_option,
    language_option,
    new_passphrase,
    pass_output,
    read_file,
)
from api.cli.output import Output
from api.cli.witness_words import WitnessWords, instant_of
from api.witness_folder import (
    KEY_URI,
    WitnessConfig,
    WitnessFolder,
    add_log,
    create_witness,
    locate_witness_key,
    new_witness,
    read_logs,
    read_witness,
)
from keys.ed25519 import SEED_BYTES
from keys.encoding import encode_base64
from keys.key_file import Cost, seal_seed
from keys.key_storage import store_key_file
from keys.signer import SeedSigner, Signer, open_signer
from ledger import limits
from ledger.anchor import parse_anchor
from ledger.checkpoint import parse_checkpoint
from ledger.durable_files import replace_file
from ledger.fork_evidence import ForkEvidence, encode_fork
from ledger.note import VerifierKey, encode_vkey, parse_note, parse_vkey
from ledger.store_witness import CosignedRow, ForkRow, WitnessStore

folder_option = click.option(
    "--folder",
    envvar="LOTMARK_WITNESS",
    type=click.Path(path_type=Path),
    default=Path("witness"),
    show_default=True,
    help="Folder of the witness. [LOTMARK_WITNESS]",
)


@click.group()
def witness() -> None:
    """Run a witness: it cosigns what a log signs, unless the log rewrites its past.

    \b
    A witness in three commands:
      lotmark witness init --name witness.example/w1 --url https://witness.example
      lotmark witness add-log anchor.json
      lotmark witness serve
    """


@witness.command()
@click.option("--name", required=True, help="Its permanent name, such as witness.example/w1.")
@click.option("--url", default="", help="Address that logs send checkpoints to.")
@click.option("--key", help="Signer URI (env:NAME, file:PATH); default: a new key file.")
@folder_option
@cost_option
@pass_output
def init(output: Output, *, name: str, folder: Path, **options: Any) -> None:
    """Make a witness: its key and its empty memory.

    Prints the line by which a trust policy names it. A witness whose memory is lost must not
    go on under its key: keep both together, and never restore an older copy.
    """
    place = WitnessFolder(folder)
    with new_witness(place):
        signer, key_uri = _key_of(place, options["key"], COSTS[options["cost"]])
        config = create_witness(place, name, signer=signer, key_uri=key_uri, url=options["url"])
    output.say(f"witness {config.name} is in {place.root}")
    output.say(config.policy_line)
    output.note("next: hand that line to the log's members, then lotmark witness add-log ANCHOR")
    output.result({"name": name, "vkey": config.vkey, "policy_line": config.policy_line})


@witness.command("add-log")
@click.argument("anchor", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--origin", help="Origin of the log, where no trust anchor is given.")
@click.option("--vkey", "vkeys", multiple=True, help="A key of the log; may be given again.")
@folder_option
@pass_output
def add_log_command(
    output: Output, *, anchor: Path | None, origin: str | None, vkeys: tuple[str, ...], folder: Path
) -> None:
    """Witness a log: ANCHOR is its trust anchor file. A witness that runs notices by itself.

    Keys that are believed already stay, so that a log may change its key.
    """
    read_witness(WitnessFolder(folder))
    named, keys = _named_log(anchor, origin, vkeys)
    log = add_log(WitnessFolder(folder), named, keys)
    output.say(f"log {log.origin} is witnessed, {len(log.keys)} keys")
    output.result({"origin": log.origin, "vkeys": [encode_vkey(key) for key in log.keys]})


@witness.command()
@folder_option
@click.option("--host", envvar="LOTMARK_HOST", default="127.0.0.1", show_default=True)
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8090,
    show_default=True,
    help="0 takes a free one.",
)
@pass_output
def serve(output: Output, *, folder: Path, host: str, port: int) -> None:
    """Witness the logs, one process, until Ctrl-C."""
    place = WitnessFolder(folder)
    with listen(host, port) as listener:
        from api import interpreter
        from api.observability import configure_logs
        from api.witness_app import build_witness_app, open_witness

        config = read_witness(place)
        running = open_witness(place, _open_key(place, config))
        bracketed = f"[{host}]" if ":" in host else host
        url = f"http://{bracketed}:{listener.getsockname()[1]}"
        output.say(f"witness {config.name}, {len(running.logs.now())} logs")
        output.say(f"serving {url}; Ctrl-C stops")
        output.result({"name": config.name, "vkey": config.vkey, "url": url})
        sys.stdout.flush()
        configure_logs()
        app = build_witness_app(running)
        interpreter.settle()
        run_app(app, listener)


@witness.command()
@folder_option
@language_option
@pass_output
def show(output: Output, *, folder: Path, language: str) -> None:
    """Show each log, how far it was cosigned, and whether it has signed two histories.

    Exit status 1 says that one has. May run beside the witness.
    """
    place = WitnessFolder(folder)
    config = read_witness(place)
    telling = _Telling(output, WitnessWords(language), _read_state(place, config))
    telling.tell(config)
    if telling.state.proven():
        # The outcome has been told; only the status is left to say.
        click.get_current_context().exit(REFUSED)


@witness.command("export-evidence")
@folder_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("evidence"),
    show_default=True,
    help="Folder for the files.",
)
@pass_output
def export_evidence(output: Output, *, folder: Path, out: Path) -> None:
    """Write every proven fork as a file that anyone checks: lotmark verify-fork FILE."""
    place = WitnessFolder(folder)
    proven = _read_state(place, read_witness(place)).proven()
    out.mkdir(parents=True, exist_ok=True)
    paths = [out / f"fork-{number:04d}.json" for number in range(1, len(proven) + 1)]
    for path, evidence in zip(paths, proven, strict=True):
        replace_file(path, encode_fork(evidence).encode())
        output.say(f"{path}: {evidence.origin}")
    output.note(f"{len(paths)} files are in {out}")
    output.result({"files": [str(path) for path in paths]})


@dataclass(frozen=True, slots=True)
class _State:
    """What a witness remembers, read at once."""

    known: frozenset[str]
    last: dict[str, CosignedRow]
    forks: list[ForkRow]

    def proven(self, origin: str | None = None) -> list[ForkEvidence]:
        """The evidence that convinces, of one log or of all."""
        return [
            row.evidence
            for row in self.forks
            if row.is_proven and origin in (None, row.evidence.origin)
        ]

    def refused(self, origin: str) -> int:
        """How many refusals were kept that show nothing by themselves."""
        return sum(not r.is_proven and r.evidence.origin == origin for r in self.forks)


def _read_state(folder: WitnessFolder, config: WitnessConfig) -> _State:
    store = WitnessStore(folder.database, vkey=config.vkey, read_only=True)
    try:
        return _State(frozenset(read_logs(folder)), store.last(), store.forks())
    finally:
        store.close()


@dataclass(frozen=True, slots=True)
class _Telling:
    """One run of show."""

    output: Output
    words: WitnessWords
    state: _State

    def tell(self, config: WitnessConfig) -> None:
        """Tell everything."""
        say, state = self.output.say, self.state
        say(self.words.say("witness", name=config.name))
        say(self.words.say("policy", line=config.policy_line))
        origins = sorted(state.known | state.last.keys())
        for origin in origins:
            self._tell_log(origin)
        if not origins:
            say(self.words.say("none"))
        say(self.words.say("fork.next" if state.proven() else "well"))
        self.output.result(
            {
                "name": config.name,
                "vkey": config.vkey,
                "logs": [self._members(origin) for origin in origins],
            }
        )

    def _tell_log(self, origin: str) -> None:
        say, words, row = self.output.say, self.words, self.state.last.get(origin)
        say(words.say("log", origin=origin))
        if origin not in self.state.known:
            say(words.say("unknown"))
        if row is None:
            say(words.say("never"))
            return
        say(words.say("last", size=row.size, at=instant_of(row.cosigned_s * 1000)))
        say(words.say("root", root=encode_base64(row.root)))
        if proven := self.state.proven(origin):
            say(words.say("fork", count=len(proven)))
        for evidence in proven:
            first, second = (size_of(note) for note in (evidence.first, evidence.second))
            at = instant_of(evidence.noticed_ms)
            say(words.say("fork.one", at=at, first=first, second=second))
        if refused := self.state.refused(origin):
            say(words.say("refused", count=refused))

    def _members(self, origin: str) -> dict[str, Any]:
        row = self.state.last.get(origin)
        return {
            "origin": origin,
            "size": row.size if row else 0,
            "root": encode_base64(row.root) if row else None,
            "cosigned_s": row.cosigned_s if row else None,
            "forks": len(self.state.proven(origin)),
            "refused": self.state.refused(origin),
        }


def size_of(note: str) -> int:
    """The size in a checkpoint note."""
    return int(parse_checkpoint(parse_note(note.encode()).text).size)


def _key_of(folder: WitnessFolder, uri: str | None, cost: Cost) -> tuple[Signer, str]:
    if uri is not None:
        located = locate_witness_key(folder, uri)
        return open_signer(located, environment=os.environ, passphrase=_ask), uri
    seed = secrets.token_bytes(SEED_BYTES)
    passphrase = new_passphrase("the witness's key")
    store_key_file(folder.key, seal_seed(seed, passphrase=passphrase, cost=cost))
    return SeedSigner(seed), KEY_URI


def _open_key(folder: WitnessFolder, config: WitnessConfig) -> Signer:
    uri = locate_witness_key(folder, config.key_uri)
    return open_signer(uri, environment=os.environ, passphrase=_ask)


def _ask() -> str:
    return ask_passphrase("Passphrase of the witness's key")


def _named_log(
    anchor: Path | None, origin: str | None, vkeys: tuple[str, ...]
) -> tuple[str, list[VerifierKey]]:
    if anchor is not None and (origin or vkeys):
        raise click.UsageError("give a trust anchor, or --origin and --vkey, not both")
    if anchor is not None:
        data = read_file(anchor, "a trust anchor", bytes_max=limits.ANCHOR_BYTES_MAX)
        trusted = parse_anchor(data)
        keys = [log.key for log in trusted.policy.logs if log.key.name == trusted.origin]
        return trusted.origin, keys
    if not origin or not vkeys:
        raise click.UsageError("expected a trust anchor file, or --origin and --vkey")
    return origin, [parse_vkey(vkey) for vkey in vkeys]
