"""Which acceptance items have a test: ``python -m tests.items``.

The items are listed in ``tests/items.toml``; a test proves one by
``@pytest.mark.item("2.1")``. Tests are read, never imported, so the answer does not depend on
what is installed.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Issue:
    """The acceptance list of one issue; a closed one must be proven throughout."""

    number: int
    is_closed: bool
    items: dict[str, str]


def read_issues(path: Path) -> list[Issue]:
    """Read the acceptance lists.

    Raises:
        ValueError: an item is not named for its issue, or has no text.
    """
    tables = tomllib.loads(path.read_text("utf-8"))["issue"]
    issues = [Issue(t["number"], t["closed"], t["items"]) for t in tables]
    for issue in issues:
        for item, text in issue.items.items():
            if not item.startswith(f"{issue.number}.") or not text.strip():
                raise ValueError(f"expected an item of issue {issue.number}, found {item!r}")
    return issues


def read_marks(folder: Path) -> set[str]:
    """Collect the items that the tests below a folder name."""
    paths = sorted(folder.rglob("test_*.py"))
    return {item for p in paths for item in items_marked(ast.parse(p.read_text("utf-8")))}


def items_marked(tree: ast.AST) -> Iterator[str]:
    """Find each ``pytest.mark.item`` in decorators, ``pytestmark`` and parameters alike.

    Raises:
        ValueError: an item is not written as a plain string, so nobody could search for it.
    """
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not ast.unparse(node.func).endswith("mark.item"):
            continue
        for argument in node.args:
            if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
                raise ValueError(f"expected the item as a string, found {ast.unparse(node)}")
            yield argument.value


def report(issues: Iterable[Issue], marks: set[str]) -> tuple[list[str], bool]:
    """Say what is not proven, and whether that is in order.

    Returns:
        The lines to show, and false where a closed issue has an unproven item or a test names
        an item that no issue lists.
    """
    lines, in_order, listed = [], True, set[str]()
    for issue in issues:
        missing = {i: text for i, text in issue.items.items() if i not in marks}
        proven = len(issue.items) - len(missing)
        state = "closed" if issue.is_closed else "open"
        lines.append(f"issue {issue.number} ({state}): {proven} of {len(issue.items)} items proven")
        lines += [f"  {item:<28} {text}" for item, text in missing.items()]
        in_order = in_order and not (issue.is_closed and missing)
        listed |= issue.items.keys()
    unknown = sorted(marks - listed)
    lines += [f"expected an item of tests/items.toml, found {item!r}" for item in unknown]
    return lines, in_order and not unknown


def main() -> int:
    """Print the report; 1 where it is not in order."""
    lines, in_order = report(read_issues(HERE / "items.toml"), read_marks(HERE))
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if in_order else 1


if __name__ == "__main__":
    sys.exit(main())
