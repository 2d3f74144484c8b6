"""What the content of a record must be, decided by its type (docs/spec/record.md, 5 and 6).

Length of ``_sd``, the groups that are there, schema, text, tiers and the trade's own rules.
Each step lists every fault it finds; a later step is asked only where the earlier ones found
none, since it reads what they have made sure of. Nothing here knows who the signer is, or
what the log holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any, Final, NamedTuple

from ledger import limits
from ledger.consistency import Contradiction, find_contradictions
from ledger.disclosure import Disclosure
from ledger.domain import DomainRules
from ledger.errors import LedgerError, MalformedClaims
from ledger.faults import Fault, Refusal, fault_at
from ledger.json_pointer import extend_pointer, resolve_pointer
from ledger.record import Claims
from ledger.record_type import CLOSED_GROUPS, SEALED, RecordType, lenient_validator
from ledger.schema_faults import abbreviate, find_faults
from ledger.sealed import Envelope
from ledger.strict_json import check_text

_CLOSED: Final = frozenset(CLOSED_GROUPS)

Values = dict[str, Any]


class Content(NamedTuple):
    """What a record says: its clear claims, its groups as they were disclosed, and those sealed."""

    claims: Claims
    disclosures: tuple[Disclosure, ...]
    values: dict[str, Any]
    envelopes: tuple[Envelope, ...] = ()

    @property
    def sealed(self) -> frozenset[str]:
        """The groups that came in envelopes; nobody here can read them."""
        return frozenset(envelope.group for envelope in self.envelopes)


def content_of(
    claims: Claims, opened: tuple[Disclosure, ...], envelopes: tuple[Envelope, ...] = ()
) -> Content:
    """What a record says, of what was opened of it."""
    return Content(claims, opened, {group: value for group, value, _ in opened}, envelopes)


def judge_content(content: Content, *, kind: RecordType, rules: DomainRules) -> Refusal | None:
    """Why the content is not what its type asks for; None where it is.

    Args:
        content: claims and groups whose signature and digests hold.
        kind: the record's type.
        rules: what the trade demands beyond the schema.
    """
    claims = content.claims
    if len(claims.digests) != kind.digests:
        return _refuse([Fault("/_sd", f"{kind.digests} digests", f"{len(claims.digests)}")])
    if kind.governs and content.envelopes:
        return _refuse([Fault("", "no envelope in governance", "one")])
    if kind.body_validator is not None:
        return _refuse(_governance_faults(content, kind))
    if claims.body is not None:
        # Only a verifier that does not know the type lets a body pass beside _sd.
        return Refusal(MalformedClaims.code, f"/body: expected none in {claims.vct}, found one")
    if absent := _absent(content):
        return _missing(absent)
    return _large(content) or _judge_groups(content, kind, rules)


def _judge_groups(content: Content, kind: RecordType, rules: DomainRules) -> Refusal | None:
    values, claims = content.values, content.claims
    if form := [*_schema_faults(content, kind), *_disclosed_text_faults(content)]:
        return _refuse(form)
    if misfiled := _filing_faults(content, kind):
        return _refuse(misfiled)
    if missealed := _sealing_refusal(content, kind):
        return missealed
    if contradictions := _manifest_faults(values, claims.iss, kind):
        return _refuse(contradictions)
    return _refuse(rules.find_faults(claims.vct, values)) or _disproved(values, kind)


def _disproved(values: Values, kind: RecordType) -> Refusal | None:
    """Bands and flags that the record's own exact values disprove."""
    found = find_contradictions(kind.consistency, values)
    if not found:
        return None
    faults = tuple(fault for item in found for fault in contradiction_faults(item))
    first = found[0]
    expected, said = abbreviate(first.expected), abbreviate(first.found)
    return Refusal(
        "band-contradicts",
        f"{first.stated} contradicts {', '.join(first.basis)}: expected {expected}, found {said}",
        faults[: limits.FAULTS_MAX],
    )


