"""What a party has on the log under a document number: the same is not sent twice.

The journal knows what was sent from its own folder. The log knows it for good: a record of
the same type, owner and number that says the same is the one that is to be sent, and one
that says something else is another document under a number that is taken. A record that is
taken for sent is verified from the trust anchor first; what the service answers to a search
is its word alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from api.cli.drafts import Draft, cited_files, file_below, put_files
from api.cli.faults import CommandFault
from api.client import LogClient
from api.client_errors import ClientError
from keys.encoding import encode_base64url
from ledger.anchor import Anchor
from ledger.compose import closed_groups
from ledger.record_type import CLOSED_GROUPS, SEALED, RecordType
from ledger.verify import verify_view
from ledger.view import parse_view

_NUMBER: Final = "/filing/number"
_PAGE: Final = 200
#: A page of everything costs about as much as this many searches for one number.
_SEARCHES_A_PAGE: Final = 20
_BLOB: Final = frozenset({"blob", "sha256", "bytes", "media_type"})


@dataclass(frozen=True, slots=True)
class Known:
    """A record that is on the log."""

    record_id: str
    index: int
    groups: Mapping[str, Any]

    @property
    def number(self) -> str | None:
        """Its document number, where the reader is shown it."""
        number = self.groups.get("filing", {}).get("number")
        return number if isinstance(number, str) else None


@dataclass(frozen=True, slots=True)
class There:
    """A draft that is on the log, or in the same file before it; ``index`` None is the latter."""

    index: int | None
    told: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of drafts: those that are there already, and lines for those that cannot be."""

    there: Mapping[int, There]
    faults: Mapping[int, list[str]]


def judge_taken_back(
    draft: Draft, kind: RecordType, *, party: str, client: LogClient, anchor: Anchor
) -> There | str | None:
    """A report's workbook beside the party's own record that it was made of.

    Returns:
        That the log has it, a line where it says something else, None where it is a record of
        another party or the log shows none: the workbook's word is no proof.

    Raises:
        CommandFault, LedgerError: what the service showed does not verify.
    """
    try:
        view = verify_view(parse_view(client.view(str(draft.report_of))), without_quorum(anchor))
    except ClientError:
        return None
    for record in view.records:
        if record.record_id == draft.report_of and record.issuer == party:
            theirs = _comparable({item.group: item.value for item in record.groups})
            ours = _comparable(_said(draft, kind, party))
            if theirs == ours:
                return There(record.index, f"already there as entry {record.index}")
            pointer, there, here = _difference(theirs, ours)
            return (
                f"{draft.locate(pointer)}: expected {_short(there)} as in entry {record.index}, "
                f"of which this is the report, found {_short(here)}; correct it with "
                f"--corrects {record.index}, or send another record with --again"
            )
    return None


