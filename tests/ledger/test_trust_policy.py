"""Trust policies: what a policy file says, and whom it makes a verifier believe."""

from __future__ import annotations

import itertools

import pytest

from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.cosignature import CosignedAt
from ledger.errors import (
    BadCosignature,
    BadLogSignature,
    LogSignatureMissing,
    MalformedNote,
    MalformedTrustPolicy,
    QuorumNotMet,
    WrongOrigin,
)
from ledger.note import (
    ED25519_COSIGNATURE,
    ED25519_NOTE,
    Note,
    NoteSignature,
    encode_vkey,
    sign_note,
)
from ledger.tree import TreeSize
from ledger.trust_policy import (
    Group,
    TrustedCheckpoint,
    TrustPolicy,
    WitnessedBy,
    check_checkpoint,
    encode_trust_policy,
    is_quorum_met,
)
from ledger.trust_policy_file import parse_trust_policy
from tests.ledger.signers import a_signer, cosigned, key_of, seed_of, with_lines

pytestmark = pytest.mark.item("2.4")

ORIGIN = "log.example/lots"
LOG, OTHER_LOG = a_signer(ORIGIN), a_signer("other.example")
X1, X2, X3, Y1, Y2 = ("x1.example", "x2.example", "x3.example", "y1.example", "y2.example")


def log_line(name: str) -> str:
    return f"log {encode_vkey(key_of(name, ED25519_NOTE))}\n"


def witness_line(name: str, key_name: str) -> str:
    return f"witness {name} {encode_vkey(key_of(key_name, ED25519_COSIGNATURE))}\n"


LOGS = log_line(ORIGIN)
WITNESSES = "".join(
    witness_line(name, key_name)
    for name, key_name in [("X1", X1), ("X2", X2), ("X3", X3), ("Y1", Y1), ("Y2", Y2)]
)
GROUPS = "group X 2 X1 X2 X3\ngroup Y any Y1 Y2\ngroup both all X Y\n"
POLICY_TEXT = LOGS + WITNESSES + GROUPS + "quorum both\n"
POLICY = parse_trust_policy(POLICY_TEXT)
CHECKPOINT = Checkpoint(ORIGIN, TreeSize(7), bytes(range(32)))
NOTE = sign_checkpoint(CHECKPOINT, [LOG])
COSIGNED = cosigned(NOTE, X3, Y1, X1)


def decide(note: Note, *lines: NoteSignature, policy: TrustPolicy = POLICY) -> TrustedCheckpoint:
    return check_checkpoint(with_lines(note, *lines), policy, origin=ORIGIN)


def test_policy_is_read() -> None:
    assert [log.key for log in POLICY.logs] == [LOG.key]
    assert [witness.name for witness in POLICY.witnesses] == ["X1", "X2", "X3", "Y1", "Y2"]
    assert POLICY.groups == (
        Group("X", 2, ("X1", "X2", "X3")),
        Group("Y", 1, ("Y1", "Y2")),
        Group("both", 2, ("X", "Y")),
    )
    assert POLICY.quorum == "both"


def test_policy_is_written_and_read_back() -> None:
    assert parse_trust_policy(encode_trust_policy(POLICY)) == POLICY


def test_urls_are_kept() -> None:
    text = LOGS[:-1] + " https://log.example/\n" + witness_line("X1", X1)[:-1] + " https://x1/\n"
    policy = parse_trust_policy(text + "quorum X1\n")
    assert policy.logs[0].url == "https://log.example/"
    assert policy.witnesses[0].url == "https://x1/"
    assert parse_trust_policy(encode_trust_policy(policy)) == policy


SAME_POLICY = {
    "comments and empty lines": f"# ours\n\n \t\n  # indented\n{POLICY_TEXT}# end\n",
    "other white space": POLICY_TEXT.replace(" ", " \t ").replace("\nquorum", "\n\tquorum"),
    "space at the end of lines": POLICY_TEXT.replace("\n", " \n"),
    "non-ASCII comment": f"# \u8d28\u91cf \u00a0\u2028\n{POLICY_TEXT}",
}


@pytest.mark.parametrize("name", SAME_POLICY)
def test_layout_does_not_change_a_policy(name: str) -> None:
    assert parse_trust_policy(SAME_POLICY[name]) == POLICY


