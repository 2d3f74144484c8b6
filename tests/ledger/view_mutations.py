"""Views and receipts that were honest until something was changed, the same for the same seed.

Six kinds of change of a view: of the bytes; of the JSON; of what a party signed (signed again,
and the tree and checkpoint built anew, so that the late rows decide); of a head; of the
checkpoint; of the anchor.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from keys.encoding import decode_base64, decode_base64url, encode_base64url
from ledger.disclosure import digest_of, tag_of
from ledger.errors import MalformedNote
from ledger.record_type import document_digest
from ledger.strict_json import parse_json
from ledger.tlog_proof import TlogProof, encode_tlog_proof
from ledger.tree import LeafIndex
from tests.ledger.parties import PartySigner, payload_of, sign_parts
from tests.ledger.sample_types import sample_definition
from tests.ledger.verdicts import Case
from tests.ledger.view_log import (
    WITNESSES,
    Document,
    ForgedLog,
    Show,
    anchor_text,
    as_lines,
    as_text,
    policy_text,
    signed,
)
from tests.ledger.view_story import (
    CHARTER,
    ENDORSEMENT,
    KEY_TWO,
    OTHER_REPORT,
    OWN_REPORT,
    REPORT,
    SURVEY,
    TYPE,
    Story,
    a_story,
)

#: Values at bounds, and of every kind.
VALUES: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, 1, -1, 2, 15, 16, 17, 255, 256, 10_000, 65_536),
    *(2**31, 2**53 - 1, 2**53, -(2**53) + 1, 2**63 - 1, 2**63),
    *("", " ", "0", "A", "é", "\n", "~", "none", "approve", "EdDSA", "A" * 43, "_" * 43),
    *("charter/v1", "key/v1", "endorsement/v1", "record-type/v1", "policy/v1", "sample-report/v1"),
    *("manifest", "lot", "holder", "__proto__", "toString", "constructor"),
    *([], {}, [[]], [{}], {"": None}, {"__proto__": 1}, ["A"], {"groups": {}}),
)
GROUPS: Final = ("manifest", "lot", "x", "address", "iss", "holder", "_sd", "é")
NAMES: Final = ("x", "", "__proto__", "body", "_sd", "groups", "sha256", "definition", "alg", "vct")
DECIMALS: Final = (
    *("0", "1", "-0", "-1", "00", "01", "+1", "1.0", "1e0", "٣", " 1", ""),
    *("9007199254740991", "9007199254740992", "999999999999999999", "1000000000000000000"),
    *("9223372036854775806", "9223372036854775807", "9223372036854775808", "1" * 20),
)
BYTES: Final = (
    *(b"\n", b"\r", b"\t", b" ", b"\x00", b"\x0b", b"\x7f", b"\xff", b"\xc0\x80", b"\xed\xa0\x80"),
    *(b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\xc2\xa0", b'"', b"\\", b"\\u0000", b"\\ud800", b"~"),
    *(b"{", b"}", b"[", b"]", b",", b":", b"-", b"0", b"1e1", b".0", b"null", b"{}\n", b"=", b"#"),
)


@dataclass(frozen=True, slots=True)
class _Base:
    story: Story
    log: ForgedLog
    anchors: tuple[str, ...]
    shows: tuple[tuple[Show, ...], ...]


@cache
def _base() -> _Base:
    story = a_story()
    one, all_of = story.show(REPORT), (CHARTER, ENDORSEMENT, KEY_TWO, TYPE, OWN_REPORT, SURVEY)
    several = (story.show(REPORT), story.show(OTHER_REPORT, "manifest", "lot"))
    whole = tuple(story.show(index) for index in all_of)
    anchors = tuple(anchor_text(story.charter, quorum) for quorum in ("none", "one", "both"))
    return _Base(story, story.log, anchors, ((one,), (one,), several, whole))


def mutated_views(seed: int, count: int) -> Iterator[Case]:
    """So many views, each changed in one way or a few."""
    for number in range(count):
        case = mutated_view(random.Random(f"{seed} {number}"))
        yield replace(case, name=f"seed {seed}, number {number}, {case.name}")


def mutated_view(chance: random.Random) -> Case:
    """One view, changed as ``chance`` has it."""
    change = chance.choices(_CHANGES, weights=_WEIGHTS)[0]
    document, anchor = change(chance, _base())
    return Case(change.__name__.strip("_"), document, anchor.encode())


def mutated_receipts(seed: int, count: int) -> Iterator[Case]:
    """So many receipts, each changed in one way or a few."""
    for number in range(count):
        chance = random.Random(f"receipt {seed} {number}")
        base = _base()
        index = chance.randrange(len(base.log.jwss))
        data, jws = _receipt(chance, base.log, index), base.log.jwss[index]
        for _ in range(chance.choice((0, 1, 1, 1, 2))):
            if chance.random() < 0.2:
                jws = _bytes_changed(chance, jws.encode()).decode(errors="replace")
            else:
                data = _bytes_changed(chance, data)
        name = f"receipt, seed {seed}, number {number}"
        yield Case(name, data, chance.choice(base.anchors).encode(), jws)


def _receipt(chance: random.Random, log: ForgedLog, index: int) -> bytes:
    head = log.entries[index][0]
    if chance.random() < 0.3:
        lines = head.split("\n")
        place = chance.randrange(len(lines))
        lines[place] = chance.choice((*DECIMALS, lines[place - 1], "é"))
        head = "\n".join(lines)
    path = tuple(decode_base64(text) for text in log.entry(index)["path"])
    place = index if chance.random() < 0.9 else chance.choice((0, index + 1, 2**53, 2**63 - 1))
    note = log.note(*chance.sample(WITNESSES, chance.randrange(3))).encode()
    return encode_tlog_proof(TlogProof(LeafIndex(place), path, note, extra=head.encode()))


def _change_bytes(chance: random.Random, base: _Base) -> tuple[bytes, str]:
    data = _written(chance, base.log.view(*chance.choice(base.shows)))
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        data = _bytes_changed(chance, data)
    return data, base.anchors[0]


def _change_json(chance: random.Random, base: _Base) -> tuple[bytes, str]:
    view = copy.deepcopy(base.log.view(*chance.choice(base.shows)))
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        # Entries are large: without this, hardly a change would meet the records.
        place = view["records"] if chance.random() < 0.5 and view.get("records") else view
        change_value(chance, place)
    return _written(chance, view), base.anchors[0]


def _change_record(chance: random.Random, base: _Base) -> tuple[bytes, str]:
    story = base.story
    shows = list(chance.choice(base.shows))
    places = [index for show in shows for index in (show.index, show.type, *show.keys)]
    index = chance.choice([place for place in places if place is not None])
    claims = copy.deepcopy(payload_of(story.submissions[index]))
    header = {"alg": "EdDSA", "kid": "", "typ": "lotmark+sd-jwt"}
    signer = _signer(chance, story, index)
    header["kid"] = signer.kid
    for _ in range(chance.choice((0, 1, 1, 1, 2))):
        change_value(chance, chance.choice((claims, claims, claims, claims.get("body"), header)))
    _definition_changed(chance, claims)
    shows = [_show_changed(chance, show, claims, index) for show in shows]
    jws = sign_parts(write_json(chance, header), write_json(chance, claims), signer)
    log = base.log.with_record(index, jws)
    anchor = anchor_text(f"{log.jwss[CHARTER]}~") if chance.random() < 0.9 else base.anchors[0]
    return _written(chance, log.view(*shows)), anchor


def _change_head(chance: random.Random, base: _Base) -> tuple[bytes, str]:
    shows = chance.choice(base.shows)
    index = chance.choice([shows[0].index, *shows[0].keys])

    def change(head: str) -> str:
        lines = head.split("\n")
        place = chance.randrange(len(lines))
        others = (*DECIMALS, lines[0], lines[1], lines[3], lines[2] + "\n", "é", lines[place][:-1])
        lines[place] = chance.choice(others)
        return "\n".join(lines)

    return _written(chance, base.log.with_head(index, change).view(*shows)), base.anchors[0]


def _change_checkpoint(chance: random.Random, base: _Base) -> tuple[bytes, str]:
    view = copy.deepcopy(base.log.view(base.story.show(CHARTER)))
    names = chance.sample((*WITNESSES, "x.example"), chance.randrange(3))
    text = base.log.note().partition("\n\n")[0] + "\n"
    if chance.random() < 0.6:
        lines = text.split("\n")
        lines[chance.randrange(len(lines))] = chance.choice((*DECIMALS, "x", lines[0], lines[2]))
        text = "\n".join(lines)
    try:
        note = signed(text, *names)
    except MalformedNote as fault:
        # No such note can be signed: any other text will do.
        note = f"{text}\n{fault}"
    for _ in range(chance.choice((0, 1, 1))):
        note = _bytes_changed(chance, note.encode()).decode(errors="replace")
    view["checkpoint"] = note
    return _written(chance, view), chance.choice(base.anchors)


def _change_anchor(chance: random.Random, base: _Base) -> tuple[bytes, str]:
    view = _written(chance, base.log.view(base.story.show(CHARTER)))
    anchor = json.loads(chance.choice(base.anchors))
    match chance.randrange(3):
        case 0:
            change_value(chance, anchor)
        case 1:
            data = _bytes_changed(chance, anchor["policy"].encode())
            anchor["policy"] = data.decode(errors="replace")
        case _:
            anchor["policy"] = _policy_changed(chance)
    return view, as_text(anchor)


_CHANGES: Final = (
    _change_bytes,
    _change_json,
    _change_record,
    _change_head,
    _change_checkpoint,
    _change_anchor,
)
_WEIGHTS: Final = (3, 4, 6, 1, 2, 2)


def _bytes_changed(chance: random.Random, data: bytes) -> bytes:
    start = chance.randrange(len(data) + 1)
    stop = min(len(data), start + chance.choice((0, 1, 1, 2, 8, 100)))
    other = chance.randrange(len(data) + 1)
    match chance.randrange(6):
        case 0 if start < len(data):
            flipped = data[start] ^ 1 << chance.randrange(8)
            return data[:start] + bytes([flipped]) + data[start + 1 :]
        case 1:
            return data[:start] + data[stop:]
        case 2:
            return data[:start]
        case 3:
            return data[:other] + data[start:stop] + data[other:]
        case 4:
            return data[:start] + chance.choice(BYTES) + data[stop:]
        case _:
            return data[:start] + chance.choice(BYTES) + data[start:]


def change_value(chance: random.Random, value: Any) -> None:
    """Change one place of a JSON value, chosen with equal chance on every level."""
    places = list(_places(value))
    if not places:
        return
    depth = chance.choice(sorted({place[2] for place in places}))
    parent, step, _ = chance.choice([place for place in places if place[2] == depth])
    donor, source, _ = chance.choice(places)
    match chance.randrange(8):
        case 0:
            del parent[step]
        case 1:
            parent[step] = copy.deepcopy(donor[source])
        case 2 if isinstance(parent, list):
            parent.insert(step, copy.deepcopy(parent[chance.randrange(len(parent))]))
        case 2:
            parent[chance.choice(NAMES)] = copy.deepcopy(chance.choice((*VALUES, parent[step])))
        case 3 if isinstance(parent, list):
            chance.shuffle(parent)
        case 4 | 5 if isinstance(parent[step], str) and parent[step]:
            data = _bytes_changed(chance, parent[step].encode())
            parent[step] = data.decode(errors="replace")
        case 4 | 5 if isinstance(parent[step], int):
            parent[step] += chance.choice((-2, -1, 1, 2))
        case _:
            parent[step] = copy.deepcopy(chance.choice(VALUES))


def _places(value: Any, depth: int = 0) -> Iterator[tuple[Any, Any, int]]:
    steps: Sequence[Any] = ()
    if isinstance(value, dict):
        steps = list(value)
    elif isinstance(value, list):
        steps = range(len(value))
    for step in steps:
        yield value, step, depth
        yield from _places(value[step], depth + 1)


def _signer(chance: random.Random, story: Story, index: int) -> PartySigner:
    first, second = story.first, story.second
    governs = index in (CHARTER, ENDORSEMENT, KEY_TWO, 2)
    party = first if index in (CHARTER, 2, TYPE, OWN_REPORT, 5, 6) else second
    if chance.random() < 0.1:
        return chance.choice((first.admin, first.signing, second.admin, second.signing))
    return party.admin if governs else party.signing


def _definition_changed(chance: random.Random, claims: dict[str, Any]) -> None:
    body = claims.get("body")
    if not isinstance(body, dict) or "definition" not in body or chance.random() < 0.3:
        return
    definition = sample_definition()
    change_value(chance, definition)
    body["definition"] = chance.choice((json.dumps(definition), None, json.dumps([definition])))
    body["sha256"] = document_digest(body["definition"] or "")
    if chance.random() < 0.7:
        # A type that the charter does not list, or its own digest would be missed first.
        body["vct"] = "sample-report/v2"


def _show_changed(chance: random.Random, show: Show, claims: dict[str, Any], index: int) -> Show:
    if chance.random() < 0.2:
        keys = sorted(set(show.keys) | {chance.randrange(7)})
        show = replace(show, keys=keys if chance.random() < 0.7 else keys[1:])
    if chance.random() < 0.05:
        show = replace(show, type=chance.choice((None, TYPE, 6, CHARTER)))
    if show.index != index or not show.disclosures or chance.random() < 0.3:
        return show
    texts = list(show.disclosures)
    place = chance.randrange(len(texts))
    texts[place] = _disclosure_changed(chance, texts[place], claims)
    digests = claims.get("_sd")
    if isinstance(digests, list) and chance.random() < 0.9:
        known = {digest for digest in digests if isinstance(digest, str)}
        claims["_sd"] = sorted(known | {digest_of(text) for text in texts if text.isascii()})
    return replace(show, disclosures=texts)


def _disclosure_changed(chance: random.Random, text: str, claims: dict[str, Any]) -> str:
    array = parse_json(decode_base64url(text), bytes_max=10**6)
    assert isinstance(array, list)
    salt = f"{str(array[0])[:22]}{tag_of(str(claims.get('iss')), str(claims.get('jti')))}"
    array[0] = salt
    match chance.randrange(5):
        case 0:
            array[1] = chance.choice(GROUPS)
        case 1:
            array[0] = salt[: chance.randrange(39)] + chance.choice(("", "A", "-", "=", "é"))
        case 2:
            change_value(chance, array)
        case 3:
            change_value(chance, array[2])
        case _:
            return _bytes_changed(chance, text.encode()).decode(errors="replace")
    return encode_base64url(write_json(chance, array))


def _policy_changed(chance: random.Random) -> str:
    lines = policy_text(chance.choice(("none", "one", "both"))).split("\n")
    words = [line.split(" ") for line in lines]
    for _ in range(chance.choice((1, 1, 2))):
        line = chance.choice(words)
        place = chance.randrange(len(line))
        donor = chance.choice([word for other in words for word in other])
        news = ("none", "any", "all", "0", "1", "2", "3", "01", "", "#", "\t", "x", "quorum", donor)
        line[place : place + chance.randrange(2)] = [chance.choice(news)]
        if chance.random() < 0.2:
            words.insert(chance.randrange(len(words)), list(chance.choice(words)))
        if chance.random() < 0.2:
            chance.shuffle(words)
    return "\n".join(" ".join(line) for line in words)


def write_json(chance: random.Random, value: Any) -> bytes:
    """The value as JSON, its other letters escaped at times."""
    text = json.dumps(value, ensure_ascii=chance.random() < 0.2, separators=(",", ":"))
    return text.encode()


def _written(chance: random.Random, view: Document) -> bytes:
    try:
        text = as_lines(view) if chance.random() < 0.25 else as_text(view)
    except (KeyError, TypeError):
        text = as_text(view)
    return text.encode()
