"""``lotmark show``, ``receipt``, ``export`` and ``anchor``: reading from the log's service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from api.cli.anchor_words import anchor_words
from api.cli.content_words import Labels, read_labels, tell_flags, tell_groups, tell_log_flags
from api.cli.faults import CommandFault
from api.cli.flags_beside import log_flags
from api.cli.options import (
    Place,
    cosigned_option,
    language_option,
    open_client,
    open_key_file,
    pass_output,
    place_options,
    read_anchor,
    read_file,
)
from api.cli.output import Output
from api.cli.record_argument import RecordCommand
from api.cli.record_findings import finding_members, record_findings
from api.cli.redaction import redact_view
from api.cli.verification_words import Words, record_members
from api.cli.verifying import end_if_contradictory, refusal, tell_record_head
from api.client import LogClient
from api.client_errors import ClientError
from api.known_types import find_type, record_at
from api.party_folder import PartySigner, read_profile, signer_for
from api.search_query import encode_cursor
from keys.errors import KeysError
from keys.identifiers import parse_origin
from ledger import limits
from ledger.anchor import Anchor, parse_anchor
from ledger.durable_files import replace_file
from ledger.errors import LedgerError
from ledger.record import GOVERNANCE_VCTS
from ledger.verify import VerifiedRecord, VerifiedView, verify_view
from ledger.view import parse_view

_PAGE = limits.VIEW_RECORDS_MAX


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: a trust anchor, a service, and the party's key where there is one."""

    anchor: Anchor
    client: LogClient


@click.command(cls=RecordCommand)
@click.argument("record")
@click.option("--anonymous", is_flag=True, help="Do not sign: read what anyone may read.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Write the view to this file, to hand on; 'lotmark verify' takes it.",
)
@click.option(
    "--groups",
    metavar="NAME,NAME",
    help="Keep only these groups, on the screen and in the file; the others leave no trace but "
    "their digests.",
)
@place_options
@language_option
@pass_output
def show(output: Output, *, record: str, language: str, place: Place, **asked: Any) -> None:
    """Show a record: RECORD is its id, its entry number, or a view file.

    What the service sends is verified from the trust anchor before it is shown.
    """
    words = Words(language)
    handing = _Handing(asked["out"], asked["groups"])
    if Path(record).is_file():
        trusted = parse_anchor(read_anchor(place))
        data = read_file(Path(record), "a view", bytes_max=limits.VIEW_BYTES_MAX + 1)
        shown = handing.hand_on(data, _verified(data, trusted, words), trusted)
        _Telling(output, trusted, None, language).tell(shown)
    else:
        reader = open_reader(place, is_anonymous=asked["anonymous"])
        with reader.client as client:
            record_id = _record_id(record, client)
            data = client.view(record_id)
            verified = _verified(data, reader.anchor, words)
            _expect(record_id, verified)
            shown = handing.hand_on(data, verified, reader.anchor)
            _Telling(output, reader.anchor, client, language).tell(shown)
    if handing.out is not None:
        output.note(f"the view is in {handing.out}")
    elif not Path(record).is_file():
        _keep_evidence(output, data, shown)
    end_if_contradictory(shown)


def _keep_evidence(output: Output, data: bytes, shown: VerifiedView) -> None:
    """Save a view in which a record contradicts itself: its issuer's own signature proves it."""
    if any(record.contradictions for record in shown.records):
        path = Path(f"contradiction-{shown.records[0].record_id}.json")
        replace_file(path, data)
        output.note(f"the evidence is in {path}: whoever has the trust anchor can verify it")


