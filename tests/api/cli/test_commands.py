"""The command line as a whole: complete, documented, and never a traceback."""

from __future__ import annotations

import contextlib
import inspect
import json
import re
import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import click
import pytest
from click.testing import CliRunner

from api import client_errors, setup_errors
from api.cli import table_errors
from api.cli.faults import FAMILIES, CommandFault, command_fault, remedy_of
from api.cli.main import _COMMANDS, Doors, main
from api.cli.output import columns, language_of_environment
from api.client_errors import Problem, RequestRefused
from ledger import audit_errors, backup_rows, sealed_errors
from ledger.errors import LogRolledBack
from ledger.faults import Fault
from ledger.vault import errors as shelf_errors
from quality.errors import StatisticsError
from scoring.errors import ScoringError
from tests.api.cli.shell import PASSPHRASE, ROOT, a_shell, free_port
from tests.api.cli.solo import SLUG, SoloLog, lotmark

pytestmark = pytest.mark.item("2.7")

REFERENCE = (ROOT / "docs" / "reference" / "commands.md").read_text("utf-8")
assert isinstance(main, Doors)
DOORS: Doors = main


def command(name: str) -> click.Command:
    """One command."""
    found = DOORS.get_command(click.Context(DOORS), name)
    assert found is not None
    return found


def leaves(name: str) -> list[click.Command]:
    """A command, or those that it groups."""
    found = command(name)
    return list(found.commands.values()) if isinstance(found, click.Group) else [found]


@pytest.mark.parametrize("name", _COMMANDS)
def test_every_command_has_json_help_and_a_line_in_the_reference(name: str) -> None:
    assert command(name).name == name
    assert re.search(rf"^\| `{name}` \| \w", REFERENCE, re.M)
    for found in leaves(name):
        assert "--json" in {option for item in found.params for option in item.opts}
        assert found.help
        words = name if found.name == name else f"{name} {found.name}"
        assert f"`{words}" in REFERENCE
        assert lotmark(*words.split(), "--help").exit_code == 0


@pytest.mark.parametrize("name", _COMMANDS)
def test_every_option_says_what_it_is_for(name: str) -> None:
    parameters = [item for found in leaves(name) for item in found.params]
    options = [item for item in parameters if isinstance(item, click.Option)]
    undescribed = [item.opts[0] for item in options if not item.help]
    assert undescribed in ([], ["--host"])


def test_the_reference_lists_nothing_that_is_not_there() -> None:
    listed = re.findall(r"^\| `([a-z-]+)` \| [a-z]", REFERENCE.partition("## Files")[0], re.M)
    assert listed == list(_COMMANDS)


#: Whoever runs these has the log's database, or makes one.
AT_THE_LOG = {
    *("audit", "backup", "init", "migrate", "rebuild", "replica", "restore", "serve", "witness"),
}


def test_a_command_of_a_party_starts_without_database_and_settings() -> None:
    names = sorted({_COMMANDS[name][0] for name in _COMMANDS.keys() - AT_THE_LOG})
    code = "import sys; from importlib import import_module\n"
    code += f"for name in {names}: import_module(f'api.cli.{{name}}')\n"
    code += (
        "print({'sqlalchemy', 'alembic', 'psycopg', 'fastapi', 'pydantic'} & sys.modules.keys())"
    )
    # A process of its own: this one has everything.
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"


def codes(module: ModuleType) -> set[str]:
    """The codes of the error classes that a module defines."""
    classes = [item for _, item in inspect.getmembers(module, inspect.isclass)]
    return {
        vars(item)["code"]
        for item in classes
        if issubclass(item, Exception) and item.__module__ == module.__name__
    }


def test_every_code_of_the_command_line_is_in_the_reference() -> None:
    known = codes(setup_errors) | codes(client_errors) | codes(table_errors)
    known |= codes(audit_errors) | codes(backup_rows) | codes(sealed_errors) | codes(shelf_errors)
    known |= {found.code for found in StatisticsError.__subclasses__()}
    known |= {found.code for found in ScoringError.__subclasses__()}
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "api" / "cli").glob("*.py"))
    known |= set(re.findall(r'CommandFault\(\s*"([a-z-]+)"', sources))
    table = set(re.findall(r"^\| `([a-z-]+)` \|", REFERENCE.partition("## Codes")[2], re.M))
    service = (ROOT / "docs" / "reference" / "errors.md").read_text("utf-8")
    of_service = set(re.findall(r"^\| `([a-z-]+)` \|", service, re.M))
    verified = {"malformed-record", "too-large"}
    assert known - table - of_service - verified == set()
    assert table - known == set()


