"""Cases that one entry of the table decides (rows C1 to C11).

From C6 on the forged record is in a log that holds it: head, chain and path are right, so
nothing before the record itself can refuse it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from keys.encoding import decode_base64url, encode_base64, encode_base64url
from keys.identifiers import Origin
from ledger.record import TYP
from tests.ledger.parties import ORIGIN, a_party, payload_of, resign, sign_parts
from tests.ledger.sample_types import REMOVED
from tests.ledger.view_cases_documents import IDENTITY, NOT_CANONICAL, mixed_order_key
from tests.ledger.view_edits import (
    LOG,
    SHOW,
    SINGLE,
    STORY,
    all_of,
    edited,
    flipped,
    put,
    refused,
    rewrite,
)
from tests.ledger.view_log import Document, Show
from tests.ledger.view_multikeys import multikey_of, sealing_multikey
from tests.ledger.view_story import CHARTER, ENDORSEMENT, KEY_ONE, KEY_TWO, REPORT, TYPE, jws_of
from tests.ledger.view_vectors import ViewCase

SIGNER: Final = STORY.second.signing
REPORT_TEXT: Final = STORY.submissions[REPORT]
HEADER: Final = {"alg": "EdDSA", "kid": SIGNER.kid, "typ": TYP}
CLAIMS: Final = payload_of(REPORT_TEXT)


def entry_cases() -> Iterator[ViewCase]:
    """All cases of rows C1 to C11."""
    yield from _heads()
    yield from _indices()
    yield from _paths()
    yield from _parts()
    yield from _headers()
    yield from _claims()
    yield from _addresses()


def in_log(jws: str, index: int = REPORT) -> Document:
    """A view of the report, in a log where this JWS stands at an index."""
    return LOG.with_record(index, jws).view(SHOW)


def signed_again(**claims: Any) -> Document:
    """A view of the report with other claims, signed again by its own key."""
    return in_log(jws_of(resign(REPORT_TEXT, SIGNER, claims=claims)))


def _line(number: int, text: str) -> Callable[[str], str]:
    def change(head: str) -> str:
        lines = head.split("\n")
        lines[number] = text
        return "\n".join(lines)

    return change


def _heads() -> Iterator[ViewCase]:
    previous = LOG.entries[REPORT][0].split("\n")[3]
    for name, change in [
        ("the origin is empty", _line(1, "")),
        ("the version is v2", _line(0, "lotmark.entry/v2")),
        ("the head has four lines", lambda head: head.split("\n", 1)[1]),
        ("the head has six lines", lambda head: f"{head}\n"),
        ("the head lacks its last LF", lambda head: head[:-1]),
        ("the head has CRs", lambda head: head.replace("\n", "\r\n")),
        ("the index has a leading zero", _line(2, "07")),
        ("the index has a plus", _line(2, "+7")),
        ("the index is in Arabic digits", _line(2, "٧")),
        ("the index is 2^63", _line(2, str(2**63))),
        ("the index is empty", _line(2, "")),
        ("the previous leaf has no padding", _line(3, previous.rstrip("="))),
        ("the previous leaf has 31 bytes", _line(3, encode_base64(bytes(31)))),
        ("the previous leaf is base64url", _line(3, "_" * 42 + "8=")),
        ("the time is negative", _line(4, "-1")),
        ("the time is a fraction", _line(4, "1.0")),
        ("the time is 2^63", _line(4, str(2**63))),
    ]:
        forged = LOG.with_head(REPORT, change)
        yield refused("C1", name, "malformed-entry", forged.view(SHOW))
    long = in_log("A" * 61_440)
    yield refused("C1", "the entry is larger than 60 KiB", "malformed-entry", long)
    wide = in_log("é" * 30_720)
    yield refused("C1", "the entry is larger than 60 KiB in bytes", "malformed-entry", wide)
    for name, origin in [
        ("the entry is one of another log", "other.example"),
        ("the origin has a letter outside ASCII", "lög.example"),
    ]:
        view = LOG.with_head(REPORT, _line(1, origin)).view(SHOW)
        yield refused("C2", name, "wrong-origin", view)


def _indices() -> Iterator[ViewCase]:
    older = {**SINGLE, "checkpoint": LOG.note(size=REPORT)}
    older["entries"] = [LOG.entry(index, REPORT) for index in (*SHOW.keys, TYPE)]
    older["entries"] += SINGLE["entries"][-1:]
    yield refused("C3", "the entry is beyond the checkpoint", "wrong-index", older)
    far = LOG.with_head(REPORT, _line(2, str(2**63 - 1)))
    yield refused("C3", "the index is 2^63 - 1", "wrong-index", far.view(SHOW))

    def swap(entries: list[Any]) -> list[Any]:
        return [entries[1], entries[0], *entries[2:]]

    wrong = "wrong-index"
    reordered = edited(SINGLE, rewrite("entries", by=swap))
    yield refused("C3", "entries are re-ordered", wrong, reordered)
    twice = edited(SINGLE, rewrite("entries", by=lambda found: [found[0], *found]))
    yield refused("C3", "an entry stands twice", wrong, twice)
    heads = [entry["head"] for entry in SINGLE["entries"]]
    swapped = edited(
        SINGLE, put("entries", 0, "head", to=heads[1]), put("entries", 1, "head", to=heads[0])
    )
    yield refused("C5", "heads are swapped, the first is not index 0", "not-included", swapped)
    pair = LOG.view(Show(KEY_TWO, (CHARTER, ENDORSEMENT)), also=[KEY_ONE])
    first = LOG.with_head(CHARTER, _line(3, encode_base64(bytes(31) + b"\1")))
    yield refused("C4", "entry 0 has an entry before it", "chain-broken", first.view(SHOW))
    broken = LOG.with_head(ENDORSEMENT, _line(3, encode_base64(bytes(32))))
    yield refused("C4", "the chain is broken inside the tree", "chain-broken", broken.view(SHOW))
    far_broken = LOG.with_head(REPORT, _line(3, encode_base64(bytes(32))))
    whole = far_broken.view(SHOW, also=[REPORT - 1])
    yield refused("C4", "the chain is broken at the record", "chain-broken", whole)
    other = LOG.entries[KEY_ONE][1]
    replaced = edited(pair, put("entries", 1, "jws", to=other), put("entries", 1, "path", to=[]))
    yield refused("C5", "an entry is another's and has no path", "not-included", replaced)
    moved = edited(pair, rewrite("entries", 2, "head", by=_line(3, encode_base64(bytes(32)))))
    yield refused("C4", "a previous leaf is changed", "chain-broken", moved)


def _paths() -> Iterator[ViewCase]:
    last = len(SINGLE["entries"]) - 1
    path: list[str] = SINGLE["entries"][last]["path"]
    short = encode_base64(bytes(31))
    at = ("entries", last)
    for name, edit in [
        ("a byte of the head is changed", rewrite(*at, "head", by=lambda x: x[:-2] + "9\n")),
        ("a byte of the header is changed", rewrite(*at, "jws", by=lambda x: flipped(x, 20))),
        ("a byte of the payload is changed", rewrite(*at, "jws", by=lambda x: flipped(x, 300))),
        ("a byte of the signature is changed", rewrite(*at, "jws", by=lambda x: flipped(x, -20))),
        ("a byte of the path is changed", put(*at, "path", 0, to=flipped(path[0], 5))),
        ("the path is cut short", put(*at, "path", to=path[:-1])),
        ("the path begins too late", put(*at, "path", to=path[1:])),
        ("the path has one more hash", put(*at, "path", to=[*path, path[0]])),
        ("the path is empty", put(*at, "path", to=[])),
        ("the path is re-ordered", put(*at, "path", to=path[::-1])),
        ("the path is another entry's", put(*at, "path", to=SINGLE["entries"][0]["path"])),
        ("the path has 64 hashes", put(*at, "path", to=path[:1] * 64)),
        ("a hash has 31 bytes", put(*at, "path", 0, to=short)),
        ("a hash has no padding", put(*at, "path", 0, to=path[0].rstrip("="))),
        ("a hash has spare bits", put(*at, "path", 0, to="A" * 42 + "B=")),
        ("a hash is base64url", put(*at, "path", 0, to="_" * 42 + "8=")),
        ("a hash ends in LF", put(*at, "path", 0, to=f"{path[0]}\n")),
        ("a hash is empty", put(*at, "path", 0, to="")),
        ("the index is another's", rewrite(*at, "head", by=_line(2, "8"))),
    ]:
        yield refused("C5", name, "not-included", edited(SINGLE, edit))
    longer = {**SINGLE, "checkpoint": LOG.with_record(11, "x").note()}
    yield refused("C5", "the checkpoint is a later one", "not-included", longer)
    both = edited(
        SINGLE,
        all_of(put("entries", 1, "path", to=[]), rewrite(*at, "jws", by=lambda _: "x")),
    )
    yield refused("C5", "an earlier entry fails first", "not-included", both)


def _parts() -> Iterator[ViewCase]:
    header, payload, signature = jws_of(REPORT_TEXT).split(".")
    claims, plain = decode_base64url(payload), decode_base64url(header)
    deep = claims[:-1] + b',"x":' + b"[" * 32 + b"]" * 32 + b"}"

    def of(head: bytes = plain, body: bytes = claims) -> str:
        return sign_parts(head, body, SIGNER)

    for name, jws in [
        ("the JWS is empty", ""),
        ("the JWS has two parts", f"{header}.{payload}"),
        ("the JWS has four parts", f"{header}.{payload}.{signature}."),
        ("the JWS is followed by a tilde", f"{header}.{payload}.{signature}~"),
        ("the JWS has two lines", f"{header}.\n{payload}.{signature}"),
        ("the JWS has a letter outside ASCII", f"{header}.{payload}.{signature}é"),
        ("the header is padded", f"{header}=.{payload}.{signature}"),
        ("the signature is padded", f"{header}.{payload}.{signature}=="),
        ("the signature has spare bits", f"{header}.{payload}.{signature[:-1]}B"),
        ("the signature is base64", f"{header}.{payload}.{'+' * 85}w"),
        ("the signature has 63 bytes", f"{header}.{payload}.{signature[:84]}"),
        ("the signature is empty", f"{header}.{payload}."),
        ("the header is not JSON", of(head=plain[:-1])),
        ("the header is an array", of(head=b"[]")),
        ("the header names alg twice", of(head=plain[:-1] + b',"alg":"EdDSA"}')),
        ("the header has a byte order mark", of(head=b"\xef\xbb\xbf" + plain)),
        ("the payload is not JSON", of(body=b"iss")),
        ("the payload is a string", of(body=b'"iss"')),
        ("the payload names iss twice", of(body=claims[:-1] + b',"iss":"x"}')),
        (
            "the payload names iss twice, once by an escape",
            of(body=claims[:-1] + b',"\\u0069ss":"x"}'),
        ),
        ("the payload has a fraction", of(body=claims.replace(b'"iat":', b'"iat":0.5,"x":'))),
        (
            "the payload has 2^53",
            of(body=claims.replace(b'"iat":', b'"iat":9007199254740992,"x":')),
        ),
        ("the payload has a lone surrogate", of(body=claims[:-1] + b',"x":"\\udc00"}')),
        ("the payload is not UTF-8", of(body=claims[:-1] + b',"x":"\xff"}')),
        ("the payload has 33 levels", of(body=deep)),
    ]:
        yield refused("C6", name, "malformed-record", in_log(jws))


def _header(**members: Any) -> Document:
    whole = {name: value for name, value in (HEADER | members).items() if value is not REMOVED}
    return in_log(sign_parts(_bytes(whole), _bytes(CLAIMS), SIGNER))


def _bytes(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _headers() -> Iterator[ViewCase]:
    did = STORY.second.did
    headers: list[tuple[str, dict[str, Any]]] = [
        ("the header has a crit", {"crit": []}),
        ("the header brings a key", {"jwk": {"kty": "OKP"}}),
        ("the header lacks its kid", {"kid": REMOVED}),
        ("the header lacks its alg", {"alg": REMOVED}),
        ("typ is JWT", {"typ": "JWT"}),
        ("typ is in capitals", {"typ": TYP.upper()}),
        ("typ is null", {"typ": None}),
        ("typ comes before alg", {"typ": "JWT", "alg": "none"}),
        ("kid is an array", {"kid": [SIGNER.kid]}),
        ("kid is a DID alone", {"kid": did}),
        ("kid has two keys", {"kid": f"{SIGNER.kid}#{SIGNER.multikey}"}),
        ("kid has a fragment of its own", {"kid": f"{did}#key-1"}),
        ("kid is a did:key", {"kid": f"did:key:{SIGNER.multikey}#{SIGNER.multikey}"}),
        ("kid is upper case", {"kid": SIGNER.kid.replace("parties", "PARTIES")}),
        ("kid names a key of small order", {"kid": f"{did}#{multikey_of(IDENTITY)}"}),
        ("kid names a key that is not canonical", {"kid": f"{did}#{multikey_of(NOT_CANONICAL)}"}),
        (
            "kid names a key outside the subgroup",
            {"kid": f"{did}#{multikey_of(mixed_order_key())}"},
        ),
        ("kid names a key to seal with", {"kid": f"{did}#{sealing_multikey()}"}),
        ("kid comes before the claims", {"kid": did, "x": REMOVED}),
    ]
    for name, members in headers:
        yield refused("C7", name, "malformed-header", _header(**members))
    for alg in ("none", "HS256", "ES256", "eddsa", "EdDSA ", "Ed25519", None, ["EdDSA"]):
        yield refused("C8", f"alg is {alg!r}", "algorithm-not-allowed", _header(alg=alg))
    unsigned = in_log(f"{encode_base64url(_bytes(HEADER | {'alg': 'none'}))}.{_payload()}.")
    yield refused("C6", "alg is none and nothing is signed", "malformed-record", unsigned)
    both = _header(alg="none", kid=did)
    yield refused("C8", "alg comes before kid", "algorithm-not-allowed", both)


def _payload() -> str:
    return jws_of(REPORT_TEXT).split(".")[1]


def _claims() -> Iterator[ViewCase]:
    for name, claims in [*_odd_claims(), *_odd_digests()]:
        yield refused("C9", name, "malformed-claims", signed_again(**claims))
    charter = LOG.with_record(CHARTER, _without_body())
    policy = resign(STORY.charter, STORY.first.admin, claims={"policy": CLAIMS["policy"]})
    named = LOG.with_record(CHARTER, jws_of(policy))
    yield refused("C9", "entry 0 names a policy", "malformed-claims", named.view(SHOW))
    yield refused(
        "C9", "an entry of the key path has no body", "malformed-claims", charter.view(SHOW)
    )


def _odd_claims() -> list[tuple[str, dict[str, Any]]]:
    return [
        ("a claim more", {"exp": 1}),
        ("_sd_alg is there", {"_sd_alg": "sha-256"}),
        ("cnf is there", {"cnf": {}}),
        ("jti is missing", {"jti": REMOVED}),
        ("policy is missing", {"policy": REMOVED}),
        ("_sd is missing", {"_sd": REMOVED}),
        ("iss is a number", {"iss": 1}),
        ("iss is empty", {"iss": ""}),
        ("iss is a slug", {"iss": "hanfeng-drive"}),
        ("iss is a did:key", {"iss": f"did:key:{SIGNER.multikey}"}),
        ("iss is in capitals", {"iss": STORY.second.did.upper()}),
        ("iss has a slug of one letter", {"iss": f"{STORY.second.did.rpartition(':')[0]}:h"}),
        ("iss has a path behind its slug", {"iss": f"{STORY.second.did}:keys"}),
        ("iat is a string", {"iat": "1"}),
        ("iat is negative", {"iat": -1}),
        ("iat is true", {"iat": True}),
        ("jti has 21 characters", {"jti": CLAIMS["jti"][1:]}),
        ("jti has a plus", {"jti": "+" * 22}),
        ("aud is an array", {"aud": [ORIGIN]}),
        ("aud is null", {"aud": None}),
        ("vct has no version", {"vct": "sample-report"}),
        ("vct has version 0", {"vct": "sample-report/v0"}),
        ("vct is upper case", {"vct": "Sample-report/v1"}),
        ("vct ends in LF", {"vct": "sample-report/v1\n"}),
        ("vct is a number", {"vct": 1}),
        ("policy has 42 characters", {"policy": CLAIMS["policy"][1:]}),
        ("policy has spare bits", {"policy": "A" * 42 + "B"}),
        ("policy is null", {"policy": None}),
    ]


def _odd_digests() -> list[tuple[str, dict[str, Any]]]:
    digests: list[str] = CLAIMS["_sd"]
    many = sorted(encode_base64url(bytes([n]) * 32) for n in range(129))
    return [
        ("_sd is empty", {"_sd": []}),
        ("_sd has 129 digests", {"_sd": many}),
        ("_sd is not ascending", {"_sd": digests[::-1]}),
        ("_sd has a digest twice", {"_sd": [digests[0], *digests]}),
        ("_sd has a digest with spare bits", {"_sd": ["A" * 42 + "B"]}),
        ("_sd has a padded digest", {"_sd": ["A" * 43 + "="]}),
        ("_sd has an object", {"_sd": [{"...": digests[0]}]}),
        ("_sd is a string", {"_sd": digests[0]}),
        ("the body of a business type is an array", {"body": []}),
        ("the body of a business type is null", {"body": None, "_sd": REMOVED}),
        ("a governance type has no body", {"vct": "policy/v1"}),
        ("a governance type has a body and an _sd", {"vct": "policy/v1", "body": {}}),
        ("a body is an array", {"vct": "policy/v1", "body": [], "_sd": REMOVED}),
        ("key/v1 has no _sd", {"vct": "key/v1", "body": {}, "_sd": REMOVED}),
    ]


def _without_body() -> str:
    return jws_of(resign(STORY.charter, STORY.first.admin, claims={"body": REMOVED}))


def _addresses() -> Iterator[ViewCase]:
    other = a_party("hanfeng-drive", Origin("other.example"))
    first = STORY.first
    wrong = "wrong-audience"
    yield refused("C10", "aud is another log", wrong, signed_again(aud="other.example"))
    yield refused("C10", "aud is a prefix", wrong, signed_again(aud=ORIGIN[:-1]))
    elsewhere = resign(
        REPORT_TEXT, other.signing, claims={"aud": "other.example", "iss": other.did}
    )
    yield refused("C10", "aud comes before iss", wrong, in_log(jws_of(elsewhere)))
    foreign = "foreign-key"
    theirs = resign(REPORT_TEXT, other.signing, claims={"iss": other.did})
    yield refused("C11", "iss is a party of another log", foreign, in_log(jws_of(theirs)))
    forged = resign(REPORT_TEXT, first.signing, claims={"iat": 1})
    yield refused("C11", "kid is another party's", foreign, in_log(jws_of(forged)))
    yield refused("C11", "iss is another party", foreign, signed_again(iss=first.did))
    written_out = signed_again(iss=STORY.second.did.replace("%3A", ":"))
    yield refused("C11", "iss has the port written out", foreign, written_out)
    linked = LOG.with_record(KEY_TWO, jws_of(theirs))
    yield refused("C11", "an entry of the key path is foreign", foreign, linked.view(SHOW))