@click.command(cls=RecordCommand)
@click.argument("record")
@click.option(
    "--out", type=click.Path(path_type=Path), help="File to write; default: standard output."
)
@cosigned_option
@place_options
@pass_output
def receipt(output: Output, *, record: str, out: Path | None, cosigned: bool, place: Place) -> None:
    """Fetch the receipt of a record: RECORD is its id or its entry number."""
    reader = open_reader(place, is_anonymous=False)
    with reader.client as client:
        record_id = _record_id(record, client)
        text = client.receipt(record_id, cosigned=cosigned)
    if out is not None:
        replace_file(out, text.encode())
        output.say(f"receipt of {record_id} is in {out}")
    else:
        output.say_lines(text)
    if reader.anchor.policy.quorum is not None and not cosigned:
        output.note("as the log alone signed it; --cosigned waits for the witnesses too")
    output.result({"record_id": record_id, "receipt": text})


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--type", "type", help="Only records of this type.")
@click.option("--signer", help="Only records signed by this party (DID).")
@click.option("--mine", flag_value=1, type=int, help="Only records to be read in full.")
@click.option("--anonymous", is_flag=True, help="Do not sign: read what anyone may read.")
@click.option("--resume", is_flag=True, help="Go on below the last record in the folder.")
@place_options
@language_option
@pass_output
def export(
    output: Output, *, folder: Path, anonymous: bool, language: str, place: Place, **asked: Any
) -> None:
    """Save records as view files (JSONL), newest first, each verified before it is written.

    Every file verifies by itself: 'lotmark verify FOLDER/records-0001.jsonl'. An export that was
    cut short goes on with --resume, below the last record that is saved.
    """
    resume = asked.pop("resume")
    reader = open_reader(place, is_anonymous=anonymous)
    conditions: dict[str, str | int] = {
        {"signer": "party"}.get(name, name): value
        for name, value in asked.items()
        if value is not None
    }
    exported = _Export(reader, folder, {"limit": _PAGE, **conditions}, Words(language), output)
    with reader.client:
        files, count = exported.run(resume=resume)
    output.say(f"{count} records are in {len(files)} files in {folder}")
    output.result({"records": count, "files": [str(path) for path in files]})


@click.command()
@place_options
@pass_output
def anchor(output: Output, *, place: Place) -> None:
    """Print the trust anchor that this party holds, and what it says."""
    data = read_anchor(place)
    trusted = parse_anchor(data)
    output.say_lines(data.decode())
    witnesses = [witness.name for witness in trusted.policy.witnesses]
    output.note(f"log {trusted.origin}, charter {trusted.charter}")
    output.note(f"witnesses: {', '.join(witnesses) or 'none'}")
    words = {language: anchor_words(trusted, language) for language in ("en", "zh")}
    output.note("compare these words by phone with somebody who has the anchor already:")
    for line in words.values():
        output.note(f"  {line}")
    output.result(
        {
            "origin": trusted.origin,
            "charter": trusted.charter,
            "words": words,
            "witnesses": witnesses,
            "anchor": data.decode(),
        }
    )


def open_reader(place: Place, *, is_anonymous: bool) -> Reader:
    """The reader that the options describe; it signs with the party's key where it can."""
    trusted = parse_anchor(read_anchor(place))
    folder = place.reader()
    profile = read_profile(folder) if folder else None
    signer: PartySigner | None = None
    if folder is not None and profile is not None and not is_anonymous:
        origin = parse_origin(trusted.origin)
        signer = signer_for(origin, profile.slug, open_key_file(folder.signing_key))
    return Reader(trusted, open_client(place.address(profile), signer))


def fetch_record(record: str, reader: Reader, language: str) -> bytes:
    """The view of a record, by its id or entry number, verified to be one of that record."""
    record_id = _record_id(record, reader.client)
    data = reader.client.view(record_id)
    _expect(record_id, verify_data(data, reader.anchor, language))
    return data


def verify_data(data: bytes, anchor: Anchor, language: str) -> VerifiedView:
    """A view, verified.

    Raises:
        CommandFault: it is refused.
    """
    return _verified(data, anchor, Words(language))


def _record_id(text: str, client: LogClient) -> str:
    if text.isascii() and text.isdecimal() and len(text) < 16:
        return str(record_at(int(text), client)["record_id"])
    return text


def _verified(data: bytes, anchor: Anchor, words: Words) -> VerifiedView:
    try:
        return verify_view(parse_view(data), anchor)
    except (LedgerError, KeysError) as fault:
        raise refusal(fault, words) from fault


def _expect(record_id: str, verified: VerifiedView) -> None:
    found = [record.record_id for record in verified.records]
    if found != [record_id]:
        raise CommandFault(
            "answer-malformed",
            f"expected a view of {record_id}, found one of {', '.join(found)}",
            remedy="Do not trust this service; tell the other members.",
        )


