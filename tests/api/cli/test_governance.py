"""Founders endorse what they have read, and nothing that names other keys than theirs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.charter_check import read_charter
from api.cli.main import main
from api.client import LogClient
from api.governing import DEFINING_USES
from api.known_policies import newest_policy
from api.party_folder import PartyFolder, PartyProfile, create_party, remember_service
from api.setup_errors import CharterUnexpected
from keys.key_file import Cost
from quality.builtin_parameters import builtin_parameters
from quality.builtin_policies import builtin_policies
from tests.api.cli.shell import PASSPHRASE
from tests.api.cli.solo import FOUNDED, SLUG, SoloLog, lotmark

pytestmark = pytest.mark.item("2.7")

SECOND = "borealis-motors"


@dataclass(slots=True)
class Consortium(SoloLog):
    """A log of two founders, of whom the second has not endorsed yet."""

    def __post_init__(self) -> None:
        """Draw the keys of both and found the log."""
        self.party = self.root / "parties" / SLUG
        for slug, role in ((SLUG, "supplier"), (SECOND, "oem")):
            made = lotmark("keygen", slug, "--role", role, "--party", str(self.folder(slug)))
            assert made.exit_code == 0, made.stderr
        founder = str(self.folder(SECOND) / "founder.json")
        made = self.run("init", "--origin", "quality.example/two", "--founder", founder)
        assert made.exit_code == 0, made.stderr

    def folder(self, slug: str) -> Path:
        """A founder's folder."""
        return self.root / "parties" / slug

    def as_second(self, *arguments: str) -> Result:
        """Run a command as the second founder, who has the anchor from the first."""
        anchor = str(self.data / "anchor.json")
        return self.run(*arguments, "--party", str(self.folder(SECOND)), "--anchor", anchor)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consortium]:
    """The log of two founders, served."""
    found = Consortium(tmp_path_factory.mktemp("two"))
    with found.served():
        yield found


def _use(*uses: str) -> list[str]:
    return [word for use in uses for word in ("--use", use)]


def test_until_all_have_endorsed_nothing_else_is_admitted_and_then_everything_is(
    log: Consortium,
) -> None:
    early = log.run("register-key")
    assert early.exit_code == 1
    assert "genesis-incomplete" in early.stderr
    assert SECOND in early.stderr

    # Asked, and answered with no: nothing is signed.
    declined = CliRunner().invoke(
        main,
        ["endorse", "--party", str(log.folder(SECOND)), "--anchor", str(log.data / "anchor.json")],
        input="n\n",
        env={"LOTMARK_PASSPHRASE": PASSPHRASE, "LOTMARK_URL": log.url},
    )
    assert declined.exit_code == 1
    assert "Endorse this charter" in declined.stderr

    endorsed = log.as_second("endorse", "--yes", "--json")
    assert endorsed.exit_code == 0, endorsed.stderr
    assert json.loads(endorsed.stdout)["index"] == 1
    for line in ("founder hanfeng-drive", "founder borealis-motors", "a majority of oem"):
        assert line in endorsed.stderr

    twice = log.as_second("endorse", "--yes")
    assert (twice.exit_code, "not-permitted" in twice.stderr) == (1, True)

    for result in (
        log.run("register-key", *_use("records", *DEFINING_USES)),
        log.as_second("register-key"),
        log.run("define-types"),
    ):
        assert result.exit_code == 0, result.stderr
    again = log.json("define-types")
    assert (again["defined"], again["brought"], again["unlisted"]) == ([], [], [])
    with LogClient(log.url) as client:
        known = client.parameters()
        texts = [client.parameters_text(item["name"]) for item in known["parameters"]]
    assert [item["name"] for item in known["listed"]] == [
        item["name"] for item in known["parameters"]
    ]
    assert texts == [book.text for book in builtin_parameters()]


@pytest.mark.item("5.1.default")
def test_founder_1_brings_the_default_policy_and_records_are_filed_under_it(
    solo: SoloLog,
) -> None:
    with LogClient(solo.url) as client:
        known = client.policies()
        found = newest_policy(client, solo.anchor)
        text = client.policy_text(found.record_id)
    (policy,) = builtin_policies()
    assert [item["name"] for item in known["listed"]] == ["default"]
    # The last entry of a founding is the service's own key, and the policy stands before it.
    assert [item["entry"] for item in known["policies"]] == [0, FOUNDED - 2]
    assert (text, found.text, found.version) == (policy.text, policy.text, 1)


def test_a_strangers_admin_key_registers_nothing(solo: SoloLog, tmp_path: Path) -> None:
    second = PartyFolder(tmp_path / SLUG)
    profile = PartyProfile(SLUG, {"en": "x"}, ("supplier",))
    create_party(second, profile, passphrase=PASSPHRASE, cost=Cost.INTERACTIVE)
    remember_service(second, url=solo.url, anchor=(solo.data / "anchor.json").read_bytes())
    refused = solo.run("register-key", "--party", str(second.root))
    assert (refused.exit_code, "key-not-valid" in refused.stderr) == (1, True)


def test_a_charter_with_other_keys_than_ones_own_is_not_endorsed(
    log: Consortium, tmp_path: Path
) -> None:
    stranger = PartyFolder(tmp_path / SECOND)
    profile = PartyProfile(SECOND, {"en": "x"}, ("oem",))
    create_party(stranger, profile, passphrase=PASSPHRASE, cost=Cost.INTERACTIVE)
    anchor = str(log.data / "anchor.json")
    refused = log.run("endorse", "--yes", "--party", str(stranger.root), "--anchor", anchor)
    assert refused.exit_code == 1
    assert "charter-unexpected" in refused.stderr
    assert "Do not endorse" in refused.stderr


def test_a_charter_that_does_not_name_the_party_is_not_endorsed(
    log: Consortium, tmp_path: Path
) -> None:
    outsider = PartyFolder(tmp_path / "outsider")
    profile = PartyProfile("outsider", {"en": "x"}, ("oem",))
    create_party(outsider, profile, passphrase=PASSPHRASE, cost=Cost.INTERACTIVE)
    remember_service(outsider, url=log.url, anchor=(log.data / "anchor.json").read_bytes())
    refused = log.run("endorse", "--yes", "--party", str(outsider.root))
    assert refused.exit_code == 1
    assert "expected outsider among the founders" in refused.stderr


def test_another_log_behind_the_address_is_noticed(log: Consortium, solo: SoloLog) -> None:
    refused = log.as_second("endorse", "--yes", "--url", solo.url)
    assert refused.exit_code == 1
    assert "refused: not-found" in refused.stderr


def test_the_charter_is_read_from_the_anchor_with_what_differs_from_this_version(
    log: Consortium,
) -> None:
    with LogClient(log.url) as client:
        view = client.view(log.anchor.charter)
    found = read_charter(view, log.anchor)
    assert (found.record_id, found.charter.operator) == (log.anchor.charter, SLUG)
    assert found.notices == ()


def test_a_view_of_another_record_is_not_taken_for_the_charter(log: Consortium) -> None:
    with LogClient(log.url) as client:
        records = [str(item["record_id"]) for item in client.search(limit=200).records]
        other = next(item for item in records if item != log.anchor.charter)
        view = client.view(other)
    with pytest.raises(CharterUnexpected, match="alone"):
        read_charter(view, log.anchor)
