"""A case for every sentence of docs/spec that two implementers have read in two ways.

Each pair of readings is told apart by a case that is refused under one and not under the
other; the sibling beside it differs in one value. ``expected`` is a code, or members of the
first record's result.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ledger.note import encode_vkey
from tests.ledger.parties import PartySigner, payload_of, resign
from tests.ledger.sample_types import REMOVED
from tests.ledger.signers import a_signer, key_of
from tests.ledger.verdicts import Case
from tests.ledger.view_log import (
    Document,
    ForgedLog,
    Show,
    anchor_text,
    as_lines,
    as_text,
    changed,
    policy_text,
    signed,
)
from tests.ledger.view_story import (
    CHARTER,
    ENDORSEMENT,
    KEY_ONE,
    KEY_TWO,
    OWN_REPORT,
    REPORT,
    TYPE,
    Story,
    a_story,
    jws_of,
)

STORY: Final[Story] = a_story()
LOG: Final[ForgedLog] = STORY.log
ANCHOR: Final = anchor_text(STORY.charter)
SHOW: Final[Show] = STORY.show(REPORT)
SINGLE: Final[Document] = LOG.view(SHOW)
FIRST, SECOND = STORY.first, STORY.second
CLAIMS: Final = payload_of(STORY.submissions[REPORT])
OTHER: Final = "did:web:other.example:parties:hanfeng-drive"
SIGNERS: Final[Mapping[int, PartySigner]] = {
    CHARTER: FIRST.admin,
    ENDORSEMENT: SECOND.admin,
    KEY_ONE: FIRST.admin,
    KEY_TWO: SECOND.admin,
    TYPE: FIRST.signing,
    REPORT: SECOND.signing,
    OWN_REPORT: FIRST.signing,
}

Outcome = str | Mapping[str, Any]
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """A case and its one right outcome."""

    case: Case
    expected: Outcome

    def __str__(self) -> str:
        """The name, for the lists of pytest."""
        return self.case.name


def rows(*items: Row) -> tuple[Row, ...]:
    """Cases that differ in a value and in what comes of it."""
    return items


def document_readings() -> list[Reading]:
    """Readings about the documents, the checkpoint and the entries: rows A to C."""
    parts = (_forms, _anchors, _checkpoints, _heads, _headers, _claims)
    return [reading for part in parts for reading in part()]


def reading(
    name: str, expected: Outcome, view: Document | str = SINGLE, *, anchor: str = ANCHOR
) -> Reading:
    """A view and what comes of it."""
    text = view if isinstance(view, str) else as_text(view)
    return Reading(Case(name, text.encode(), anchor.encode()), expected)


def in_record(**members: Any) -> Document:
    """The view of one report with members of its row replaced."""
    return changed(SINGLE, lambda view: view["records"][0].update(members))


def _forms() -> Iterator[Reading]:
    text, lines = as_text(SINGLE), as_lines(SINGLE)
    keys = SINGLE["records"][0]["keys"]
    yield reading("keys ascend", {}, in_record(keys=keys))
    yield reading("a key twice does not ascend", "malformed-view", in_record(keys=[*keys, 2]))
    yield reading("blank lines around a document", {}, f"\n\n{text}\n \n")
    yield reading("JSONL", {}, lines)
    yield reading("JSONL after a blank line", "malformed-json", f"\n{lines}")
    yield reading("JSONL after white space", {}, f" {lines}")
    yield reading("JSONL before a blank line", "malformed-json", f"{lines}\n")
    yield reading("JSONL before white space without LF", "malformed-json", f"{lines} ")
    yield reading("JSONL without its last LF", "malformed-view", lines[:-1])
    yield reading("JSONL whose last line is no JSON", "malformed-json", f"{lines}{{")
    bad_first = lines.replace("lotmark.view/v1", "x")
    yield reading(
        "JSONL of another format whose last line is no JSON", "malformed-json", f"{bad_first}{{"
    )
    yield reading("JSONL of another format", "malformed-view", bad_first)
    both = changed(SINGLE, lambda view: view["records"].append(view["records"][0]))
    yield reading("an entry shown twice", {"index": REPORT}, both)


def _anchor(policy: str) -> str:
    return json.dumps({**json.loads(ANCHOR), "policy": policy})


def _anchors() -> Iterator[Reading]:
    charter = json.loads(ANCHOR)["charter"]
    for name, other, code in rows(
        (
            "with spare bits",
            charter[:-1] + ("B" if charter[-1] != "B" else "C"),
            "malformed-anchor",
        ),
        ("of 42 characters", charter[:-1], "malformed-anchor"),
        ("of another charter", "A" * 43, "charter-mismatch"),
    ):
        yield reading(f"an anchor's charter {name}", code, anchor=ANCHOR.replace(charter, other))
    policy = policy_text()
    for name, line, expected in rows(
        ("U+007F in a comment", "# \x7f", "malformed-anchor"),
        ("U+000D in a comment", "# \r", "malformed-anchor"),
        ("U+0085 in a comment", "# \x85", {}),
        ("a tab before a comment", "\t#", {}),
        ("a log key whose name is no origin", f"log {_vkey('Ω!', 1)}", {}),
        ("a URL of any text", f"log {_vkey('x.example', 1)} Ω", {}),
        ("a witness called any", f"witness any {_vkey('w.example', 4)}", {}),
        ("a witness called none", f"witness none {_vkey('w.example', 4)}", "malformed-anchor"),
    ):
        yield reading(f"a policy with {name}", expected, anchor=_anchor(f"{line}\n{policy}"))
    logless = "".join(f"{line}\n" for line in policy.splitlines() if not line.startswith("log "))
    yield reading("a policy without log keys", "log-signature-missing", anchor=_anchor(logless))


def _vkey(name: str, algorithm: int) -> str:
    return encode_vkey(key_of(name, algorithm))


def _checkpoints() -> Iterator[Reading]:
    body = LOG.note().partition("\n\n")[0] + "\n"
    other = a_signer("other.example")
    right = other.sign_text(body.encode()).line()
    wrong = other.sign_text(b"another text").line()
    anchor = _anchor(f"log {encode_vkey(other.key)}\n{policy_text()}")
    for name, note, expected in rows(
        ("a right line of another log beside", LOG.note() + right, {}),
        ("a wrong line of another log beside", LOG.note() + wrong, {}),
        ("a line of another log alone", f"{body}\n{right}", "log-signature-missing"),
    ):
        yield reading(
            f"a note with {name}", expected, {**SINGLE, "checkpoint": note}, anchor=anchor
        )
    lines = body.split("\n", 1)[1]
    for name, text, code in rows(
        ("is any text", f"é ! +\n{lines}", "wrong-origin"),
        ("is empty", f"\n{lines}", "malformed-note"),
    ):
        view = {**SINGLE, "checkpoint": signed(text)}
        yield reading(f"the origin line of the checkpoint {name}", code, view)


def _heads() -> Iterator[Reading]:
    for name, line, code in rows(
        ("is any text", "é !", "wrong-origin"),
        ("is empty", "", "malformed-entry"),
    ):
        view = LOG.with_head(REPORT, _line(1, line)).view(SHOW)
        yield reading(f"the origin line of a head {name}", code, view)
    jws = LOG.jwss[REPORT]
    for name, other in rows(("an LF", f"{jws}\n"), ("a tilde", f"{jws}~"), ("an é", f"{jws}é")):
        view = LOG.with_record(REPORT, other).view(SHOW)
        yield reading(f"a JWS with {name}", "malformed-record", view)
    forked = LOG.with_head(REPORT, _line(3, "A" * 43 + "="))
    yield reading("another previous leaf than one not in the table", {}, forked.view(SHOW))
    beside = forked.view(SHOW, also=[REPORT - 1])
    yield reading("another previous leaf than that in the table", "chain-broken", beside)
    early = LOG.with_head(REPORT, _line(4, "0")).view(SHOW, also=[REPORT - 1])
    yield reading("an admission time before the last", {"admitted_ms": 0}, early)


def _line(place: int, text: str) -> Callable[[str], str]:
    def change(head: str) -> str:
        lines = head.split("\n")
        return "\n".join([*lines[:place], text, *lines[place + 1 :]])

    return change


def log_with(
    index: int,
    *,
    header: Mapping[str, Any] | None = None,
    signer: PartySigner | None = None,
    **claims: Any,
) -> ForgedLog:
    """The log with some members of one record replaced, signed by who signed it before."""
    by = signer or SIGNERS[index]
    text = resign(STORY.submissions[index], by, header=header, claims=claims)
    return LOG.with_record(index, jws_of(text))


def _headers() -> Iterator[Reading]:
    did = SECOND.did
    sealing = f"{did}#z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc"
    p256 = f"{did}#zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169"
    for name, header, code in rows(
        ("alg is a number", {"alg": 5}, "algorithm-not-allowed"),
        ("alg is null", {"alg": None}, "algorithm-not-allowed"),
        ("kid is a number", {"kid": 5}, "malformed-header"),
        ("kid names an X25519 key", {"kid": sealing}, "malformed-header"),
        ("kid names a P-256 key", {"kid": p256}, "malformed-header"),
        ("kid names no key", {"kid": f"{did}#z6Mk"}, "malformed-header"),
        ("alg and kid are wrong", {"alg": "ES256", "kid": 5}, "algorithm-not-allowed"),
        ("typ and alg are wrong", {"typ": "JWT", "alg": "ES256"}, "malformed-header"),
    ):
        yield reading(name, code, log_with(REPORT, header=header).view(SHOW))


def _claims() -> Iterator[Reading]:
    yield from _issuers()
    charter = json.loads(ANCHOR)["charter"]
    for name, members, expected in rows(
        ("policy is 43 A behind entry 0", {"policy": "A" * 43}, {}),
        ("policy is of 42 A", {"policy": "A" * 42}, "malformed-claims"),
        ("a business type has a body too", {"body": {}}, {"body": {}}),
        ("a business type has a body alone", {"body": {}, "_sd": REMOVED}, {"body": {}}),
        ("a business type has neither", {"_sd": REMOVED}, "malformed-claims"),
        ("_sd is null beside a body", {"_sd": None, "body": {}}, "malformed-claims"),
        ("_sd is null", {"_sd": None}, "malformed-claims"),
        ("body is null", {"body": None}, "malformed-claims"),
    ):
        show = replace(SHOW, disclosures=())
        yield reading(name, expected, log_with(REPORT, **members).view(show))
    log = log_with(CHARTER, policy=charter)
    anchor = anchor_text(log.jwss[CHARTER])
    yield reading(
        "policy of the charter is another",
        "malformed-claims",
        log.view(Show(CHARTER)),
        anchor=anchor,
    )


def _issuers() -> Iterator[Reading]:
    for name, members, code in rows(
        ("aud is an array", {"aud": [CLAIMS["aud"]]}, "malformed-claims"),
        ("aud is another text", {"aud": "é"}, "wrong-audience"),
        ("iss is a number", {"iss": 5}, "malformed-claims"),
        ("iss is no DID", {"iss": "x"}, "malformed-claims"),
        ("iss is no DID and aud is another", {"iss": "x", "aud": "x"}, "malformed-claims"),
        ("iss has no slug's form", {"iss": f"{SECOND.did}_"}, "malformed-claims"),
        ("iss is a party of another log", {"iss": OTHER}, "foreign-key"),
        ("iss and aud are of another log", {"iss": OTHER, "aud": "x"}, "wrong-audience"),
    ):
        yield reading(name, code, log_with(REPORT, **members).view(SHOW))
