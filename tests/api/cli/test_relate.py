"""Parties agree by the commands alone: relations, parts and requirements, each shown first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from api.cli.faults import CommandFault
from api.cli.options import Place, open_session
from api.cli.party_acts import open_acting
from api.cli.skip_lot import _reveal, _Waiting
from api.governing import DEFINING_USES, SIGNING_USES
from tests.api.cli.five import AUDITOR, GEAR, LABORATORY, OEM, OPERATOR, FiveLog
from tests.api.cli.shell import PASSPHRASE
from tests.api.cli.shipments import shipment_groups
from tests.api.cli.solo import lotmark
from tests.quality.examples import example

FAMILY = "GEARS"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FiveLog]:
    """Five members whose signing keys are registered; nothing is agreed yet."""
    found = FiveLog(tmp_path_factory.mktemp("five"))
    with found.served():
        found.complete()
        uses = (*SIGNING_USES, *DEFINING_USES)
        found.done(OPERATOR, "register-key", *(word for use in uses for word in ("--use", use)))
        for slug in (OEM, GEAR, AUDITOR, LABORATORY):
            found.done(slug, "register-key")
        found.done(OPERATOR, "define-types")
        yield found


def relate(log: FiveLog, *families: str, by: str = OEM, to: str = GEAR) -> dict[str, Any]:
    """An offer of a customer."""
    named = [word for family in families for word in ("--family", family)]
    return log.done(by, "relate", to, "--as", "customer", *named, "--yes")


def agree(log: FiveLog, *families: str) -> dict[str, Any]:
    """A supply relation of the OEM and the gear maker, in force; the offer."""
    offer = relate(log, *families)
    log.done(GEAR, "countersign", offer["record_id"], "--yes")
    return offer


def did(log: FiveLog, slug: str) -> str:
    """The DID of a party."""
    return str(log.own(slug)["did"])


def submit(log: FiveLog, vct: str, groups: dict[str, Any], *, by: str, to: str) -> str:
    """A record by ``lotmark submit``; its id."""
    path = log.root / f"{vct.partition('/')[0]}.json"
    path.write_text(json.dumps(groups))
    path.with_name(f"{path.name}.journal.jsonl").unlink(missing_ok=True)
    given = ("--type", vct, "--to", to, "--subject", to)
    done = log.done(by, "submit", str(path), *given)
    return str(done["records"][0]["record_id"])


def propose_part(log: FiveLog, number: str, revision: str = "A", **state: Any) -> str:
    """A part that the OEM proposes to the gear maker."""
    groups = example("part/v1")
    groups.pop("correction")
    groups["detail"].pop("material")
    sides = {"customer": did(log, OEM), "supplier": did(log, GEAR)}
    groups["state"] |= {"number": number, "revision": revision, **sides, "family": FAMILY, **state}
    del groups["state"]["site"]
    return submit(log, "part/v1", groups, by=OEM, to=GEAR)


def table(result: Result) -> list[list[str]]:
    """The rows of a table, without its heading."""
    assert result.exit_code == 0, result.stderr
    return [line.split() for line in result.stdout.splitlines()[1:]]


# ---- relations ----


@pytest.mark.item("4.3")
def test_a_relation_is_offered_listed_shown_countersigned_and_ended(log: FiveLog) -> None:
    offer = relate(log, "PUMPS", "VALVES")
    (task,) = [one for one in log.done(GEAR, "tasks")["tasks"] if one["entry"] == offer["index"]]
    assert (task["about"], task["from"]) == ("relation", did(log, OEM))
    assert f"supply: {GEAR} for {OEM}, PUMPS, VALVES" in log.act(GEAR, "tasks").stdout

    shown = log.act(GEAR, "countersign", str(offer["index"]), "--yes")
    assert shown.exit_code == 0, shown.stderr
    for words in ("its signature holds", f"{OEM} asks for a supply relation", "PUMPS, VALVES"):
        assert words in shown.stderr
    in_force = f"a supply relation over PUMPS, VALVES of {GEAR} for {OEM} is in force"
    assert in_force in shown.stdout

    rows = table(log.act(OEM, "masters", "relations", "--state", "in-force", "--with", GEAR))
    assert [str(offer["index"]), "supply", "in-force", OEM, GEAR] in [row[:5] for row in rows]
    log.done(GEAR, "end", str(offer["index"]), "--reason", "moved", "--yes")
    ended = log.done(OEM, "masters", "relations", "--state", "ended")["relations"]
    assert offer["record_id"] in [one["offered"]["record_id"] for one in ended]


def test_an_offer_is_rejected_or_withdrawn(log: FiveLog) -> None:
    for by, command in (
        (GEAR, ("countersign", "--reject", "--reason", "price")),
        (OEM, ("end", "--reason", "mistaken")),
    ):
        offer = relate(log, "CASTINGS")
        name, *options = command
        log.done(by, name, offer["record_id"], *options, "--yes")
        assert not [
            one
            for one in log.done(GEAR, "tasks")["tasks"]
            if one["record_id"] == offer["record_id"]
        ]
        again = log.refused(GEAR, "countersign", offer["record_id"], "--yes")
        assert again == "not-permitted"


def test_no_answer_signs_nothing(log: FiveLog) -> None:
    offer = relate(log, "SPRINGS")
    before = log.done(GEAR, "tasks")["size"]
    asked = log.act(GEAR, "countersign", offer["record_id"])
    assert asked.exit_code == 1
    assert f"Countersign it in the name of {GEAR}?" in asked.stderr
    assert log.done(GEAR, "tasks")["size"] == before


def test_what_there_is_already_is_told_before_it_is_offered_again(log: FiveLog) -> None:
    offer = agree(log, "SEALS")
    again = log.act(OEM, "relate", GEAR, "--as", "customer", "--family", "SEALS", "--yes")
    assert f"one is in force already, by entry {offer['index']}" in again.stderr
    log.done(GEAR, "relate", OEM, "--as", "provider", "--family", "RINGS", "--yes")
    crossed = log.act(OEM, "relate", GEAR, "--as", "customer", "--family", "RINGS", "--yes")
    assert f"{GEAR} offers it already: 'lotmark countersign " in crossed.stderr


def test_a_laboratory_needs_no_family_and_a_supplier_does(log: FiveLog) -> None:
    made = log.done(OEM, "relate", AUDITOR, "--as", "customer", "--kind", "laboratory", "--yes")
    assert (made["kind"], made["families"]) == ("laboratory", [])
    missing = log.act(OEM, "relate", GEAR, "--as", "customer", "--yes")
    assert (missing.exit_code, "--family CODE" in missing.stderr) == (2, True)


def test_a_relation_is_with_another_member(log: FiveLog) -> None:
    offer = ("--as", "customer", "--family", "X", "--yes")
    assert log.refused(OEM, "relate", "nobody-here", *offer) == "unknown-party"
    own = log.act(OEM, "relate", OEM, *offer)
    assert (own.exit_code, "with another party" in own.stderr) == (2, True)


@pytest.mark.parametrize("command", [("countersign",), ("end", "--reason", "over")])
def test_an_entry_that_the_log_does_not_have_is_named_as_such(
    log: FiveLog, command: tuple[str, ...]
) -> None:
    newest = relate(log, "NUTS")["index"]
    refused = log.act(OEM, *command, str(newest + 100), "--yes")
    assert "refused: no-such-entry: " in refused.stderr
    assert f"found {newest + 100}: it has entries 0 to {newest}" in refused.stderr
    assert "'lotmark tasks' and 'lotmark masters' list entries" in refused.stderr


def test_before_it_is_signed_the_outcome_is_told_as_to_come(log: FiveLog) -> None:
    offer = relate(log, "BOLTS")
    asked = log.act(GEAR, "countersign", offer["record_id"])
    assert f"once signed, a supply relation over BOLTS of {GEAR} for {OEM} will be" in asked.stderr
    assert "is in force" not in asked.stderr
    ending = log.act(OEM, "end", offer["record_id"], "--reason", "over")
    assert "once it is ended, no record will rest on it" in ending.stderr
    offered = log.act(OEM, "relate", GEAR, "--as", "customer", "--family", "RIVETS")
    assert "will be offered: supply" in offered.stderr


def test_who_is_no_side_is_told_what_there_is_to_sign(log: FiveLog) -> None:
    offer = relate(log, "TUBES")
    for by, name in ((LABORATORY, "countersign"), (OEM, "countersign"), (LABORATORY, "end")):
        reason = ("--reason", "over") if name == "end" else ()
        code = log.refused(by, name, offer["record_id"], *reason, "--yes")
        assert code == {"end": "no-such-relation"}.get(name, "nothing-to-countersign")
    said = log.act(OEM, "countersign", offer["record_id"], "--yes").stderr
    assert f"which waits for {GEAR}" in said
    assert "'lotmark tasks' lists what waits for this party" in said
    unseen = log.act(LABORATORY, "countersign", offer["record_id"], "--yes").stderr
    assert f"next: Have {OEM} submit it with this party as its subject." in unseen
    other = log.act(GEAR, "countersign", "1", "--yes").stderr
    assert "expected an offer of a relation, a part or a requirement, found endorsement" in other


# ---- parts and requirements ----


@pytest.mark.item("4.2.countersigned")
def test_a_part_is_countersigned_revised_and_moved(log: FiveLog) -> None:
    agree(log, FAMILY)
    proposed = propose_part(log, "GR-7")
    shown = log.act(GEAR, "countersign", proposed, "--yes", "--language", "zh")
    assert shown.exit_code == 0, shown.stderr
    assert "part GR-7 revision A is in force, in family GEARS" in shown.stdout
    for words in ("中间轴齿轮", "零件族"):
        assert words in shown.stderr
    replaced = propose_part(log, "GR-7", "C")
    propose_part(log, "GR-7", "B")
    late = log.act(GEAR, "countersign", replaced, "--yes").stderr
    assert "until then revision A is, in unit KGM" in late
    assert "a later one has taken its place" in late
    assert "refused: not-permitted" in late
    rows = table(log.act(GEAR, "masters", "parts", "--number", "GR-7"))
    assert [row[1:5] for row in rows] == [
        ["GR-7", "A", "in-force", FAMILY],
        ["GR-7", "B", "proposed", FAMILY],
    ]

    to = ("--supplier", GEAR, "--family", "SHAFTS", "--yes")
    assert log.refused(OEM, "move-part", "GR-7", *to) == "relation-not-in-force"
    assert log.refused(OEM, "move-part", "GR-8", *to) == "unknown-part"
    agree(log, "SHAFTS")
    moved = log.act(OEM, "move-part", "GR-7", *to)
    assert "moved GR-7 from GEARS to SHAFTS" in moved.stdout, moved.stderr
    (part,) = log.done(GEAR, "masters", "parts", "--family", "SHAFTS")["parts"]
    assert [move["family"] for move in part["moves"]] == ["SHAFTS"]


@pytest.mark.item("4.5")
def test_a_requirement_is_acknowledged(log: FiveLog) -> None:
    agree(log, FAMILY)
    groups = {"state": example("requirement/v1")["state"]}
    del groups["state"]["site"]
    groups["state"] |= {"customer": did(log, OEM), "supplier": did(log, GEAR)}
    record = submit(log, "requirement/v1", groups, by=OEM, to=GEAR)
    waiting = log.act(GEAR, "masters", "requirements")
    assert "proposed" in waiting.stdout
    done = log.act(GEAR, "countersign", record, "--yes")
    assert "requirement QR-2026 revision 2 binds from 2026-11-01 on" in done.stdout, done.stderr
    (found,) = log.done(OEM, "masters", "requirements")["requirements"]
    assert (found["proposed"], len(found["acknowledged"])) == (None, 1)


def test_sites_and_specifications_are_listed(log: FiveLog) -> None:
    agree(log, FAMILY)
    log.done(GEAR, "countersign", propose_part(log, "GR-9"), "--yes")
    groups = example("specification/v1")
    for name in ("correction", "documents"):
        del groups[name]
    del groups["state"]["site"]
    sides = {"customer": did(log, OEM), "supplier": did(log, GEAR)}
    for revision, day in (("A", "2020-01-01"), ("B", "2021-01-01"), ("C", "2199-01-01")):
        groups["state"] |= {"part": "GR-9", "revision": revision, "in_force_from": day, **sides}
        submit(log, "specification/v1", groups, by=OEM, to=GEAR)
    rows = table(log.act(GEAR, "masters", "specifications", "--part", "GR-9"))
    assert [row[3:6] for row in rows] == [
        ["C", "2199-01-01", "later"],
        ["B", "2021-01-01", "in-force"],
        ["A", "2020-01-01", "superseded"],
    ]
    site = example("site/v1")
    for name in ("correction", "contact"):
        del site[name]
    submit(log, "site/v1", site, by=AUDITOR, to=OEM)
    (own,) = table(log.act(AUDITOR, "masters", "sites", "--of", AUDITOR))
    assert own[1:4] == [AUDITOR, "HF-NB-1", "plant"]
    assert "汉风传动宁波工厂" in " ".join(own)


def test_a_party_that_has_agreed_on_nothing_is_told_so(log: FiveLog) -> None:
    for name in ("parts", "specifications", "requirements"):
        assert log.act(AUDITOR, "masters", name).stdout == "nothing\n"


def test_the_tables_need_the_partys_key(log: FiveLog, tmp_path: Path) -> None:
    anchor = str(log.data / "anchor.json")
    nobody = lotmark(
        "tasks", "--url", log.url, "--anchor", anchor, "--party", str(tmp_path), "--json"
    )
    assert (nobody.exit_code, "signature-required" in nobody.stdout) == (1, True)


# ---- grants, cases, holds ----


@pytest.mark.item("5.2")
@pytest.mark.item("5.2.delegation")
def test_a_grant_is_given_listed_passed_on_and_revoked(log: FiveLog) -> None:
    opened = ("--open", "inspection-report/v1:measurements,lot", "--purpose", "complaint")
    given = log.act(GEAR, "grant", OEM, *opened, "--delegable", "--until", "2199-01-01", "--yes")
    assert "inspection-report/v1: measurements, lot" in given.stderr
    assert "until 2199-01-01" in given.stderr
    assert given.exit_code == 1, "ten years at most"
    # The clock of the log stands still.
    begin = datetime.fromtimestamp(log.clock.now_ms() // 1000, UTC).isoformat()
    grant = log.done(GEAR, "grant", OEM, *opened, "--delegable", "--from", begin, "--yes")

    state = ("--as", "customer", "--kind", "laboratory")
    offer = log.done(OEM, "relate", LABORATORY, *state, "--yes")
    log.done(LABORATORY, "countersign", offer["record_id"], "--yes")
    passed = log.done(OEM, "delegate", str(grant["index"]), LABORATORY, "--yes")

    rows = {row[0]: row[1:5] for row in table(log.act(OEM, "grants", "--owner", GEAR))}
    assert rows[str(grant["index"])] == ["open", GEAR, OEM, GEAR]
    assert rows[str(passed["index"])] == ["open", GEAR, LABORATORY, OEM]
    assert log.done(AUDITOR, "grants")["grants"] == []

    log.done(GEAR, "revoke-grant", grant["record_id"], "--reason", "over", "--yes")
    left = log.done(LABORATORY, "grants")["grants"]
    assert [(one["granted"]["record_id"], one["state"]) for one in left] == [
        (passed["record_id"], "revoked")
    ]
    assert log.refused(AUDITOR, "revoke-grant", grant["record_id"], "--reason", "x", "--yes") == (
        "no-such-grant"
    )


@pytest.mark.item("5.2.rules")
def test_a_case_is_opened_acknowledged_listed_and_closed(log: FiveLog) -> None:
    opened = log.done(OEM, "case", "open", GEAR, "--as", "customer", "--number", "8D-9", "--yes")
    tasks = log.done(GEAR, "tasks")["tasks"]
    assert [one["about"] for one in tasks if one["entry"] == opened["index"]] == ["case"]
    log.done(GEAR, "case", "acknowledge", str(opened["index"]), "--yes")
    (found,) = log.done(OEM, "case", "list", "--number", "8D-9")["cases"]
    assert (found["state"], found["supplier"]) == ("open", did(log, GEAR))
    close = ("case", "close", opened["record_id"], "--reason", "done", "--yes")
    assert log.refused(GEAR, *close) == "not-permitted"
    log.done(OEM, *close)
    assert table(log.act(GEAR, "case", "list", "--state", "closed"))[0][1:3] == ["8D-9", "closed"]
    assert log.refused(AUDITOR, *close) == "no-such-case"


@pytest.mark.item("5.8")
def test_an_addressee_holds_a_record_and_releases_it(log: FiveLog) -> None:
    agree(log, FAMILY)
    part = propose_part(log, "GR-HELD")
    held = log.done(GEAR, "hold", part, "--reason", "dispute", "--yes")
    again = log.refused(GEAR, "release", part, "--yes")
    assert again == "no-such-hold"
    log.done(GEAR, "release", str(held["index"]), "--yes")
    assert log.refused(GEAR, "release", held["record_id"], "--yes") == "not-permitted"


@pytest.mark.item("5.2.rules")
def test_the_members_order_what_an_auditor_is_shown(log: FiveLog) -> None:
    shown = ("--reader", AUDITOR, "--owner", GEAR, "--open", "inspection-report/v1:measurements")
    asked = log.act(OEM, "propose", "order", *shown, "--reason", "recall", "--yes")
    assert f"order groups shown to {AUDITOR}" in asked.stderr
    assert "groups of inspection-report/v1: measurements" in asked.stderr
    order = log.done(OEM, "propose", "order", *shown, "--reason", "recall", "--yes")
    assert log.carry(order["record_id"], GEAR, LABORATORY, OPERATOR)["state"] == "over"
    for wrong in (shown[:4], ("--erase", "A" * 43), ("--group", "measurements")):
        result = log.act(OEM, "propose", "order", *wrong, "--reason", "recall", "--yes")
        assert result.exit_code == 2


# ---- sampling ----


@pytest.mark.item("6.2.skip-lot")
def test_a_customer_commits_to_skip_lot_reveals_and_ends_it(
    log: FiveLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    agree(log, FAMILY)
    log.done(GEAR, "countersign", propose_part(log, "SK-1"), "--yes")
    done = log.done(OEM, "skip-lot", "commit", "SK-1", "--supplier", GEAR, "--yes")
    assert done["part"] == {"customer": did(log, OEM), "supplier": did(log, GEAR), "number": "SK-1"}
    assert (done["one_in"], done["accepted_before"], done["reveal_within_hours"]) == (2, 10, 24)
    commit, listed = done["record_id"], log.done(OEM, "skip-lot", "list")
    assert listed == {"chains": [{"end": done["end"], "length": 256}], "waiting": []}
    again = log.act(OEM, "skip-lot", "commit", "SK-1", "--supplier", GEAR, "--yes")
    assert (again.exit_code, "end it first" in again.stderr) == (1, True)
    assert log.done(OEM, "skip-lot", "list") == listed
    assert log.done(OEM, "skip-lot", "reveal", "--yes") == {"revealed": []}
    groups = shipment_groups(did(log, OEM), did(log, GEAR), "SK-1")
    lot = submit(log, "shipment/v1", groups, by=GEAR, to=OEM)
    monkeypatch.setenv("LOTMARK_PASSPHRASE", PASSPHRASE)
    session = open_session(Place(log.folder(OEM), log.url, log.data / "anchor.json"))
    acting = open_acting(session)
    with acting.client:
        for said, named in ((256, lot), (1, commit)):
            with pytest.raises(CommandFault, match="nothing was revealed"):
                _reveal(acting, session, [_Waiting(commit, said, named)], commit=commit)
        (found,) = _reveal(acting, session, [_Waiting(commit, 1, lot)], commit=commit)
    assert (found["of"], found["lot"], found["position"]) == (commit, lot, 1)
    log.done(OEM, "end", commit, "--reason", "over", "--yes")
    log.done(OEM, "skip-lot", "commit", "SK-1", "--supplier", GEAR, "--yes")


@pytest.mark.item("6.2.discontinued")
def test_a_customer_says_what_leads_to_another_severity(log: FiveLog) -> None:
    agree(log, FAMILY)
    log.done(GEAR, "countersign", propose_part(log, "SV-1"), "--yes")
    given = ("severity", "SV-1", "--supplier", GEAR, "--class", "major", "--yes")
    done = log.done(OEM, *given, "--reason", "corrective-action")
    assert (done["to"], done["reason"]) == ("tightened", "corrective-action")
    wrong = log.act(OEM, *given, "--reason", "gap-lot", "--to", "tightened")
    assert (wrong.exit_code, "gap-lot leads to normal" in wrong.stderr) == (2, True)