@dataclass(frozen=True, slots=True)
class _Handing:
    """What is to be handed on: which file, and of which groups; None for all of them."""

    out: Path | None
    groups: str | None

    def hand_on(self, data: bytes, verified: VerifiedView, anchor: Anchor) -> VerifiedView:
        """Redact a verified view and write it; the answer is what is left of it."""
        if self.groups is not None:
            names = frozenset(name.strip() for name in self.groups.split(","))
            data = redact_view(parse_view(data), verified, names)
            # Nothing is handed on that its receiver would refuse.
            verified = verify_view(parse_view(data), anchor)
        if self.out is not None:
            replace_file(self.out, data)
        return verified


@dataclass(frozen=True, slots=True)
class _Telling:
    """Tells verified records; a type that is not built in has labels from the service only."""

    output: Output
    anchor: Anchor
    client: LogClient | None
    language: str

    def tell(self, verified: VerifiedView) -> None:
        """Tell every record of a view."""
        words = Words(self.language)
        beside = {record.record_id: self._log_flags(record) for record in verified.records}
        suspected: dict[str, list[dict[str, Any]]] = {}
        for record in verified.records:
            tell_record_head(self.output, record)
            for line in tell_groups(_content(record), self._labels(record)):
                self.output.say(f"  {line}")
            for flag in tell_flags(record.type, _content(record), language=self.language):
                self.output.say(f"  {flag}")
            found = record_findings(record)
            for finding in found:
                text = finding.zh if self.language == "zh" else finding.en
                self.output.say(f"  {finding.code}: {text}")
            suspected[record.record_id] = [finding_members(finding) for finding in found]
            for flag in tell_log_flags(beside[record.record_id], language=self.language):
                self.output.say(f"  beside other records, as the service says: {flag}")
            for step in words.record_steps(record):
                self.output.note(f"  {step.text}")
        self.output.result(
            {
                "origin": verified.origin,
                "size": verified.size,
                "records": [
                    {
                        **record_members(record, words),
                        "log_flags": beside[record.record_id],
                        "findings": suspected[record.record_id],
                    }
                    for record in verified.records
                ],
            }
        )

    def _log_flags(self, record: VerifiedRecord) -> list[dict[str, Any]]:
        """What a record shows only beside others; nothing for who does not sign requests."""
        if self.client is None or self.client.did is None or record.type in GOVERNANCE_VCTS:
            return []
        try:
            return log_flags(self.client, record.record_id)
        except ClientError:
            # A courtesy: what was verified is shown without it.
            return []

    def _labels(self, record: VerifiedRecord) -> Labels:
        if record.type in GOVERNANCE_VCTS:
            return read_labels(None, self.language)
        try:
            kind = find_type(record.type, client=self.client, anchor=self.anchor)
        except ClientError:
            return read_labels(None, self.language)
        return read_labels(kind.text, self.language)


def _content(record: VerifiedRecord) -> Mapping[str, Any]:
    groups = {item.group: item.value for item in record.groups}
    return groups if record.body is None else {"body": dict(record.body), **groups}


@dataclass(frozen=True, slots=True)
class _Export:
    """Saves what matches, a view file at a time."""

    reader: Reader
    folder: Path
    conditions: dict[str, str | int]
    words: Words
    output: Output

    def run(self, *, resume: bool) -> tuple[list[Path], int]:
        """The files of the folder, and how many records were saved now."""
        self.folder.mkdir(parents=True, exist_ok=True)
        files = sorted(self.folder.glob("records-[0-9]*.jsonl")) if resume else []
        cursor = self._cursor_below(files[-1]) if files else None
        count = 0
        while True:
            page = self.conditions | ({"cursor": cursor} if cursor else {})
            data, cursor, meant = self.reader.client.search_view(**page)
            if data:
                verified = _verified(data, self.reader.anchor, self.words).records
                files.append(self.folder / f"records-{len(files) + 1:04}.jsonl")
                replace_file(files[-1], data)
                count += len(verified)
                self.output.note(f"{count} records, {files[-1].name}")
                if len(verified) < meant:
                    # The view ended where one more record would have been too much to verify.
                    cursor = encode_cursor(verified[-1].index)
            if cursor is None:
                return files, count

    def _cursor_below(self, path: Path) -> str:
        data = read_file(path, "a view", bytes_max=limits.VIEW_BYTES_MAX + 1)
        return encode_cursor(_verified(data, self.reader.anchor, self.words).records[-1].index)
