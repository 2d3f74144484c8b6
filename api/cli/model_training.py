"""``lotmark model train`` and ``fetch``: models that the service trains, and their files."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any, Final

import click

from api.cli.acts import admitted_members, ask
from api.cli.anomaly_lines import key_of
from api.cli.faults import CommandFault
from api.cli.model_records import find_of_type, shown_group, sign_record
from api.cli.options import Place, open_session, pass_output, place_options
from api.cli.output import Output
from api.cli.party_acts import Acting, open_acting
from api.cli.proposal_words import slug_of
from api.cli.record_argument import record_id_of
from api.client_anomaly import AnomalyClient, Told
from api.client_errors import AnswerMalformed
from keys.encoding import encode_base64url
from ledger.durable_files import replace_file

CARD: Final = "model-card/v1"
_ASK_SECONDS: Final = 0.25
_FILE: Final = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("line")
@click.option(
    "--records",
    metavar="RECORD",
    multiple=True,
    help="An upload to train on, by id or entry number, repeatable; default: all that are held.",
)
@click.option(
    "--challenger",
    "is_challenger",
    is_flag=True,
    help="An autoencoder of the same rows, which scores in shadow alone.",
)
@click.option("--out", type=_FILE, help="Where the ONNX file is written, its digest checked.")
@click.option("--yes", "is_agreed", is_flag=True, help="Sign the card without asking.")
@place_options
@pass_output
def train(output: Output, *, line: str, place: Place, **options: Any) -> None:
    """Have the service train a model of a line, and sign its card where the service does not.

    LINE is SITE/LINE/MACHINE/PART, or its key. The model scores nothing before two people
    approved it, neither of whom signed the card, and one of them activated it.
    """
    session = open_session(place)
    acting = open_acting(session)
    with acting.client:
        client = AnomalyClient(acting.client)
        # Whoever uploads and trains in one script means the rows that were just uploaded.
        client.await_log()
        records = tuple(record_id_of(named, acting.client) for named in options["records"])
        asked = client.train(
            key_of(line, acting.did), records, is_challenger=options["is_challenger"]
        )
        job = _await(output, client, str(asked.get("job", "")))
        digest, card = _draft(acting, job)
        onnx = client.onnx(digest)
        if options["out"] is not None:
            replace_file(options["out"], onnx)
        told = [f"model {digest}, {len(onnx):,} bytes", *_card_words(card)]
        if (signed := job.get("signed")) is None:
            question = f"Sign its card in the name of {session.profile.slug}?"
            ask(output, told, question, is_agreed=options["is_agreed"])
            filed = admitted_members(sign_record(acting, CARD, card))
        else:
            filed = _signed(output, acting, str(signed), digest)
    output.say(f"card: entry {filed['index']}, model {digest}")
    output.say(f"  two people approve it: lotmark model approve {filed['index']} --reason CODE")
    output.result({"model": digest, "line": job["line"], **filed})


def _signed(output: Output, acting: Acting, record_id: str, digest: str, /) -> dict[str, Any]:
    """The card that the operator's service key has signed, verified: is it of this model?"""
    found = find_of_type(acting, record_id, CARD)
    if shown_group(found, "state")["onnx_sha256"] != _as_record(digest):
        raise AnswerMalformed(f"expected the card of model {digest}, found that of another")
    output.note(f"the service of {slug_of(found.issuer)} signed its card")
    return {"record_id": found.record_id, "index": found.index}


def _await(output: Output, client: AnomalyClient, name: str) -> Told:
    """The training when it has ended.

    Raises:
        CommandFault: it failed.
    """
    done = 0
    with output.progress("training", 100) as update:
        while True:
            job = client.training(name)
            share = 100 * job.get("done", 0) // max(1, job.get("of", 0))
            update(max(0, share - done))
            done = max(done, share)
            if job.get("status") not in ("queued", "running"):
                break
            time.sleep(_ASK_SECONDS)
    if job.get("status") == "done":
        return job
    raise CommandFault(
        "training-failed",
        f"{job.get('code', 'no code')}: {job.get('detail', 'the service says no more')}",
        remedy="Name uploads of good rows of this line with --records.",
    )


def _draft(acting: Acting, job: Told) -> tuple[str, dict[str, Any]]:
    """Digest and card that a service hands back; the card is of that model and of this party.

    Raises:
        AnswerMalformed: it is of another one. A signature would stand for it.
    """
    digest, card = str(job.get("model", "")), job.get("card")
    state = card.get("state") if isinstance(card, dict) else None
    if not isinstance(card, dict) or not isinstance(state, dict):
        raise AnswerMalformed(f"expected the card of a model, found {str(card)[:80]}")
    if state.get("owner") != acting.did:
        raise AnswerMalformed(f"expected a card of {acting.did}, found {state.get('owner')}")
    if state.get("onnx_sha256") != _as_record(digest):
        raise AnswerMalformed(f"expected the card of model {digest}, found that of another")
    return digest, card


def _as_record(digest: str) -> str:
    """A digest as records write it."""
    return encode_base64url(bytes.fromhex(digest)) if re.fullmatch("[0-9a-f]{64}", digest) else ""


def _card_words(card: dict[str, Any]) -> list[str]:
    training = card.get("training", {})
    return [
        f"  stage {card['state'].get('stage')}",
        f"  {training.get('rows')} rows from {training.get('from')} to {training.get('until')}",
    ]


@click.command()
@click.argument("digest")
@click.option("--out", required=True, type=_FILE, help="Where the ONNX file is written.")
@place_options
@pass_output
def fetch(output: Output, *, digest: str, out: Path, place: Place) -> None:
    """Fetch the ONNX file of a model of this party, and check that it is the one.

    DIGEST is its SHA-256 in hexadecimal, as alarms and 'lotmark model train' tell it.
    """
    if re.fullmatch("[0-9a-f]{64}", digest) is None:
        raise click.UsageError(f"expected a SHA-256 in hexadecimal, found {digest!r}")
    acting = open_acting(open_session(place))
    with acting.client:
        onnx = AnomalyClient(acting.client).onnx(digest)
    replace_file(out, onnx)
    output.say(f"{len(onnx):,} bytes in {out}, SHA-256 {digest}")
    output.result({"model": digest, "bytes": len(onnx)})
