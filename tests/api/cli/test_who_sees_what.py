"""The page for lawyer and engineer: every command on it is one, with options that there are."""

from __future__ import annotations

import re
import shlex

import click
import pytest

from api.cli.main import main
from tests.api.cli.shell import ROOT

PAGE = (ROOT / "docs" / "who-sees-what.md").read_text("utf-8")
COMMANDS = sorted(
    {
        *re.findall(r"^(lotmark .+)$", PAGE, re.M),
        *(found for found in re.findall(r"`(lotmark [^`]+)`", PAGE)),
    }
)


def parsed(line: str) -> list[str]:
    """The command line as click takes it, without running it; what click says where it does not."""
    context: click.Context = click.Context(main)
    command: click.Command = main
    words = shlex.split(line)[1:]
    while isinstance(command, click.Group) and words:
        found = command.get_command(context, words[0])
        if found is None:
            break
        command, words = found, words[1:]
    options = {option for item in command.params for option in item.opts}
    return [word for word in words if word.startswith("--") and word not in options]


@pytest.mark.item("5.done.page")
@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_of_the_page_is_one(line: str) -> None:
    name = shlex.split(line)[1]
    assert main.get_command(click.Context(main), name) is not None
    assert parsed(line) == []


@pytest.mark.item("5.done.page")
def test_what_looks_at_every_row_stands_without_choices() -> None:
    choices = {"--since", "--until", "--reader", "--type", "--group", "--record"}
    checks = [set(shlex.split(line)) for line in COMMANDS if "--check" in line]
    assert checks
    assert not any(words & choices for words in checks)


@pytest.mark.item("5.done.page")
def test_each_question_has_its_commands() -> None:
    sections = re.split(r"^## ", PAGE, flags=re.M)[1:]
    assert [section.partition("\n")[0] for section in sections] == [
        "1. Who saw my recipe?",
        "2. Who can see it from tomorrow?",
        "3. What stays for ever?",
        "4. Who is liable?",
    ]
    assert all("```sh\nlotmark " in section for section in sections)