def test_a_refusal_says_code_reason_places_and_what_to_do(capsys: object) -> None:
    fault = Fault("/lot/quantity", "a number", '"x"')
    told = command_fault(
        RequestRefused(Problem("invalid-claims", 422, "one fault", "Mend it.", (fault,)))
    )
    assert (told.code, told.remedy, told.exit_code) == ("invalid-claims", "Mend it.", 1)
    assert told.places == ('/lot/quantity: expected a number, found "x"',)
    assert told.members()["error"]["places"]


def test_a_code_of_the_log_has_its_remedy() -> None:
    assert "high-water" in command_fault(LogRolledBack("x")).remedy
    assert remedy_of("no-such-code") == ""
    assert all(issubclass(family, Exception) for family in FAMILIES)


def test_an_unknown_command_and_a_missing_argument_are_no_command_lines() -> None:
    assert lotmark("frobnicate").exit_code == 2
    assert lotmark("submit").exit_code == 2
    document = json.loads(lotmark("submit", "--json").stdout)
    assert document["error"]["code"] == "usage"


def test_a_record_id_that_begins_with_a_hyphen_is_no_option(solo: SoloLog) -> None:
    for command in (("show",), ("receipt",), ("approve", "--yes"), ("show", "--json")):
        refused = solo.run(*command, "-" + "A" * 42)
        assert (refused.exit_code, "refused: not-found" in refused.stderr) == (1, True)
    assert solo.run("show", "-" + "A" * 41).exit_code == 2


def test_without_arguments_the_commands_are_shown() -> None:
    shown = lotmark()
    assert shown.exit_code == 2
    assert "lotmark init --solo acme" in shown.output


def test_a_path_that_cannot_be_written_is_told_without_a_traceback(
    solo: SoloLog, tmp_path: Path
) -> None:
    target = tmp_path / "file"
    target.write_text("x")
    refused = solo.run("export", str(target / "below"))
    assert refused.exit_code == 1
    assert "refused: file-failed" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_passphrase_is_asked_for_twice_and_never_shown(tmp_path: Path) -> None:
    runner = CliRunner()
    arguments = ["keygen", "acme", "--party", str(tmp_path / "a"), "--cost", "interactive"]
    wrong = runner.invoke(main, arguments, input="one\ntwo\n")
    assert wrong.exit_code == 1
    right = runner.invoke(main, arguments, input=f"{PASSPHRASE}\n{PASSPHRASE}\n")
    assert right.exit_code == 0, right.stderr
    assert PASSPHRASE not in right.output


def test_a_solo_founding_asks_once_and_repeats(tmp_path: Path) -> None:
    arguments = ["init", "--solo", "acme", "--cost", "interactive"]
    folders = ["--party", str(tmp_path / "acme"), "--data", str(tmp_path / "data")]
    # A third question would find no answer.
    made = CliRunner().invoke(main, arguments + folders, input=f"{PASSPHRASE}\n{PASSPHRASE}\n")
    assert made.exit_code == 0, made.stderr
    # Keys that are there already: one question, not repeated.
    folders[-1] = str(tmp_path / "second")
    wrong = CliRunner().invoke(main, arguments + folders, input="another\n")
    assert "wrong-passphrase" in wrong.stderr
    again = CliRunner().invoke(main, arguments + folders, input=f"{PASSPHRASE}\n")
    assert again.exit_code == 0, again.stderr


def test_without_a_terminal_the_variable_is_named(tmp_path: Path) -> None:
    shell = a_shell(tmp_path)
    refused = shell.run("unset LOTMARK_PASSPHRASE; lotmark keygen acme < /dev/null", seconds=60)
    assert refused.returncode == 1
    assert "no terminal: set LOTMARK_PASSPHRASE" in refused.stderr
    assert "GetPassWarning" not in refused.stderr
    assert not (tmp_path / "parties").exists()


def test_a_wrong_passphrase_is_told_with_the_key_file(solo: SoloLog) -> None:
    refused = lotmark(
        "register-key",
        env={
            "LOTMARK_PARTY": str(solo.party),
            "LOTMARK_URL": solo.url,
            "LOTMARK_PASSPHRASE": "another",
        },
    )
    assert refused.exit_code == 1
    assert "wrong-passphrase" in refused.stderr
    assert f"{solo.party}/" in refused.stderr
    assert ".key: expected the passphrase" in refused.stderr


