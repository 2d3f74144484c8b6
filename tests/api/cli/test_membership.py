"""A party joins, is recovered, leaves: with the commands alone, on a log that is served."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger import limits
from tests.api.cli.five import AUDITOR, GEAR, LABORATORY, OEM, OPERATOR, FiveLog
from tests.api.cli.solo import lotmark

pytestmark = [pytest.mark.item("3.done.cli"), pytest.mark.item("3.1")]

CANDIDATE = "vega-forge"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FiveLog]:
    """Five members at work."""
    found = FiveLog(tmp_path_factory.mktemp("five"))
    with found.served():
        found.complete()
        yield found


def test_three_of_five_admit_a_party_that_accepts_its_own_keys_and_no_others(
    log: FiveLog, tmp_path: Path
) -> None:
    log.keygen(CANDIDATE, "supplier")
    member = log.folder(CANDIDATE) / "member.json"
    made = log.done(OEM, "propose", "admit", str(member), "--reason", "tier 2", "--yes")
    of = made["record_id"]
    assert (made["state"], made["missing"]) == ("open", 2)

    listed = lotmark("proposals", "--language", "zh", "--url", log.url)
    assert listed.exit_code == 0, listed.stderr
    for words in (of, f"接纳新成员 {CANDIDATE}", "tier 2", "尚缺同意：2（共需 3）", "有效期至"):
        assert words in listed.stdout

    early = log.act(CANDIDATE, "register-key")
    assert "refused: key-not-valid" in early.stderr
    assert f"next: {CANDIDATE} is no party of this log yet" in early.stderr
    stranger = tmp_path / CANDIDATE
    assert lotmark("keygen", CANDIDATE, "--party", str(stranger)).exit_code == 0
    wrong = log.run(
        "join", of, "--yes", "--party", str(stranger), "--anchor", str(log.data / "anchor.json")
    )
    assert (wrong.exit_code, "proposal-unexpected" in wrong.stderr) == (1, True)
    assert "Do not accept" in wrong.stderr
    assert log.refused(AUDITOR, "join", of, "--yes") == "proposal-unexpected"

    joined = log.done(CANDIDATE, "join", of, "--yes")
    assert (joined["state"], joined["missing"]) == ("open", 2)
    shown = log.act(GEAR, "approve", of, "--yes")
    assert shown.exit_code == 0, shown.stderr
    for words in (f"admit {CANDIDATE} as a new member", "reason: tier 2", "admin key: z6Mk"):
        assert words in shown.stderr
    carried = log.act(AUDITOR, "approve", of, "--yes")
    assert "the proposal is carried: in force with entry" in carried.stdout
    assert f"next: {CANDIDATE} registers its signing key" in carried.stdout
    log.done(CANDIDATE, "register-key")
    assert log.own(CANDIDATE)["standing"] == "member"
    assert log.refused(LABORATORY, "approve", of, "--yes") == "proposal-closed"


def test_an_endorser_is_told_who_witnesses_and_who_signs_credentials(tmp_path: Path) -> None:
    founded = FiveLog(tmp_path)
    with founded.served():
        shown = founded.act(GEAR, "endorse", "--yes")
    assert shown.exit_code == 0, shown.stderr
    assert "  witnessing: quorum none" in shown.stderr
    assert "  credential " in shown.stderr


def test_a_proposal_is_rejected_and_withdrawn(log: FiveLog) -> None:
    of = log.done(AUDITOR, "propose", "suspend", GEAR, "--yes")["record_id"]
    assert log.done(LABORATORY, "reject", of, "--yes")["state"] == "open"
    withdrawn = log.act(AUDITOR, "reject", of, "--yes")
    assert "the proposal is over: withdrawn, entry" in withdrawn.stdout
    assert log.own(GEAR)["standing"] == "member"


def test_a_reason_full_of_line_ends_takes_one_line(log: FiveLog) -> None:
    """A screen further down it could say what the command says, for another proposal."""
    hostile = "\n" * 300 + "\u2028remove nobody\u200f"
    made = log.done(AUDITOR, "propose", "suspend", GEAR, "--reason", hostile, "--yes")
    of = made["record_id"]
    listed = log.act(OEM, "proposals").stdout
    shown = log.act(LABORATORY, "approve", of, "--yes")
    for text in (listed, shown.stderr):
        (line,) = [line for line in text.split("\n") if "reason: " in line]
        assert line.endswith("\\n\\u2028remove nobody\\u200f")
        assert len(text.split("\n")) < 20
    assert log.done(AUDITOR, "reject", of, "--yes")["state"] == "over"


def test_every_act_can_be_proposed_and_what_is_impossible_is_refused(
    log: FiveLog, tmp_path: Path
) -> None:
    amendment = tmp_path / "amendment.json"
    amendment.write_text(json.dumps({"entry_bundles": "open"}))
    document = tmp_path / "limits.json"
    document.write_text('{"hardness": 58}')
    kid = next(key["kid"] for key in log.own(GEAR)["keys"])
    proposed = [
        log.done(OEM, "propose", *arguments, "--yes")["record_id"]
        for arguments in (
            ("amend", str(amendment)),
            ("roles", GEAR, "--role", "supplier", "--accreditation", "iatf-16949"),
            ("parameters", "heat", str(document)),
            ("policy", "strict", str(document)),
            ("remove", GEAR),
        )
    ]
    assert log.refused(OEM, "propose", "reinstate", GEAR, "--yes") == "not-permitted"
    assert log.refused(OEM, "propose", "suspend", OPERATOR, "--yes") == "not-permitted"
    assert log.refused(OEM, "propose", "contest", kid, "--from", "99999", "--yes")
    listed = log.done(OEM, "proposals")["proposals"]
    assert [found["record_id"] for found in listed] == proposed
    assert listed[1]["content"]["entity"] == "legal-entity"
    shown = log.act(LABORATORY, "approve", proposed[-1], "--yes")
    assert "removing is for ever" in shown.stderr
    for of in proposed:
        assert log.done(OEM, "reject", of, "--yes")["state"] == "over"


def test_allowed_parameters_are_brought_by_the_party_that_has_the_use(
    log: FiveLog, tmp_path: Path
) -> None:
    document = tmp_path / "heat.json"
    document.write_text('{"hardness": 59}')
    log.done(LABORATORY, "register-key", "--use", "record:parameters")
    bring = ("define", "parameters", "heat", str(document))
    assert log.refused(LABORATORY, *bring) == "approval-needed"
    of = log.done(LABORATORY, "propose", "parameters", "heat", str(document), "--yes")["record_id"]
    log.carry(of, OEM, GEAR, AUDITOR, OPERATOR)
    log.done(LABORATORY, *bring)
    assert log.refused(LABORATORY, *bring) == "approval-needed"


@pytest.mark.item("3.2.recovery")
def test_a_party_that_lost_everything_has_new_keys_seven_days_after_the_vote(
    log: FiveLog,
) -> None:
    lost = log.folder(GEAR)
    lost.rename(log.root / "lost")
    anchor = str(log.data / "anchor.json")
    made = log.run("recover", GEAR, "--party", str(lost), "--anchor", anchor, "--json")
    assert made.exit_code == 0, made.stderr
    of = log.done(OEM, "propose", "recover", str(lost / "member.json"), "--yes")["record_id"]
    assert log.refused(GEAR, "join", of, "--yes") == "approval-needed"
    for voter in (AUDITOR, LABORATORY, OPERATOR):
        voted = log.done(voter, "approve", of, "--yes")
    assert (voted["state"], voted["missing"]) == ("open", 0)
    assert log.done(GEAR, "join", of, "--yes")["state"] == "carried"
    assert "objects" not in log.act(GEAR, "keys").stdout
    assert log.refused(GEAR, "register-key") == "key-not-valid"

    # The log counts from the entry that carried it, which may be dated a little later.
    log.clock.advance(limits.RECOVERY_NOTICE_MILLISECONDS + 60_000)
    assert log.done(GEAR, "proposals") == {"proposals": [], "recoveries": []}
    log.done(GEAR, "register-key")
    admin = [key for key in log.own(GEAR)["keys"] if key["file"] == "admin.key"]
    assert [key["ended_at"] for key in admin] == [None]


def test_who_leaves_is_told_that_it_is_for_ever_and_signs_nothing_any_more(log: FiveLog) -> None:
    declined = log.act(AUDITOR, "leave")
    assert declined.exit_code == 1
    assert "for ever" in declined.stderr
    assert log.own(AUDITOR)["standing"] == "member"

    log.done(AUDITOR, "leave", "--reason", "sold", "--yes")
    assert log.own(AUDITOR)["standing"] == "removed"
    assert log.refused(AUDITOR, "register-key") == "not-permitted"
