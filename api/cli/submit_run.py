"""One run of ``lotmark submit``: everything is read and checked before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import click

from api.cli.agreed_reports import Agreeing
from api.cli.auto_plan import AutoPlan
from api.cli.bands import fill_bands, tell_bands
from api.cli.cited_shipments import cite_shipments, names_shipments
from api.cli.cited_specifications import SpecificationBook
from api.cli.document_numbers import NumberBook, There, judge_taken_back
from api.cli.draft_check import DraftCheck
from api.cli.drafts import Draft, with_seals
from api.cli.fault_lines import shorten
from api.cli.faults import CommandFault
from api.cli.flags_beside import LogFlags, flags_of_run
from api.cli.group_names import expect_groups, expect_tiers, with_tiers
from api.cli.input_files import Input, InputOptions
from api.cli.inputs import read_input, remember
from api.cli.journal import Journal, journal_path
from api.cli.left_out import write_left_out
from api.cli.mapping_memory import MappingMemory
from api.cli.options import Session
from api.cli.output import Output
from api.cli.record_argument import entry_number, record_id_of
from api.cli.refusals import KeptRefusals
from api.cli.submission import Sent, Submission, slots, tell_interruption
from api.cli.submit_options import SubmitOptions
from api.cli.submit_words import SubmitWords
from api.client import LogClient
from api.known_types import find_type
from api.party_folder import PartySigner
from api.sealing import Sealer
from api.sealing_keys import SealingKeys
from ledger.compose import Composer
from ledger.record_type import RecordType
from ledger.submission import Admitted

#: The faults of every draft that has some, and what is there already, by the draft's identity.
Faults = dict[int, list[str]]


@dataclass(slots=True)
class SubmitRun:
    """One run: read, check, compare with the log, show, send."""

    output: Output
    session: Session
    options: SubmitOptions
    _kinds: dict[str, RecordType] = field(default_factory=dict)
    _there: dict[int, There] = field(default_factory=dict)
    _signer: PartySigner | None = None
    _composer: Composer | None = None
    _book: SpecificationBook | None = None

    def go(self) -> None:
        """Do it."""
        if self.options.journal is not None and len(self.options.files) > 1:
            raise click.UsageError("--journal is for one file")
        reading = self._reading()
        inputs = [read_input(path, reading, find_kind=self._kind) for path in self.options.files]
        inputs = [self._planned(self._agree(self._cite(item))) for item in inputs]
        inputs = [self._sealing(self._band(item)) for item in inputs]
        bad = self._check(inputs)
        words = SubmitWords(self.output, self.options.language, self._kind)
        words.tell_inputs(inputs)
        self._refuse(bad, inputs)
        if self.options.dry_run:
            if self.options.check_log:
                self._refuse_taken(self._compare(inputs, bad), inputs)
            words.tell_dry_run(inputs, self._there, is_checked=self.options.check_log)
            return
        taken = self._compare(inputs, bad)
        self._refuse_taken(taken, inputs)
        bad |= taken
        self._write_left_out(inputs, bad)
        sent = [outcome for item in inputs for outcome in self._send(item, bad)]
        there = [
            (d, self._there[id(d)]) for item in inputs for d in item.drafts if id(d) in self._there
        ]
        words = replace(words, log_flags=self._flags(sent))
        words.tell_sent(sent, there, _left_out(inputs, bad), cosigned=self.options.cosigned)

    def _reading(self) -> InputOptions:
        """How files are read; a case and what is corrected may be entry numbers."""
        reading = self.options.input_options(self.session)
        reading = replace(
            reading,
            progress=self.output.progress,
            find_agreed=lambda constants: self._specifications().characteristics(constants),
        )
        case, corrects = reading.filing.case, reading.filing.corrects
        if not any(text and entry_number(text) is not None for text in (case, corrects)):
            return reading
        # Who does not sign is shown public records alone.
        with self.session.client(self._key()) as client:
            filing = replace(
                reading.filing,
                case=case and record_id_of(case, client),
                corrects=corrects and record_id_of(corrects, client),
            )
        return replace(reading, filing=filing)

    def _flags(self, sent: Sequence[Sent]) -> Mapping[str, LogFlags]:
        """What the new records show beside others, by record id."""
        admitted = (item.answer for item in sent if not item.was_done)
        ids = [answer.record_id for answer in admitted if isinstance(answer, Admitted)]
        if not ids:
            return {}
        with self.session.client(self._key()) as client:
            return flags_of_run(client, ids)

    def _kind(self, vct: str) -> RecordType:
        if vct not in self._kinds:
            with self.session.client() as client:
                self._kinds[vct] = find_type(vct, client=client, anchor=self.session.anchor)
        return self._kinds[vct]

    def _key(self) -> PartySigner:
        if self._signer is None:
            self._signer = self.session.open_key(self.session.folder.signing_key)
        return self._signer

    def _filing_composer(self, signer: PartySigner, client: LogClient) -> Composer:
        if self._composer is None:
            self._composer = self.session.filing_composer(signer, client)
        return self._composer

    def _cite(self, item: Input) -> Input:
        """Receipts name shipments by number: their ids are looked up before anything is checked."""
        if not any(map(names_shipments, item.drafts)):
            return item
        with self.session.client(self._key()) as client:
            cited = cite_shipments(item.drafts, client, self.session.anchor)
        if cited.faults:
            raise CommandFault(
                "shipment-not-found",
                f"{len(cited.faults)} receipts name shipments that the log does not show; "
                "nothing was sent",
                remedy="Ask the supplier to file them first, or name their record ids.",
                places=shorten(cited.faults, total=len(item.drafts)),
            )
        return replace(item, drafts=cited.drafts)

    def _agree(self, item: Input) -> Input:
        """Reports of readings put on the specifications that they cite, and summarised."""
        if not item.is_measured:
            return item
        agreeing = Agreeing(
            self._specifications(),
            has_summary=not self.options.no_summary,
            admits_implausible=self.options.admit_implausible,
        )
        drafts = tuple(agreeing.agree(draft, self._kind(draft.vct)) for draft in item.drafts)
        told = (f"  {note}" for note in agreeing.notes)
        return replace(item, drafts=drafts, described=(*item.described, *told))

    def _planned(self, item: Input) -> Input:
        """Reports without a plan get one where that is asked for."""
        reading = self.options.input_options(self.session)
        planning = AutoPlan(
            self._specifications().find,
            self._sampling,
            reading.own,
            is_asked=self.options.plan is not None,
        )
        drafts = tuple(planning.plan(draft, self._kind(draft.vct)) for draft in item.drafts)
        told = (f"  {note}" for note in planning.notes)
        return replace(item, drafts=drafts, described=(*item.described, *told))

    def _sampling(self, part: Mapping[str, str]) -> Mapping[str, Any]:
        with self.session.client(self._key()) as client:
            return client.sampling(**part)

    def _specifications(self) -> SpecificationBook:
        if self._book is None:
            self._book = SpecificationBook(
                lambda: self.session.client(self._key()),
                self.session.anchor,
                is_optional=self.options.dry_run,
            )
        return self._book

    def _band(self, item: Input) -> Input:
        """State the bands that follow, where that is asked for; told before anything is signed."""
        lines = shorten(list(tell_bands(item.drafts, self._kind)), total=len(item.drafts))
        if not self.options.has_bands:
            return item
        for line in lines:
            self.output.note(f"band {line}")
        return replace(item, drafts=fill_bands(item.drafts, self._kind))

    def _sealing(self, item: Input) -> Input:
        """The drafts with the groups that ``--seal`` names sealed, and at their ``--tier``."""
        seals, tiers = self.options.readers_by_group(self.session), self.options.stated_tiers()
        drafts = []
        for draft in item.drafts:
            kind = self._kind(draft.vct)
            expect_groups(seals, kind, "--seal")
            expect_tiers(draft, kind)
            drafts.append(with_tiers(with_seals(draft, seals), tiers, kind))
        return replace(item, drafts=tuple(drafts))

    def _sealer(self, client: LogClient, drafts: Sequence[Draft]) -> Sealer:
        """Seals what is to be sealed; whose keys these are is known before anything is signed."""
        anchor, own = self.session.anchor, str(self._key().did)
        sealer = Sealer(SealingKeys(client, anchor), anchor.origin, own)
        readers = {did for draft in drafts for named in draft.seals.values() for did in named}
        sealer.keys.kids_of_all((own, *sorted(readers)) if any(d.seals for d in drafts) else ())
        return sealer

    def _check(self, inputs: Sequence[Input]) -> Faults:
        slug, anchor = self.session.profile.slug, self.session.anchor
        checks: dict[str, DraftCheck] = {}
        faults: Faults = {}
        drafts = [draft for item in inputs for draft in item.drafts]
        with self.output.progress("checking", len(drafts)) as update:
            for draft in drafts:
                check = checks.get(draft.vct) or DraftCheck(
                    self._kind(draft.vct), anchor=anchor, slug=slug
                )
                checks[draft.vct] = check
                if found := [*draft.faults, *check.faults(draft)]:
                    faults[id(draft)] = found
                update(1)
        return faults

    def _refuse(self, bad: Faults, inputs: Sequence[Input]) -> None:
        if self._may_go_on(bad, inputs):
            return
        raise CommandFault(
            "invalid-claims",
            self._counted(bad, inputs),
            remedy=f"Mend these places and run this again{self._others(bad, inputs)}.",
            places=_places(bad, inputs),
        )

    def _refuse_taken(self, taken: Faults, inputs: Sequence[Input]) -> None:
        if self._may_go_on(taken, inputs):
            return
        raise CommandFault(
            "number-taken",
            self._counted(taken, inputs),
            remedy="Give what is new a number of its own, correct one record with --corrects "
            "RECORD, or send all of them as next versions with --replace"
            f"{self._others(taken, inputs)}.",
            places=_places(taken, inputs),
        )

    def _may_go_on(self, bad: Faults, inputs: Sequence[Input]) -> bool:
        is_lenient = self.options.skip_faulty and not self.options.dry_run
        return not bad or (is_lenient and len(bad) < _count(inputs))

    def _counted(self, bad: Faults, inputs: Sequence[Input]) -> str:
        return f"{len(bad)} of {_count(inputs)} records are not in order; nothing was sent"

    def _others(self, bad: Faults, inputs: Sequence[Input]) -> str:
        return "" if len(bad) == _count(inputs) else "; --skip-faulty sends the others"

    def _compare(self, inputs: Sequence[Input], bad: Faults) -> Faults:
        """Look up the log for what it has by number; the faults of numbers that are taken."""
        taken: Faults = {}
        drafts = [
            draft for item in inputs for draft in self._unsigned(item) if id(draft) not in bad
        ]
        taken |= self._compare_taken_back(drafts)
        drafts = [d for d in drafts if id(d) not in taken and id(d) not in self._there]
        by_type: dict[str, list[Draft]] = {}
        for draft in drafts:
            is_again = self.options.again and draft.report_of is not None
            if draft.filing.number is not None and not is_again:
                by_type.setdefault(draft.vct, []).append(draft)
        if not by_type:
            return taken
        signer = self._key()
        with self.session.client(signer) as client:
            book = NumberBook(
                client,
                self.session.anchor,
                party=str(signer.did),
                replaces=self.options.replaces,
            )
            for vct, those in by_type.items():
                found = book.compare(those, self._kind(vct))
                self._there |= found.there
                taken |= found.faults
        return taken

    def _compare_taken_back(self, drafts: Sequence[Draft]) -> Faults:
        """Reports that come back beside the records that they were made of."""
        if self.options.again or self.options.replaces:
            return {}
        signer, taken = self._key() if drafts else None, Faults()
        for draft in drafts:
            if draft.report_of is None or draft.filing.corrects is not None or signer is None:
                continue
            with self.session.client(signer) as client:
                found = judge_taken_back(
                    draft,
                    self._kind(draft.vct),
                    party=str(signer.did),
                    client=client,
                    anchor=self.session.anchor,
                )
            if isinstance(found, There):
                self._there[id(draft)] = found
            elif found is not None:
                taken[id(draft)] = [found]
        return taken

    def _unsigned(self, item: Input) -> Sequence[Draft]:
        """The drafts that the journal does not hold: those it does are sent again as they are."""
        path = self.options.journal or journal_path(item.path)
        if self.options.dry_run or not path.exists():
            return item.drafts
        party = str(self._key().did)
        with Journal(path, origin=self.session.anchor.origin, party=party) as journal:
            return [draft for slot, draft in slots(item.drafts) if journal.find(slot) is None]

    def _write_left_out(self, inputs: Sequence[Input], bad: Faults) -> None:
        for item in inputs:
            reasons: dict[int, list[str]] = {}
            for rows, lines in _left_out([item], bad):
                for row in rows:
                    reasons.setdefault(row, []).extend(lines)
            if reasons and item.table is not None:
                path = write_left_out(item.path, item.table, reasons)
                self.output.note(f"the rows that are left out are in {path}")

    def _send(self, item: Input, bad: Mapping[int, object]) -> list[Sent]:
        drafts = [d for d in item.drafts if id(d) not in bad and id(d) not in self._there]
        if not drafts:
            return []
        signer = self._key()
        path = self.options.journal or journal_path(item.path)
        origin, party = self.session.anchor.origin, str(signer.did)
        with (
            Journal(path, origin=origin, party=party) as journal,
            self.session.client(signer) as client,
            self.output.progress(item.path.name, len(drafts)) as update,
            tell_interruption(journal),
        ):
            submission = Submission(
                client,
                self._filing_composer(signer, client),
                self.session.anchor,
                self._kinds,
                journal,
                self.options.cosigned,
                self._sealer(client, drafts),
                KeptRefusals(path, self.session.anchor) if self.options.signed_refusals else None,
            )
            sent = []
            for outcome in submission.send(drafts):
                sent.append(outcome)
                update(1)
        if any(isinstance(outcome.answer, Admitted) for outcome in sent):
            remember(item, MappingMemory(self.session.folder.mappings))
        self._tell_unsigned(sent)
        return sent

    def _tell_unsigned(self, sent: Sequence[Sent]) -> None:
        refused = [item for item in sent if not isinstance(item.answer, Admitted)]
        unsigned = sum(item.note is None for item in refused)
        if self.options.signed_refusals and unsigned:
            self.output.note(f"the service signed nothing about {unsigned} of the refusals")


def _count(inputs: Sequence[Input]) -> int:
    return sum(len(item.drafts) for item in inputs)


def _places(bad: Faults, inputs: Sequence[Input]) -> Sequence[str]:
    return shorten([line for lines in bad.values() for line in lines], total=_count(inputs))


def _left_out(
    inputs: Sequence[Input], bad: Mapping[int, list[str]]
) -> list[tuple[tuple[int, ...], tuple[str, ...]]]:
    """What was left out: the rows of each record, and why."""
    return list(_each_left_out(inputs, bad))


def _each_left_out(
    inputs: Sequence[Input], bad: Mapping[int, list[str]]
) -> Iterator[tuple[tuple[int, ...], tuple[str, ...]]]:
    for item in inputs:
        yield from ((faulty.rows, faulty.lines) for faulty in item.faulty)
        yield from ((d.rows, tuple(bad[id(d)])) for d in item.drafts if id(d) in bad)
