"""What ``lotmark submit`` tells: how files were understood, and what became of records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import click

from api.cli.content_words import read_labels, tell_flags, tell_groups, tell_log_flags
from api.cli.document_numbers import There
from api.cli.drafts import Draft
from api.cli.faults import CommandFault
from api.cli.flags_beside import LogFlags
from api.cli.group_names import tell_tiers
from api.cli.input_files import Input
from api.cli.output import Output, columns
from api.cli.submission import Sent
from ledger.record_type import RecordType
from ledger.submission import Admitted


@dataclass(frozen=True, slots=True)
class SubmitWords:
    """Tells a run in one language; ``find_kind`` gives the labels of a type.

    ``log_flags`` is what new records show beside others, by record id.
    """

    output: Output
    language: str
    find_kind: Callable[[str], RecordType]
    log_flags: Mapping[str, LogFlags] = field(default_factory=dict)

    def tell_inputs(self, inputs: Sequence[Input]) -> None:
        """Tell how each file was understood."""
        for item in inputs:
            for line in item.described:
                self.output.note(line)

    def tell_dry_run(
        self, inputs: Sequence[Input], there: Mapping[int, There], *, is_checked: bool
    ) -> None:
        """Tell what would be sent: a line a record, the first one in full."""
        drafts = [draft for item in inputs for draft in item.drafts]
        first = drafts[0]
        labels = read_labels(self.find_kind(first.vct).text, self.language)
        self.output.say(f"the first record, {first.place}:")
        for line in tell_groups(first.groups, labels):
            self.output.say(f"  {line}")
        self.output.say(f"  {tell_tiers(first)}")
        self._tell_records(drafts, there)
        for draft in drafts:
            for flag in tell_flags(draft.vct, draft.groups, language=self.language):
                self.output.note(f"{draft.place}: {flag}")
        unknown = "" if is_checked else "; --check-log looks up what the log has by number"
        self.output.note(
            "what only the log knows (relations, sites, parts, codes in force) is judged when "
            f"records are sent{unknown}"
        )
        self.output.say(
            f"dry run: {len(drafts)} records are in order"
            + (f", {len(there)} of them are there already" if there else "")
            + ", nothing was sent"
        )
        self.output.result(
            {
                "dry_run": True,
                "records": [_draft_members(draft, there.get(id(draft))) for draft in drafts],
            }
        )

    def _tell_records(self, drafts: Sequence[Draft], there: Mapping[int, There]) -> None:
        if len(drafts) < 2:
            return
        shown = drafts[:_TOLD_MAX]
        rows: list[tuple[str, ...]] = [("place", "number", "type", "to", "")]
        rows += [_draft_row(draft, there.get(id(draft))) for draft in shown]
        for line in columns(rows):
            self.output.say(f"  {line}")
        if len(drafts) > len(shown):
            self.output.say(f"  ... and {len(drafts) - len(shown)} more")

    def tell_sent(
        self,
        sent: Sequence[Sent],
        there: Sequence[tuple[Draft, There]],
        left_out: Sequence[tuple[Sequence[int], Sequence[str]]],
        *,
        cosigned: bool,
    ) -> None:
        """Tell what became of every record; leaves with status 1 where one was not taken."""
        rows = [_row(outcome) for outcome in sent]
        rows += [(draft.place, found.told, draft.filing.number or "") for draft, found in there]
        for position, line in enumerate(columns(rows)):
            self.output.say(line)
            for flag in self._flags(sent[position]) if position < len(sent) else ():
                self.output.say(f"  flagged: {flag}")
            if position < len(sent) and (note := sent[position].note):
                self.output.say(f"  the log signed this refusal: {note}")
        refused = [item for item in sent if not isinstance(item.answer, Admitted)]
        self._tell_counts(sent, len(refused), len(there))
        if cosigned:
            self._tell_not_cosigned(sent)
        for _, lines in left_out:
            for line in lines:
                self.output.note(f"left out: {line}")
        self.output.result(
            {
                "records": [self._told_members(outcome) for outcome in sent],
                "there": [_there_members(draft, found) for draft, found in there],
                "refused": len(refused),
                "left_out": len(left_out),
            }
        )
        if refused or left_out:
            # The outcome has been told; only the status is left to say.
            click.get_current_context().exit(CommandFault.exit_code)

    def _flags(self, outcome: Sent) -> list[str]:
        """What a new record shows that is true but bad: of itself, and beside others."""
        answer, draft = outcome.answer, outcome.draft
        if outcome.was_done or not isinstance(answer, Admitted):
            return []
        beside = self.log_flags.get(answer.record_id, ())
        return [
            *tell_flags(draft.vct, draft.groups, language=self.language),
            *tell_log_flags(beside, language=self.language),
        ]

    def _told_members(self, outcome: Sent) -> dict[str, Any]:
        answer, members = outcome.answer, _members(outcome)
        if isinstance(answer, Admitted) and answer.record_id in self.log_flags:
            members["log_flags"] = self.log_flags[answer.record_id]
        return members

    def _tell_counts(self, sent: Sequence[Sent], refused: int, there: int) -> None:
        done = sum(item.was_done for item in sent)
        self.output.say(
            f"{len(sent) - refused} of {len(sent)} records have a receipt"
            + (f", {done} of them from before" if done else "")
            + (f"; {there} were there already and were not sent" if there else "")
        )

    def _tell_not_cosigned(self, sent: Sequence[Sent]) -> None:
        admitted = [item.answer for item in sent if isinstance(item.answer, Admitted)]
        waiting = [answer for answer in admitted if not answer.is_cosigned]
        if waiting:
            self.output.note(
                f"{len(waiting)} receipts are not cosigned yet: the records are in the log; fetch "
                f"them later, such as 'lotmark receipt {waiting[0].record_id} --cosigned'"
            )


_TOLD_MAX = 20


def _draft_row(draft: Draft, there: There | None) -> tuple[str, ...]:
    to = ", ".join(party.rpartition(":")[2] for party in draft.filing.to)
    told = there.told if there else ""
    return (draft.place, draft.filing.number or "", draft.vct, to, told)


def _draft_members(draft: Draft, there: There | None) -> dict[str, Any]:
    return {
        "place": draft.place,
        "type": draft.vct,
        "number": draft.filing.number,
        "there": None if there is None else there.told,
        "groups": draft.groups,
        "tiers": dict(draft.filing.tiers),
    }


def _there_members(draft: Draft, there: There) -> dict[str, Any]:
    return {
        "place": draft.place,
        "type": draft.vct,
        "number": draft.filing.number,
        "index": there.index,
    }


def _row(outcome: Sent) -> tuple[str, ...]:
    match outcome.answer:
        case Admitted(record_id, index, _, _):
            word = "had" if outcome.was_done else "got"
            return (outcome.draft.place, f"{word} entry {index}", record_id)
        case problem:
            return (outcome.draft.place, f"refused: {problem.code}", problem.detail)


def _members(outcome: Sent) -> dict[str, Any]:
    base = {"place": outcome.draft.place, "type": outcome.draft.vct}
    answer = outcome.answer
    if isinstance(answer, Admitted):
        return {
            **base,
            "record_id": answer.record_id,
            "index": answer.index,
            "first": answer.is_first and not outcome.was_done,
            "cosigned": answer.is_cosigned,
            "receipt": answer.receipt,
        }
    note = {} if outcome.note is None else {"signed_refusal": str(outcome.note)}
    told = {"code": answer.code, "detail": answer.detail, "remedy": answer.remedy}
    return {**base, **told, **note}
