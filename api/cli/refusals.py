"""The log's signed word on refused records: kept by ``submit``, verified by ``verify``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from api import errors
from api.cli.faults import describe_fault
from api.cli.journal import SUFFIX as JOURNAL
from api.cli.options import read_file
from api.cli.output import Output
from api.cli.record_files import parse_records
from api.cli.refusal_words import LEFT, STEPS, WHY
from api.cli.verification_words import instant
from api.client import encode_line
from api.client_errors import Problem
from ledger import limits
from ledger.anchor import Anchor
from ledger.durable_files import replace_file
from ledger.record import encode_record_id, record_id
from ledger.sharing.errors import RefusalMismatch
from ledger.sharing.members import SignedRefusal, refusal_members, submission_digest
from ledger.sharing.signed import REFUSAL_PURPOSE, check_refusal_fits, verify_refusal

SUFFIX: Final = ".refusals"
_NOTE: Final = ".note"


@dataclass(frozen=True, slots=True)
class KeptRefusals:
    """The folder beside a journal where the log's notes on refused records are kept."""

    journal: Path
    anchor: Anchor

    @property
    def folder(self) -> Path:
        """``FILE.refusals`` beside ``FILE.journal.jsonl``."""
        return self.journal.with_name(self.journal.name.removesuffix(JOURNAL) + SUFFIX)

    def keep(self, sd_jwt: str, problem: Problem) -> Path | None:
        """Verify the note on a refusal and keep it; None where the service gave none.

        Raises:
            LedgerError: the note does not verify, or is about something else.
            OSError: it cannot be written.
        """
        note = problem.more.get(errors.SIGNED)
        if not isinstance(note, str):
            return None
        found = verify_refusal(note, anchor=self.anchor)
        check_refusal_fits(found, encode_line(sd_jwt), code=problem.code)
        path = self.folder / f"{found.of.record_id or found.of.submission}{_NOTE}"
        # What faults quote is as private as the journal.
        self.folder.mkdir(mode=0o700, exist_ok=True)
        replace_file(path, note.encode())
        return path


def is_signed_refusal(data: bytes) -> bool:
    """Whether a file is one of these notes, by its first line."""
    return data.startswith(f"{REFUSAL_PURPOSE}\n".encode())


def tell_refusal(
    output: Output, data: bytes, record: Path | None, *, anchor: Anchor, language: str
) -> None:
    """Verify a note offline and tell what the log said.

    Raises:
        LedgerError: it does not verify, or no record of the file is the one refused.
    """
    found = verify_refusal(data.decode("utf-8", "replace"), anchor=anchor)
    names = ["signed", "refused", "record" if found.of.record_id else "no_record"]
    if record is not None:
        names.append(_fit(found, record))
    at = 1 if language == "zh" else 0
    values = {
        "origin": anchor.origin,
        "instant": instant(found.of.at_ms),
        "size": found.of.size,
        "submission": found.of.submission,
        "record": found.of.record_id,
    }
    steps = {name: STEPS[name][at].format(**values) for name in names}
    for number, text in enumerate(steps.values(), start=1):
        output.say(f"  {number}. {text}")
    _tell_why(output, found, at)
    told = [{"step": name, "text": text} for name, text in steps.items()]
    output.result({"refusal": refusal_members(found), "origin": anchor.origin, "steps": told})


def _tell_why(output: Output, found: SignedRefusal, at: int) -> None:
    titles: Any = errors.TITLES.get(found.code, (found.code, found.code))
    output.say(f"  {WHY[at]}: {found.code} ({titles[at]}): {found.detail}")
    for fault in found.faults:
        output.say(f"     {describe_fault(fault)}")
    if found.faults_left:
        output.say(f"     {LEFT[at].format(left=found.faults_left)}")


def _fit(found: SignedRefusal, path: Path) -> str:
    """How a record of the file is the one that was refused."""
    data = read_file(path, "a record", bytes_max=limits.JOURNAL_BYTES_MAX)
    names = {submission_digest(data)}
    ids = set()
    for sd_jwt in parse_records(data):
        names.add(submission_digest(encode_line(sd_jwt)))
        jws = sd_jwt.partition("~")[0]
        if jws.isascii():
            ids.add(encode_record_id(record_id(jws)))
    if found.of.submission in names:
        return "same_bytes"
    if found.of.record_id in ids:
        return "same_record"
    raise RefusalMismatch(
        f"expected the record {found.of.record_id} in {path}, found {len(ids)} others"
    )
