"""``lotmark verify``: a view or a receipt, offline, from the trust anchor alone."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from api.cli.faults import CommandFault, remedy_of
from api.cli.options import (
    Place,
    language_option,
    pass_output,
    read_anchor,
    read_file,
    trust_options,
)
from api.cli.output import Output
from api.cli.record_files import parse_records
from api.cli.refusals import is_signed_refusal, tell_refusal
from api.cli.verification_words import WARNINGS, Step, Words, instant, record_members
from keys.errors import KeysError
from ledger import limits
from ledger.anchor import Anchor, parse_anchor
from ledger.errors import LedgerError
from ledger.receipt import VerifiedReceipt, verify_receipt
from ledger.record import parse_jws, verify_jws
from ledger.tlog_proof import HEADER
from ledger.verify import VerifiedRecord, VerifiedView, verify_view
from ledger.view import parse_view

_RECEIPT_WORD: Final = ("approvals-sufficed", "no-later-revocation", "key-in-force")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--record",
    type=click.Path(path_type=Path),
    help="What a receipt or a refusal is for (SD-JWT text, submission JSON, or journal).",
)
@language_option
@trust_options
@pass_output
def verify(output: Output, *, file: Path, record: Path | None, language: str, place: Place) -> None:
    """Verify a view, a receipt with its record, or a signed refusal. Needs no network.

    Tells every step that was checked. Exit status 0: every step holds. 1: refused, with the
    code of the first step that does not.
    """
    words = Words(language)
    data = read_file(file, "a view, a receipt or a refusal", bytes_max=limits.VIEW_BYTES_MAX + 1)
    try:
        trusted = parse_anchor(read_anchor(place))
        if is_signed_refusal(data):
            tell_refusal(output, data, record, anchor=trusted, language=language)
        elif data.startswith(HEADER.encode()):
            _verify_receipt(output, data, record, anchor=trusted, words=words)
        else:
            _tell_view(output, verify_view(parse_view(data), trusted), words)
    except (LedgerError, KeysError) as fault:
        raise refusal(fault, words) from fault


def refusal(fault: LedgerError | KeysError, words: Words) -> CommandFault:
    """A failed verification as it is told."""
    meaning = words.code(fault.code)
    return CommandFault(fault.code, str(fault), remedy=meaning or remedy_of(fault.code))


def _verify_receipt(
    output: Output, data: bytes, path: Path | None, *, anchor: Anchor, words: Words
) -> None:
    if path is None:
        raise click.UsageError("a receipt is verified with its record: name it with --record")
    jws, receipt = _fitting_record(data, path, anchor)
    parsed = parse_jws(jws, origin=anchor.origin)
    verify_jws(parsed)
    output.say(f"record {receipt.record_id}, {parsed.claims.vct}")
    steps = words.receipt_steps(receipt, issuer=parsed.claims.iss)
    _tell_steps(output, steps)
    _tell_word(output, _RECEIPT_WORD, words)
    output.result(
        {
            "record_id": receipt.record_id,
            "index": receipt.index,
            "issuer": parsed.claims.iss,
            "type": parsed.claims.vct,
            "admitted_ms": receipt.admitted_ms,
            "authentic": parsed.header.kid,
            "included": {"index": receipt.index, "size": receipt.included_in},
            "cosigned_by": list(receipt.cosigned_by),
            "log_word": list(_RECEIPT_WORD),
            "steps": [{"step": step.name, "text": step.text} for step in steps],
        }
    )


def _fitting_record(data: bytes, path: Path, anchor: Anchor) -> tuple[str, VerifiedReceipt]:
    """The record of the file that the receipt is for; the first refusal where none is."""
    first: LedgerError | None = None
    for sd_jwt in parse_records(read_file(path, "a record", bytes_max=limits.JOURNAL_BYTES_MAX)):
        jws = sd_jwt.partition("~")[0]
        try:
            return jws, verify_receipt(data, jws, anchor=anchor)
        except LedgerError as fault:
            first = first or fault
    if first is not None:
        raise first
    raise CommandFault(
        "malformed-record",
        f"expected a record in {path}, found none",
        remedy="Name the text 'JWS~...~', its submission JSON, or the journal of 'submit'.",
    )


def _tell_view(output: Output, verified: VerifiedView, words: Words) -> None:
    for record in verified.records:
        tell_record_head(output, record)
        _tell_steps(output, words.record_steps(record))
        _tell_word(output, record.log_word, words)
    output.result(
        {
            "origin": verified.origin,
            "size": verified.size,
            "cosigned_by": list(verified.cosigned_by),
            "records": [record_members(record, words) for record in verified.records],
        }
    )
    end_if_contradictory(verified)


def end_if_contradictory(verified: VerifiedView) -> None:
    """End with status 1 where a record contradicts itself: authentic, and not to be relied on."""
    if any(record.contradictions for record in verified.records):
        click.get_current_context().exit(1)


def tell_record_head(output: Output, record: VerifiedRecord) -> None:
    """What a record is, in two lines."""
    output.say(f"record {record.record_id}, {record.type}")
    output.say(
        f"  {record.issuer}, signed {instant(record.signed_s * 1000)}, "
        f"admitted {instant(record.admitted_ms)}"
    )


def _tell_steps(output: Output, steps: list[Step]) -> None:
    holding = [step for step in steps if step.name not in WARNINGS]
    for number, step in enumerate(holding, start=1):
        output.say(f"  {number}. {step.text}")
    for step in steps:
        if step.name in WARNINGS:
            output.say(f"  ! {step.text}")


def _tell_word(output: Output, names: tuple[str, ...], words: Words) -> None:
    output.say(f"  {words.log_word_title()}")
    for name in names:
        output.say(f"     {words.log_word(name)}")