def test_lines_may_follow_the_quorum() -> None:
    policy = parse_trust_policy(WITNESSES + GROUPS + "quorum both\n" + LOGS)
    assert policy == POLICY


def test_policy_needs_no_witness_and_no_log() -> None:
    assert parse_trust_policy("quorum none\n") == TrustPolicy((), (), (), None)


def test_name_is_any_word() -> None:
    policy = parse_trust_policy(witness_line("\u8d28\u91cf#1", X1) + "quorum \u8d28\u91cf#1\n")
    assert policy.quorum == "\u8d28\u91cf#1"


X1_VKEY = encode_vkey(key_of(X1, ED25519_COSIGNATURE))
X1_AS_X2 = encode_vkey(key_of("renamed.example", ED25519_COSIGNATURE, seed=seed_of(X1)))
LOG_RENAMED = encode_vkey(key_of("renamed.example", ED25519_NOTE, seed=seed_of(ORIGIN)))
LOG_AS_WITNESS = encode_vkey(key_of(ORIGIN, ED25519_COSIGNATURE, seed=seed_of(ORIGIN)))
BASE = LOGS + witness_line("X1", X1) + witness_line("X2", X2)
REFUSED = {
    "empty": ("", "LF at the end"),
    "no quorum": (BASE, "one quorum line"),
    "two quorums": (BASE + "quorum X1\nquorum X1\n", "one quorum line"),
    "two quorums, none twice": (BASE + "quorum none\nquorum none\n", "one quorum line"),
    "quorum undefined": (BASE + "quorum X9\n", "a name defined above"),
    "quorum defined below": (LOGS + "quorum X1\n" + witness_line("X1", X1), "a name defined above"),
    "quorum without a name": (BASE + "quorum\n", "a policy line"),
    "quorum of two names": (BASE + "quorum X1 X2\n", "a policy line"),
    "no LF at the end": (BASE + "quorum X1", "LF at the end"),
    "carriage return": (BASE + "quorum X1\r\n", "printable text"),
    "NUL": (BASE + "# \0\nquorum X1\n", "printable text"),
    "DEL": (BASE + "# \x7f\nquorum X1\n", "printable text"),
    "lone surrogate": (BASE + "# \ud800\nquorum X1\n", "printable text"),
    "unknown line": (BASE + "mirror X1\nquorum X1\n", "a policy line"),
    "keyword in capitals": (BASE + "Quorum X1\n", "a policy line"),
    "log without a key": (BASE + "log\nquorum X1\n", "a policy line"),
    "log with four words": (
        BASE.replace("\n", " https://l/ x\n", 1) + "quorum X1\n",
        "a policy line",
    ),
    "witness without a key": (BASE + "witness X3\nquorum X1\n", "a policy line"),
    "witness with five words": (
        BASE + witness_line("X3", X3)[:-1] + " u v\nquorum X1\n",
        "a policy line",
    ),
    "witness twice": (BASE + witness_line("X1", X3) + "quorum X1\n", "a new name"),
    "witness key twice": (BASE + f"witness X3 {X1_VKEY}\nquorum X1\n", "each key once"),
    "witness key under another name": (
        BASE + f"witness X3 {X1_AS_X2}\nquorum X1\n",
        "each key once",
    ),
    "log key twice": (LOGS + BASE + "quorum X1\n", "each key once"),
    "log key under another name": (BASE + f"log {LOG_RENAMED}\nquorum X1\n", "each key once"),
    "log key as witness": (BASE + f"witness X3 {LOG_AS_WITNESS}\nquorum X1\n", "each key once"),
    "witness named none": (BASE + witness_line("none", X3) + "quorum X1\n", "a new name"),
    "group named none": (BASE + "group none any X1\nquorum X1\n", "a new name"),
    "group named as a witness": (BASE + "group X1 any X2\nquorum X1\n", "a new name"),
    "group twice": (BASE + "group G any X1\ngroup G any X2\nquorum G\n", "a new name"),
    "witness named as a group": (
        BASE + "group G any X1\n" + witness_line("G", X3) + "quorum G\n",
        "a new name",
    ),
    "group without members": (BASE + "group G any\nquorum X1\n", "a policy line"),
    "group of none": (BASE + "group G any none\nquorum X1\n", "a member not used before"),
    "group of itself": (BASE + "group G any G\nquorum G\n", "a member not used before"),
    "member undefined": (BASE + "group G any X9\nquorum G\n", "a member not used before"),
    "member defined below": (
        BASE + "group G any H\ngroup H any X1\nquorum G\n",
        "a member not used before",
    ),
    "member twice in a group": (BASE + "group G 2 X1 X1\nquorum G\n", "a member not used before"),
    "member of two groups": (
        BASE + "group G any X1\ngroup H any X1 X2\nquorum H\n",
        "a member not used before",
    ),
    "threshold 0": (BASE + "group G 0 X1 X2\nquorum G\n", "any, all or 1..2"),
    "threshold above members": (BASE + "group G 3 X1 X2\nquorum G\n", "any, all or 1..2"),
    "threshold with zero": (BASE + "group G 01 X1 X2\nquorum G\n", "any, all or 1..2"),
    "threshold with sign": (BASE + "group G +1 X1 X2\nquorum G\n", "any, all or 1..2"),
    "threshold in other digits": (BASE + "group G \u0661 X1 X2\nquorum G\n", "any, all or 1..2"),
    "threshold a word": (BASE + "group G most X1 X2\nquorum G\n", "any, all or 1..2"),
    "log with a witness key": (
        BASE.replace("log ", "log " + X1_VKEY + "\nlog ") + "quorum X1\n",
        "key type",
    ),
    "witness with a log key": (
        BASE + log_line(X3).replace("log", "witness X3") + "quorum X1\n",
        "key type",
    ),
    "key ID of another key": (
        BASE.replace("X1 " + X1[:2], "X1 z" + X1[1:2]) + "quorum X1\n",
        "key ID",
    ),
    "small-order key": (
        BASE + "witness Z z+e5bbd93a+BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nquorum X1\n",
        "canonical Ed25519 point",
    ),
    "33 logs": ("".join(log_line(f"l{n}") for n in range(33)) + "quorum none\n", "such lines"),
    "65 witnesses": (
        "".join(witness_line(f"w{n}", f"w{n}") for n in range(65)) + "quorum none\n",
        "such lines",
    ),
    "65 groups": (
        BASE
        + "group g0 any X1\n"
        + "".join(f"group g{n} any g{n - 1}\n" for n in range(1, 65))
        + "quorum none\n",
        "such lines",
    ),
    "more than 64 KiB": ("#" * (64 * 1024) + "\nquorum none\n", "65536 bytes"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_any_other_policy_is_refused(name: str) -> None:
    parse_trust_policy(BASE + "quorum X1\n")
    text, reason = REFUSED[name]
    with pytest.raises(MalformedTrustPolicy, match=reason) as refused:
        parse_trust_policy(text)
    assert refused.value.code == "malformed-trust-policy"


def test_largest_policy_is_read() -> None:
    text = "".join(log_line(f"l{n}") for n in range(32))
    text += "".join(witness_line(f"w{n}", f"w{n}") for n in range(64))
    text += "group g0 any w0\n" + "".join(f"group g{n} any g{n - 1}\n" for n in range(1, 64))
    assert len(parse_trust_policy(text + "quorum g63\n").groups) == 64


def test_quorum_of_every_set_of_witnesses() -> None:
    names = ["X1", "X2", "X3", "Y1", "Y2"]
    for count in range(len(names) + 1):
        for chosen in itertools.combinations(names, count):
            xs = sum(name.startswith("X") for name in chosen)
            expected = xs >= 2 and len(chosen) > xs
            assert is_quorum_met(POLICY, chosen) == expected


def test_quorum_may_be_one_witness() -> None:
    policy = parse_trust_policy(BASE + "quorum X2\n")
    assert is_quorum_met(policy, ["X2"])
    assert not is_quorum_met(policy, ["X1"])


def test_group_name_among_the_cosigners_counts_for_nothing_it_is_not() -> None:
    assert not is_quorum_met(POLICY, ["Z"])
    assert not is_quorum_met(POLICY, [])


def test_checkpoint_with_quorum_is_trusted() -> None:
    assert decide(COSIGNED) == TrustedCheckpoint(
        CHECKPOINT,
        signed_by=(LOG.key.name,),
        cosigned_by=tuple(
            WitnessedBy(name, CosignedAt(1_700_000_000)) for name in ("X1", "X3", "Y1")
        ),
    )


def test_policy_without_quorum_needs_the_log_alone() -> None:
    policy = parse_trust_policy(LOGS + "quorum none\n")
    assert decide(NOTE, policy=policy).cosigned_by == ()


def test_cosignatures_count_even_where_none_are_asked() -> None:
    policy = parse_trust_policy(LOGS + WITNESSES + "quorum none\n")
    assert [found.witness for found in decide(COSIGNED, policy=policy).cosigned_by] == [
        "X1",
        "X3",
        "Y1",
    ]


def test_too_few_cosignatures_are_refused() -> None:
    with pytest.raises(QuorumNotMet, match="both") as refused:
        decide(cosigned(NOTE, X3, X1))
    assert refused.value.code == "quorum-not-met"


def test_witness_that_cosigned_twice_counts_once() -> None:
    twice = cosigned(cosigned(NOTE, X1, Y1), X1, timestamp=1_700_000_001)
    with pytest.raises(QuorumNotMet):
        decide(twice)


def test_first_of_two_cosignatures_gives_the_time() -> None:
    twice = cosigned(COSIGNED, X1, timestamp=1_700_000_001)
    assert decide(twice).cosigned_by[0].timestamp == 1_700_000_000


def test_unknown_witness_is_ignored() -> None:
    assert decide(cosigned(COSIGNED, "z.example")) == decide(COSIGNED)


def test_bad_cosignature_refuses_although_the_quorum_is_met() -> None:
    key = key_of(Y2, ED25519_COSIGNATURE)
    with pytest.raises(BadCosignature) as refused:
        decide(COSIGNED, NoteSignature(key.name, key.key_id, bytes(72)))
    assert refused.value.code == "bad-cosignature"


def test_checkpoint_without_the_logs_line_is_refused() -> None:
    # The witnesses alone do not make a checkpoint.
    with pytest.raises(LogSignatureMissing) as refused:
        decide(Note(COSIGNED.text, COSIGNED.signatures[1:]))
    assert refused.value.code == "log-signature-missing"


def test_log_key_of_a_forger_is_unknown() -> None:
    forged = sign_checkpoint(CHECKPOINT, [a_signer(ORIGIN, seed=bytes(32))])
    with pytest.raises(LogSignatureMissing):
        decide(cosigned(forged, X1, X3, Y1))


def test_bad_log_signature_is_refused() -> None:
    line = COSIGNED.signatures[0]
    other = Note(COSIGNED.text.replace("\n7\n", "\n8\n"), (line,))
    with pytest.raises(BadLogSignature) as refused:
        decide(cosigned(other, X1, X3, Y1))
    assert refused.value.code == "bad-log-signature"


def test_checkpoint_of_another_origin_is_refused() -> None:
    other = sign_checkpoint(Checkpoint("x" + ORIGIN, CHECKPOINT.size, CHECKPOINT.root), [LOG])
    with pytest.raises(WrongOrigin) as refused:
        decide(cosigned(other, X1, X3, Y1))
    assert refused.value.code == "wrong-origin"


def test_another_listed_log_cannot_sign_for_this_origin() -> None:
    policy = parse_trust_policy(LOGS + log_line("other.example") + "quorum none\n")
    decide(sign_checkpoint(CHECKPOINT, [LOG, OTHER_LOG]), policy=policy)
    with pytest.raises(LogSignatureMissing):
        decide(sign_checkpoint(CHECKPOINT, [OTHER_LOG]), policy=policy)


def test_log_signature_missing_comes_before_a_bad_cosignature() -> None:
    key = key_of(Y2, ED25519_COSIGNATURE)
    bad = NoteSignature(key.name, key.key_id, bytes(72))
    with pytest.raises(LogSignatureMissing):
        decide(Note(NOTE.text, (bad,)))


def test_signed_text_that_is_no_checkpoint_is_refused_first() -> None:
    with pytest.raises(MalformedNote) as refused:
        decide(sign_note("hello\n", [OTHER_LOG]))
    assert refused.value.code == "malformed-note"


def test_plain_signature_by_a_witness_key_is_no_cosignature() -> None:
    plain = a_signer(Y1)
    with pytest.raises(QuorumNotMet):
        decide(cosigned(NOTE, X1, X3), plain.sign_text(NOTE.text.encode()))
