"""``lotmark policy``: sharing policies shown, checked, compared and tried out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from api.cli.drafts import read_drafts
from api.cli.faults import CommandFault
from api.cli.group_names import expect_tiers
from api.cli.options import (
    Place,
    language_option,
    open_client,
    pass_output,
    place_options,
    read_anchor,
    read_file,
)
from api.cli.output import Output, columns
from api.cli.policy_words import READER_NAMES, describe_change, direction, say
from api.known_policies import newest_policy
from api.known_types import find_type
from api.party_folder import read_profile
from keys.identifiers import parse_origin
from ledger import limits
from ledger.anchor import parse_anchor
from ledger.policy import (
    TYPES_OWN,
    PolicyDocument,
    find_policy_faults,
    parse_policy_document,
    read_policy_document,
)
from ledger.policy_changes import Change, find_changes
from ledger.policy_history import DEFAULT_NAME, PolicyVersion, founding_history
from ledger.record_type import RecordType, builtin_governance_types, parse_record_type
from ledger.sharing.simulation import READERS, SimulatedRecord, simulate
from ledger.verify import verify_view
from ledger.view import parse_view
from quality.builtin_policies import builtin_policies
from quality.types import business_types

_CHARTER = "charter"
_PROPOSED = "proposed"
_MARKS = {True: "x", False: "-"}
log_option = click.option(
    "--log", "of_log", is_flag=True, help="With the types of the log instead of the built-in ones."
)
_ORIGIN = parse_origin("log.invalid")


@click.group()
def policy() -> None:
    """Sharing policies: who may read which group of a record, for what, and how long it is kept.

    FILE is a policy document; the word 'default' stands for the built-in one, 'types' for the
    ranges of the record types themselves.
    """


@policy.command("show")
@click.argument("name", default=DEFAULT_NAME)
@place_options
@language_option
@pass_output
def show_policy(output: Output, *, name: str, place: Place, language: str) -> None:
    """Show the newest version of a policy of the log, verified from the trust anchor."""
    folder = place.reader()
    profile = read_profile(folder) if folder else None
    anchor = parse_anchor(read_anchor(place))
    with open_client(place.address(profile), None) as client:
        found = newest_policy(client, anchor, name=name)
    output.say(f"{found.name}, version {found.version}: {found.record_id}")
    for line in columns(_range_rows(found.document, language)):
        output.say(line)
    for purpose in found.document.purposes:
        output.say(f"{purpose.code}: {_in(purpose.titles, language)}")
    if found.document is TYPES_OWN:
        output.say("the ranges are those of the types: 'lotmark policy show' tells none")
    output.result(
        {
            "name": found.name,
            "version": found.version,
            "record_id": found.record_id,
            "document": found.text or None,
        }
    )


@policy.command()
@click.argument("file")
@log_option
@place_options
@pass_output
def check(output: Output, *, file: str, of_log: bool, place: Place) -> None:
    """Check a policy: its form, and everything in which it contradicts itself or the types."""
    types = _types(of_log, place)
    found = find_policy_faults(_text(file), types)
    if found:
        raise CommandFault(
            found[0].code,
            f"{file}: {len(found)} contradictions; it would be refused",
            remedy="Mend each of these places.",
            places=[
                f"{item.fault.pointer}: expected {item.fault.expected}, found "
                f"{item.fault.found} ({item.code})"
                for item in found
            ],
        )
    document = read_policy_document(_text(file))
    named = {vct for vct, _ in document.ranges}
    unnamed = sorted(vct for vct in types if vct not in named)
    output.say(f"{file}: {len(document.ranges)} groups of {len(named)} types, no contradiction")
    if unnamed:
        output.say(f"as the types have it: {', '.join(unnamed)}")
    output.result({"groups": len(document.ranges), "types": sorted(named), "unnamed": unnamed})


@policy.command()
@click.argument("old")
@click.argument("new")
@log_option
@place_options
@language_option
@pass_output
def diff(output: Output, *, of_log: bool, place: Place, language: str, **files: str) -> None:
    """Say what changes from OLD to NEW, and what each change means for readers."""
    types = _types(of_log, place)
    old, new = _document(files["old"], types), _document(files["new"], types)
    changes = find_changes(old, new, types)
    rows = [("", *_change_row(change, language)) for change in changes]
    for line in columns(rows):
        output.say(line.strip())
    if not changes:
        output.say(say("none", language))
    output.result({"changes": [_change_members(change, language) for change in changes]})


@policy.command("simulate")
@click.argument("file")
@click.option("--type", "only", multiple=True, help="This type only; may be given again.")
@click.option(
    "--record",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A draft, or a view that 'lotmark export' wrote: its own tiers instead of the defaults.",
)
@click.option(
    "--as",
    "readers",
    multiple=True,
    type=click.Choice(READERS),
    help="This class of readers only; may be given again.",
)
@log_option
@place_options
@language_option
@pass_output
def simulate_policy(
    output: Output, *, file: str, of_log: bool, place: Place, language: str, **asked: Any
) -> None:
    """Show who would see which group under a policy: the log's own decision, tried out."""
    types = _types(of_log, place)
    document = _document(file, types)
    readers = asked["readers"] or READERS
    records = _records(document, types, asked["record"], place)
    chosen = [item for item in records if not asked["only"] or item.vct in asked["only"]]
    if not chosen:
        known = ", ".join(sorted({item.vct for item in records}))
        raise CommandFault("unknown-type", f"expected one of {known}, found {asked['only']}")
    history = founding_history(_CHARTER).with_version(
        PolicyVersion(_PROPOSED, DEFAULT_NAME, 1, 1, "", "", document)
    )
    tables = [(item.vct, simulate(item, history, readers)) for item in chosen]
    for vct, seen in tables:
        output.say(f"{vct}")
        for line in columns(_matrix(seen, language)):
            output.say(line)
        output.say()
    output.result({"types": {vct: _seen_members(seen) for vct, seen in tables}})