def _comparable(groups: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a report's workbook can tell of a record: content, without what files it."""
    return {
        name: value for name, value in _by_digest(dict(groups)).items() if name not in CLOSED_GROUPS
    }


class NumberBook:
    """One party's records by document number, as the log has them."""

    def __init__(
        self, client: LogClient, anchor: Anchor, *, party: str, replaces: bool = False
    ) -> None:
        """Ask ``client``, which signs, for the records of ``party``.

        With ``replaces``, other content under a number is its next version.
        """
        self._client = client
        self._anchor = without_quorum(anchor)
        self._party = party
        self._replaces = replaces

    def compare(self, drafts: Sequence[Draft], kind: RecordType) -> Comparison:
        """Compare drafts of one type with the log and with each other, by their numbers.

        Raises:
            ClientError: no answer came.
            CommandFault: the service showed a record that does not verify.
        """
        numbered = [draft for draft in drafts if draft.filing.number is not None]
        there: dict[int, There] = {}
        faults: dict[int, list[str]] = {}
        known = self._find(numbered, kind)
        first: dict[tuple[str | None, str | None], tuple[Draft, Mapping[str, Any]]] = {}
        for draft in numbered:
            said = _said(draft, kind, self._party)
            before = first.setdefault((_owner(draft, kind), draft.filing.number), (draft, said))
            found = self._judge(draft, said, known.get(str(draft.filing.number), ()))
            if found is None and before[0] is not draft:
                found = _judge_twin(draft, said, before)
            if isinstance(found, There):
                there[id(draft)] = found
            elif found is not None:
                faults[id(draft)] = [found]
        return Comparison(there, faults)

    def _find(self, drafts: Sequence[Draft], kind: RecordType) -> Mapping[str, list[Known]]:
        if not drafts or _NUMBER not in kind.search:
            return {}
        found: dict[str, list[Known]] = {}
        complete = self._all(kind, pages=1 + len(drafts) // _SEARCHES_A_PAGE)
        for known in complete if complete is not None else self._each(drafts, kind):
            if known.number is not None:
                found.setdefault(known.number, []).append(known)
        return found

    def _all(self, kind: RecordType, *, pages: int) -> list[Known] | None:
        """Every record of the type that the party signed; None where that is too many pages."""
        found: list[Known] = []
        conditions: dict[str, str | int] = {"type": kind.vct, "party": self._party, "limit": _PAGE}
        for _ in range(pages):
            page = self._client.search(**conditions)
            found += map(read_known, page.records)
            if page.next is None:
                return found
            conditions["cursor"] = page.next
        return None

    def _each(self, drafts: Sequence[Draft], kind: RecordType) -> Iterator[Known]:
        for owner, number in dict.fromkeys(
            (_owner(draft, kind), str(draft.filing.number)) for draft in drafts
        ):
            page = self._client.search(
                type=kind.vct,
                party=self._party,
                field=_NUMBER,
                value=number,
                owner=owner or self._party,
                limit=_PAGE,
            )
            yield from map(read_known, page.records)

    def _judge(
        self, draft: Draft, said: Mapping[str, Any], known: Sequence[Known]
    ) -> There | str | None:
        if self._replaces:
            # What was replaced already may come back: only the newest says what holds.
            known = sorted(known, key=lambda item: item.index)[-1:]
        same = next((item for item in known if _by_digest(item.groups) == said), None)
        if same is not None:
            verify_known(same, self._client, self._anchor)
            last = max(item.index for item in known)
            since = f"; entry {last} has its number since" if last != same.index else ""
            return There(same.index, f"already there as entry {same.index}{since}")
        if (
            not known
            or self._replaces
            or draft.filing.corrects in {item.record_id for item in known}
        ):
            return None
        newest = max(known, key=lambda item: item.index)
        pointer, theirs, ours = _difference(_by_digest(newest.groups), said)
        return (
            f"{draft.locate(pointer)}: expected {_short(theirs)} as in entry {newest.index} "
            f"({newest.record_id}) of the same number {draft.filing.number!r}, "
            f"found {_short(ours)}"
        )


def without_quorum(anchor: Anchor) -> Anchor:
    """The anchor for what no witness has seen yet: a new record is there all the same."""
    return replace(anchor, policy=replace(anchor.policy, quorum=None))


def verify_known(known: Known, client: LogClient, anchor: Anchor) -> None:
    """Verify from the trust anchor that the log says what a search said.

    Raises:
        CommandFault: it says something else.
        LedgerError: it does not verify.
    """
    view = verify_view(parse_view(client.view(known.record_id)), anchor)
    shown = [
        (item.record_id, item.index, {group.group: group.value for group in item.groups})
        for item in view.records
    ]
    if shown != [(known.record_id, known.index, dict(known.groups))]:
        raise CommandFault(
            "answer-malformed",
            f"expected entry {known.index} to say what the search said, found another",
            remedy="Do not trust this service; tell the other members.",
        )


def _judge_twin(
    draft: Draft, said: Mapping[str, Any], before: tuple[Draft, Mapping[str, Any]]
) -> There | str:
    twin, its_words = before
    if said == its_words:
        return There(None, f"the same as {twin.place}")
    pointer, theirs, ours = _difference(its_words, said)
    return (
        f"{draft.locate(pointer)}: expected {_short(theirs)} as in {twin.place} of the same "
        f"number {draft.filing.number!r}, found {_short(ours)}"
    )


def read_known(described: Mapping[str, Any]) -> Known:
    """A record as a search describes it.

    Raises:
        CommandFault: the answer has another form.
    """
    match described:
        case {"record_id": str(record_id), "index": int(index), "groups": dict(groups)}:
            return Known(record_id, index, groups)
    raise CommandFault("answer-malformed", "expected records of a search, found another answer")


def _owner(draft: Draft, kind: RecordType) -> str | None:
    return draft.filing.owner or (None if kind.owner == "issuer" else draft.filing.subject)


def _said(draft: Draft, kind: RecordType, party: str) -> Mapping[str, Any]:
    """Every group that the draft's record will have, its uploads by their digest."""
    digests = {}
    for name in cited_files(draft.groups):
        with file_below(draft.folder, name).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
        digests[name] = {"sha256": encode_base64url(digest)}
    groups = put_files(draft.groups, digests)
    closed = closed_groups(kind, groups, filing=draft.filing, iss=party)
    # What is sealed the log does not show: records that differ in it alone count as the same.
    tiers = closed["manifest"]["groups"]
    readable = {name: value for name, value in groups.items() if tiers.get(name) != SEALED}
    said = _by_digest({**closed, **readable})
    assert isinstance(said, dict)
    return said


def _by_digest(value: Any) -> Any:
    """A value whose uploads are told by their digest: the same file may be uploaded twice."""
    match value:
        case {"sha256": digest} if value.keys() == _BLOB:
            return {"sha256": digest}
        case dict():
            return {name: _by_digest(item) for name, item in value.items()}
        case list():
            return [_by_digest(item) for item in value]
    return value


def _difference(theirs: Any, ours: Any, pointer: str = "") -> tuple[str, Any, Any]:
    """The first place where two values differ, and what stands there in each."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        # What both have says more where to look, and content more than how it is filed.
        names = sorted(
            dict.fromkeys((*ours, *theirs)),
            key=lambda name: (not (name in theirs and name in ours), name in CLOSED_GROUPS),
        )
        for name in names:
            if theirs.get(name) != ours.get(name):
                return _difference(theirs.get(name), ours.get(name), f"{pointer}/{name}")
    if isinstance(theirs, list) and isinstance(ours, list):
        for at, (one, other) in enumerate(zip(theirs, ours, strict=False)):
            if one != other:
                return _difference(one, other, f"{pointer}/{at}")
    return pointer, theirs, ours


def _short(value: Any) -> str:
    return "nothing" if value is None else repr(value)[:80]