def test_no_party_or_too_many_are_told_with_the_option_that_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    refused = lotmark("register-key")
    assert (refused.exit_code, "no-party-here" in refused.stderr) == (1, True)
    for slug in ("acme", "borealis"):
        assert lotmark("keygen", slug).exit_code == 0
    refused = lotmark("register-key")
    assert "parties/acme, parties/borealis" in refused.stderr
    # With the option it is the next thing that is missing.
    for named in ("parties/acme", "acme"):
        assert "no-anchor-here" in lotmark("register-key", "--party", named).stderr


def test_the_place_that_was_looked_at_is_told_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    question = "are you in the folder that holds parties/ and data/?"
    for arguments, code, place in (
        (("register-key",), "no-party-here", "parties"),
        (("register-key", "--party", "acme"), "no-party-here", "acme"),
        (("serve", "--port", "0"), "no-log-here", "data"),
    ):
        refused = lotmark(*arguments)
        assert f"refused: {code}: {question}" in refused.stderr
        assert str(tmp_path / place) in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("init",), "--solo SLUG"),
        (("init", "--solo", "acme", "--founder", "x.json"), "leave out --founder"),
        (("submit", "a.csv", "b.csv", "--journal", "j"), "--journal is for one file"),
        (("submit", "a.csv", "--offset", "CET"), "+08:00"),
    ],
)
def test_options_that_do_not_fit_together_are_told(
    solo: SoloLog, arguments: tuple[str, ...], text: str
) -> None:
    refused = solo.run(*arguments)
    assert refused.exit_code == 2
    assert text in refused.stderr


# ---- serve ----


def test_a_second_service_on_the_same_folder_is_refused(solo: SoloLog) -> None:
    refused = solo.run("serve", "--port", str(free_port()), "--json")
    assert refused.exit_code == 1
    error = json.loads(refused.stdout)["error"]
    assert error["code"] == "store-in-use"
    assert "lotmark serve" in error["remedy"]


def test_a_port_that_is_taken_is_told(solo: SoloLog) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = solo.run("serve", "--port", str(taken.getsockname()[1]))
    assert refused.exit_code == 1
    assert "address-in-use" in refused.stderr


def test_a_folder_without_a_log_is_not_served(tmp_path: Path) -> None:
    refused = lotmark("serve", "--data", str(tmp_path), "--port", "0")
    assert refused.exit_code == 1
    assert "lotmark init" in refused.stderr


def test_a_setting_out_of_bounds_is_named(solo: SoloLog) -> None:
    refused = lotmark("serve", "--port", "0", env={"LOTMARK_CHECK_PROCESSES": "many"})
    assert refused.exit_code == 2
    assert "LOTMARK_CHECK_PROCESSES" in refused.stderr


# ---- output ----


def test_columns_line_up_in_chinese_too() -> None:
    assert list(columns([("批号", "a"), ("x", "b")])) == ["批号  a", "x     b"]
    assert list(columns([])) == []


@pytest.mark.parametrize(
    ("value", "language"), [("zh_CN.UTF-8", "zh"), ("de_DE.UTF-8", "en"), ("C", "en"), ("", "en")]
)
def test_the_terminal_says_which_language_it_speaks(
    value: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", value)
    assert language_of_environment() == language


def test_a_command_fault_is_a_click_exception_with_status_one() -> None:
    fault = CommandFault("x", "y", remedy="z", places=["p"])
    assert isinstance(fault, click.ClickException)
    assert fault.exit_code == 1


def test_a_party_that_is_not_there_is_told_beside_those_that_are(solo: SoloLog) -> None:
    with contextlib.chdir(solo.root):
        refused = lotmark("keys", "--party", "typo")
    assert refused.exit_code == 1
    assert "refused: no-party-here" in refused.stderr
    assert f"there are: parties/{SLUG}" in refused.stderr


def test_a_key_that_is_kept_elsewhere_is_to_be_brought_back(solo: SoloLog) -> None:
    kept = solo.party / "next-admin.key"
    kept.rename(solo.root / "kept")
    try:
        refused = solo.run("rotate", "--yes")
    finally:
        (solo.root / "kept").rename(kept)
    assert (refused.exit_code, "bring it back" in refused.stderr) == (1, True)
    assert "keygen" not in refused.stderr