def contradiction_faults(found: Contradiction) -> Iterator[Fault]:
    """A contradiction as faults: the band or flag, and each place whose values disprove it."""
    expected = f"{abbreviate(found.expected)}, which follows from {', '.join(found.basis)}"
    yield fault_at(found.stated, expected, found=abbreviate(found.found))
    for pointer in found.basis:
        yield fault_at(pointer, f"values of {abbreviate(found.found)}", found="others")


def _refuse(faults: Iterable[Fault]) -> Refusal | None:
    """One refusal for all faults, at most :data:`ledger.limits.FAULTS_MAX`; None for none."""
    found = tuple(islice(faults, limits.FAULTS_MAX))
    if not found:
        return None
    first = found[0]
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    where = first.pointer or "/"
    return Refusal(
        "invalid-claims", f"{where}: expected {first.expected}, found {first.found}{more}", found
    )


def _governance_faults(content: Content, kind: RecordType) -> Iterator[Fault]:
    body = content.claims.body
    assert kind.body_validator is not None
    for fault in find_faults(kind.body_validator, body):
        yield fault_at(f"/body{fault.pointer}", fault.expected, found=fault.found)
    yield from _text_faults("/body", body)
    yield from find_faults(kind.groups_validator, content.values)
    yield from _disclosed_text_faults(content)


def _schema_faults(content: Content, kind: RecordType) -> Iterable[Fault]:
    """What the schema says of the groups that can be read; a sealed one counts as there."""
    if not content.envelopes:
        return find_faults(kind.groups_validator, content.values)
    values = content.values
    missing = kind.required - values.keys() - content.sealed
    faults = [Fault(f"/{name}", "a group", "none") for name in sorted(missing)]
    return [*faults, *find_faults(lenient_validator(kind.text), values)]