def _types(of_log: bool, place: Place) -> Mapping[str, RecordType]:
    """The types a policy is judged against: built-in, or as the log has them, verified."""
    governing = {kind.vct: kind for kind in builtin_governance_types() if kind.groups}
    if not of_log:
        return {kind.vct: kind for kind in map(parse_record_type, business_types())} | governing
    folder = place.reader()
    profile = read_profile(folder) if folder else None
    anchor = parse_anchor(read_anchor(place))
    with open_client(place.address(profile), None) as client:
        listed = [str(item["vct"]) for item in client.parties().get("types", ())]
        return {vct: find_type(vct, client=client, anchor=anchor) for vct in listed} | governing


def _text(file: str) -> str:
    if file == "types":
        return '{"types":{}}'
    for document in builtin_policies():
        if file == document.name and not Path(file).exists():
            return document.text
    data = read_file(Path(file), "a policy", bytes_max=limits.DOCUMENT_BYTES_MAX)
    return data.decode("utf-8", errors="replace")


def _document(file: str, types: Mapping[str, RecordType]) -> PolicyDocument:
    return parse_policy_document(_text(file), types)


def _records(
    document: PolicyDocument, types: Mapping[str, RecordType], path: Path | None, place: Place
) -> list[SimulatedRecord]:
    """What is tried out: a record of each type at its defaults, or the one in a file."""
    if path is None:
        return [
            SimulatedRecord(
                vct, tuple((group, document.default_tier(kind, group)) for group in kind.groups),
                _PROPOSED,
            )
            for vct, kind in types.items()
        ]  # fmt: skip
    data = read_file(path, "a draft or a view", bytes_max=limits.VIEW_BYTES_MAX + 1)
    if b'"lotmark.view/v1"' in data:
        return _viewed(data, types, place)
    drafts = read_drafts(path, data, vct=None, origin=_ORIGIN)
    for draft in drafts:
        expect_tiers(draft, _kind(types, draft.vct))
    return [
        SimulatedRecord(
            draft.vct,
            tuple(
                (group, draft.filing.tiers.get(group) or document.default_tier(kind, group))
                for group in kind.groups
                if group in draft.groups
            ),
            _PROPOSED,
        )
        for draft in drafts
        for kind in (_kind(types, draft.vct),)
    ]


def _viewed(data: bytes, types: Mapping[str, RecordType], place: Place) -> list[SimulatedRecord]:
    """Records that are on a log already: the new policy would be a later version for them."""
    verified = verify_view(parse_view(data), parse_anchor(read_anchor(place)))
    found = []
    for record in verified.records:
        groups = {item.group: item.value for item in record.groups}
        manifest = groups.get("manifest")
        if isinstance(manifest, dict) and record.type in types:
            tiers = tuple((str(group), str(tier)) for group, tier in manifest["groups"].items())
            found.append(SimulatedRecord(record.type, tiers, _CHARTER))
    if not found:
        raise CommandFault(
            "manifest-missing",
            "expected a view that shows the manifest of a business record, found none",
            remedy="Ask for the view as a member: the manifest says the tiers.",
        )
    return found


def _kind(types: Mapping[str, RecordType], vct: str) -> RecordType:
    if vct not in types:
        raise CommandFault("unknown-type", f"expected one of {', '.join(types)}, found {vct!r}")
    return types[vct]


def _range_rows(document: PolicyDocument, language: str) -> list[tuple[str, ...]]:
    return [
        (vct, group, f"{span.floor}..{span.ceiling}", span.default, _in(span.reasons, language))
        for (vct, group), span in document.ranges.items()
    ]


def _in(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language) or texts.get("en") or ""


def _change_row(change: Change, language: str) -> tuple[str, ...]:
    place = " ".join(filter(None, (change.vct, change.group, change.what)))
    moved = f"{change.before or '-'} -> {change.after or '-'}"
    return (
        place,
        moved,
        say(f"who {direction(change)}", language),
        describe_change(change, language),
    )


def _change_members(change: Change, language: str) -> dict[str, Any]:
    return {
        "what": change.what,
        "type": change.vct,
        "group": change.group,
        "before": change.before,
        "after": change.after,
        "readers": direction(change),
        "meaning": describe_change(change, language),
    }


def _matrix(seen: Mapping[str, Any], language: str) -> list[tuple[str, ...]]:
    """A line a reader, a column a group; a mark where it is read."""
    groups = [item.group for item in next(iter(seen.values()))]
    tiers = [item.tier for item in next(iter(seen.values()))]
    rows = [("", *groups, ""), ("", *tiers, "")]
    for reader, decisions in seen.items():
        marks = (_MARKS[item.is_readable] for item in decisions)
        rows.append((READER_NAMES[language][reader], *marks, ""))
    return rows


def _seen_members(seen: Mapping[str, Any]) -> dict[str, Any]:
    return {
        reader: {
            item.group: {
                "tier": item.tier,
                "readable": item.is_readable,
                "rule": item.rule,
                "needs": list(item.needs),
            }
            for item in decisions
        }
        for reader, decisions in seen.items()
    }
