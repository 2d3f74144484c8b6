"""``lotmark verify-fork``: evidence that a log signed two histories, checked offline."""

from __future__ import annotations

from pathlib import Path

import click

from api.cli.options import (
    Place,
    language_option,
    pass_output,
    read_anchor,
    read_file,
    trust_options,
)
from api.cli.output import Output
from api.cli.witness_words import WitnessWords, instant_of
from keys.encoding import encode_base64
from ledger import fork_evidence, limits
from ledger.anchor import parse_anchor
from ledger.errors import WrongOrigin
from ledger.fork_evidence import parse_fork


@click.command("verify-fork")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@trust_options
@language_option
@pass_output
def verify_fork(output: Output, *, file: Path, place: Place, language: str) -> None:
    """Check evidence of a fork offline: FILE is what a witness exported.

    The log's keys come from the trust anchor; neither the witness nor the file is believed.
    """
    anchor = parse_anchor(read_anchor(place))
    data = read_file(file, "fork evidence", bytes_max=limits.FORK_EVIDENCE_BYTES_MAX)
    evidence = parse_fork(data)
    if evidence.origin != anchor.origin:
        raise WrongOrigin(f"expected evidence of {anchor.origin}, found that of {evidence.origin}")
    keys = [log.key for log in anchor.policy.logs if log.key.name == anchor.origin]
    fork = fork_evidence.verify_fork(evidence, keys)
    words = WitnessWords(language)
    first, second = fork.first, fork.second
    output.say(words.say("shown", origin=evidence.origin))
    output.say(words.say("shown.first", size=first.size, root=encode_base64(first.root)))
    output.say(words.say("shown.second", size=second.size, root=encode_base64(second.root)))
    replaced = encode_base64(fork.replaced_root)
    if second.size != first.size:
        output.say(words.say("shown.replaced", size=first.size, root=replaced))
    at = instant_of(evidence.noticed_ms)
    output.say(words.say("shown.kept", witness=evidence.witness, at=at))
    output.say(words.say("shown.means"))
    output.result(
        {
            "origin": evidence.origin,
            "first": {"size": first.size, "root": encode_base64(first.root)},
            "second": {"size": second.size, "root": encode_base64(second.root)},
            "replaced_root": replaced,
            "witness": evidence.witness,
            "noticed_ms": evidence.noticed_ms,
        }
    )