def _large(content: Content) -> Refusal | None:
    """The refusal of a closed group that is larger than its members can make it."""
    for group, _, text in content.disclosures:
        # As base64url without padding.
        characters = -(-len(text) * 4 // 3)
        if characters > limits.CLOSED_GROUP_BYTES_MAX and group in _CLOSED:
            return Refusal(
                "closed-group-too-large",
                f"expected the group {group} in at most {limits.CLOSED_GROUP_BYTES_MAX} "
                f"characters of disclosure, found {characters}",
            )
    return None


def _absent(content: Content) -> list[str]:
    """The groups that are asked for and not sent: the closed ones, and those filed."""
    values, sealed = content.values, content.sealed
    if not values.keys() >= _CLOSED:
        return [name for name in CLOSED_GROUPS if name not in values]
    filing = values["filing"]
    filed = filing.get("present") if isinstance(filing, dict) else None
    if not isinstance(filed, list):
        return []
    return [name for name in filed if isinstance(name, str) and name not in values.keys() | sealed]


def _missing(absent: list[str]) -> Refusal:
    return Refusal(
        "disclosure-missing",
        "expected the disclosures manifest, address, filing and, as disclosure or envelope, every "
        f"group that filing.present names, missing {', '.join(name[:40] for name in absent[:8])}",
        tuple(
            fault_at(extend_pointer("", name), "a disclosure", found="none")
            for name in absent[: limits.FAULTS_MAX]
        ),
    )


def _filing_faults(content: Content, kind: RecordType) -> list[Fault]:
    faults, values = [], content.values
    present = sorted((values.keys() | content.sealed) - _CLOSED)
    filed = values["filing"]["present"]
    if filed != present:
        expected = f"exactly {', '.join(present)}, ascending"
        faults.append(Fault("/filing/present", expected, abbreviate(filed)))
    for pointer in kind.blobs:
        faults.extend(_blob_faults(pointer, resolve_pointer(values, pointer)))
    return faults


def _blob_faults(pointer: str, found: Any) -> Iterator[Fault]:
    """A type says where blobs stand, its schema need not say what a reference to one is."""
    places = [(pointer, found)] if found is not None else []
    if isinstance(found, list):
        places = [(extend_pointer(pointer, at), item) for at, item in enumerate(found)]
    for place, item in places:
        if not _is_blob_reference(item):
            yield Fault(place, "a file {blob, sha256, bytes}", abbreviate(item))


def _is_blob_reference(found: Any) -> bool:
    return (
        isinstance(found, dict)
        and isinstance(found.get("blob"), str)
        and isinstance(found.get("sha256"), str)
        and type(found.get("bytes")) is int
    )


def _sealing_refusal(content: Content, kind: RecordType) -> Refusal | None:
    """Sealed groups, exactly, come in envelopes, and the owner can open each of them."""
    tiers, owner = content.values["manifest"]["groups"], content.values["manifest"]["owner"]
    faults = [
        Fault(f"/{name}", "an envelope, as its tier is sealed", "a disclosure")
        for name in sorted(content.values.keys() - _CLOSED)
        if tiers[name] == SEALED
    ]
    faults += [
        Fault(f"/manifest/groups/{name}", f"{SEALED}, as the group is in an envelope", found)
        for name in sorted(content.sealed)
        if (found := tiers.get(name, "no such group")) != SEALED
    ]
    # What it cites could not be seen, and would expire as an upload that nothing cites.
    with_uploads = content.sealed & {pointer.split("/")[1] for pointer in kind.blobs}
    faults += [
        Fault(f"/manifest/groups/{name}", "another tier, as the group cites uploads", SEALED)
        for name in sorted(with_uploads)
    ]
    if faults:
        return _refuse(faults)
    for envelope in content.envelopes:
        if owner not in envelope.parties:
            fault = Fault(f"/{envelope.group}", f"a recipient of {owner}", "others only")
            detail = f"{envelope.group}: expected a key of the owner {owner} among the recipients"
            return Refusal("owner-not-recipient", detail, (fault,))
    return None


def _manifest_faults(values: Values, iss: str, kind: RecordType) -> list[Fault]:
    manifest = values["manifest"]
    owner = iss if kind.owner == "issuer" else manifest["subject"]
    faults = []
    if manifest["owner"] != owner:
        found = abbreviate(manifest["owner"])
        faults.append(Fault("/manifest/owner", f"the {kind.owner}", found))
    if (manifest["corrects"] is not None) != ("correction" in values):
        expected = "the group correction and manifest.corrects together"
        faults.append(Fault("/correction", expected, "one without the other"))
    if iss in values["address"]["to"]:
        faults.append(Fault("/address/to", "other parties", "the issuer"))
    return faults


def _disclosed_text_faults(content: Content) -> list[Fault]:
    # The common case is settled without walking the values, for all groups at once.
    if _is_plain(b"".join([text for _, _, text in content.disclosures])):
        return []
    faults: list[Fault] = []
    for group, value, text in content.disclosures:
        if not _is_plain(text):
            faults.extend(islice(_text_faults(f"/{group}", value), limits.FAULTS_MAX))
    return faults


def _is_plain(text: bytes) -> bool:
    """Whether the JSON cannot hold a faulty text.

    ASCII without an escape is in NFC and has no control character but DEL, and a short
    document has no long text.
    """
    is_short = len(text) <= limits.TEXT_CHARACTERS_MAX
    return is_short and text.isascii() and b"\\" not in text and b"\x7f" not in text


def _text_faults(pointer: str, value: object) -> Iterator[Fault]:
    children: Iterable[tuple[str | int, object]] = ()
    if isinstance(value, str):
        yield from _one_text_fault(pointer, value)
    elif isinstance(value, list):
        children = enumerate(value)
    elif isinstance(value, dict):
        yield from chain.from_iterable(_one_text_fault(pointer, name) for name in value)
        children = value.items()
    for step, child in children:
        yield from _text_faults(extend_pointer(pointer, step), child)


def _one_text_fault(pointer: str, text: str) -> Iterator[Fault]:
    try:
        check_text(text)
    except LedgerError as fault:
        expected, _, found = str(fault).removeprefix("expected ").partition(", found ")
        yield fault_at(pointer, expected, found=found[:80])
