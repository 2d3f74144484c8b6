"""The owner's commands: who read, whether that is proven, and alerts by its own rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from api.accesses.log import AccessLog
from api.process_clock import ProcessClock
from tests.api.accesses.reads import READER, SEEN, a_reader
from tests.api.cli.solo import SoloLog


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoloLog]:
    """A served log of one party."""
    solo = SoloLog(tmp_path_factory.mktemp("solo"))
    with solo.served():
        yield solo


def read(solo: SoloLog) -> None:
    """Leave a receipt, as a service does when somebody reads of the party."""
    url = f"sqlite:///{solo.data / 'accesses.sqlite'}"
    receipts = AccessLog(url, origin=str(solo.anchor.origin), clock=ProcessClock())
    receipts.note(a_reader(), [replace(SEEN, owners=(str(solo.signer().did),))])
    receipts.close()


def run(solo: SoloLog, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Exit status and document of ``accesses``."""
    result = solo.run("accesses", *arguments, "--json")
    return result.exit_code, json.loads(result.stdout)


@pytest.mark.item("5.7.listed")
def test_an_owner_lists_and_checks_who_read_of_it(log: SoloLog) -> None:
    status, told = run(log, "--verify", "--check")
    assert (status, told["accesses"], told["findings"]) == (0, [], [])
    assert "nobody has read" in log.run("accesses").stdout
    read(log)
    status, told = run(log)
    assert [(item["reader"], item["index"]) for item in told["accesses"]] == [(READER, SEEN.index)]
    assert status == 0
    shown = log.run("accesses", "--group", "measurements").stdout
    assert "manifest, measurements" in shown
    assert "consortium, grant" in shown
    assert run(log, "--group", "recipe")[1]["accesses"] == []
    assert "no row fits these choices" in log.run("accesses", "--group", "recipe").stdout
    assert run(log, "--record", "2")[1]["accesses"] == []
    # The signature holds, and the log has no such key.
    status, told = run(log, "--verify")
    assert status == 1
    (finding,) = told["findings"]
    assert finding["code"] == "access-not-proven"
    assert "registered on the log for requests" in finding["detail"]
    assert log.run("accesses", "--check", "--group", "x").exit_code == 2


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (("--reader", "hanfeng-driv"), "unknown-party: expected a party of this log such as hanf"),
        (("--type", "inspection-report"), "such as inspection-report/v1, found"),
        (("--group", "recipee"), "group-not-known: expected a group such as recipe"),
        (("--type", "parameter-upload/v1", "--group", "lots"), "group-not-known"),
        (("--record", "4000"), "no-such-entry"),
        (("--record", "r" * 43), "not-found"),
    ],
)
def test_a_choice_that_the_log_does_not_have_is_refused_and_not_answered_nobody(
    log: SoloLog, given: tuple[str, ...], code: str
) -> None:
    refused = log.run("accesses", *given)
    assert refused.exit_code == 1
    assert code in refused.stderr


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("seen-by", "hanfeng-driv"), "unknown-party"),
        (("seen-by", "-", "--type", "inspection-report"), "such as inspection-report/v1"),
        (("seen-by", "-", "--type", "inspection-report/v1"), None),
        (("seen-by", "-", "--record", "4000"), "no-such-entry"),
        (("alert-when", "any-read", "--type", "inspection-report"), "such as inspection-report/v1"),
        (("alert-when", "any-read", "--group", "measurement"), "such as measurements"),
    ],
)
def test_other_questions_refuse_unknown_names_too(
    log: SoloLog, command: tuple[str, ...], code: str | None
) -> None:
    asked = log.run(*command)
    assert asked.exit_code == (0 if code is None else 1), asked.stderr
    assert (code or "") in asked.stderr


@pytest.mark.item("5.7.alerts")
def test_an_owner_is_alerted_by_its_own_rule(log: SoloLog) -> None:
    kept = log.json("alert-when", "any-read", "--group", "measurements")
    assert [rule["name"] for rule in kept["rules"]] == ["any-read-measurements"]
    assert log.json("alerts")["alerts"] == []
    read(log)
    (alert,) = log.json("alerts")["alerts"]
    assert (alert["rule"], alert["reads"]) == ("any-read-measurements", 1)
    assert "any-read-measurements" in log.run("alerts").stdout
    assert log.json("alerts", "--acknowledge", str(alert["number"]))["alerts"] == []
    assert log.json("alert-when", "--never", "any-read-measurements")["rules"] == []


@pytest.mark.item("5.7.digests")
def test_the_operator_s_service_key_is_there_from_the_founding_on(log: SoloLog) -> None:
    assert (log.data / "service.key").exists()
    again = log.run("service-key", "--data", str(log.data))
    assert again.exit_code == 1
    assert "registered already" in again.stderr
