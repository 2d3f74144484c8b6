"""The rules of the house that no linter holds, as checks over syntax trees.

Each rule takes one parsed file and yields its faults. Nothing here imports what it reads, so a
broken module is still checked.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent
CORE = ("keys", "ledger", "quality", "scoring")
ROOMS = (*CORE, "portal", "api")
PYTHON_FOLDERS = (*ROOMS, "tests", "bench", "examples")

FUNCTION_LINES_MAX = 50
MODULE_LINES_MAX = 400
VERIFIER_LINES_MAX = 660
POSITIONAL_MAX = 2

VAGUE_NAMES = frozenset(
    {"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc"}
)
# The only places where any exception may end: the outermost loop of a process. Path -> reason.
OUTERMOST_LOOPS: dict[str, str] = {
    "api/observability.py": "that of a request: whatever broke becomes a problem document",
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Source:
    """One parsed Python file; the path is relative to the project."""

    path: PurePosixPath
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """The top folder."""
        return self.path.parts[0]


@dataclass(frozen=True, slots=True)
class Fault:
    """One place that breaks a rule."""

    path: PurePosixPath
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


Rule = Callable[[Source], Iterator[Fault]]


def parse(path: str, text: str) -> Source:
    """Parse one file given as text."""
    return Source(PurePosixPath(path), text, ast.parse(text))


def sources() -> list[Source]:
    """Parse every Python file of the project."""
    paths = sorted(p for folder in PYTHON_FOLDERS for p in (ROOT / folder).rglob("*.py"))
    return [parse(str(p.relative_to(ROOT)), p.read_text("utf-8")) for p in paths]


def functions(tree: ast.AST) -> Iterator[Function]:
    """Every function and method, nested ones too."""
    return (n for n in ast.walk(tree) if isinstance(n, Function))


def length(function: Function) -> int:
    """Lines from ``def`` to the last one, docstring included, decorators not."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _fault(source: Source, node: ast.AST, text: str) -> Fault:
    return Fault(source.path, getattr(node, "lineno", 1), text)


def _calls(source: Source) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            yield node, ast.unparse(node.func)


def functions_are_short(source: Source) -> Iterator[Fault]:
    """A function has at most 50 lines."""
    for function in functions(source.tree):
        if length(function) > FUNCTION_LINES_MAX:
            expected = f"expected at most {FUNCTION_LINES_MAX} lines"
            yield _fault(source, function, f"{expected}, found {length(function)}: {function.name}")


def modules_are_short(source: Source) -> Iterator[Fault]:
    """A module has at most 400 lines."""
    count = len(source.text.splitlines())
    if count > MODULE_LINES_MAX:
        yield Fault(source.path, 1, f"expected at most {MODULE_LINES_MAX} lines, found {count}")


def modules_have_docstrings(source: Source) -> Iterator[Fault]:
    """A module says what it is for; a file without content needs not."""
    if source.tree.body and not ast.get_docstring(source.tree):
        yield Fault(source.path, 1, "expected a module docstring, found none")


def modules_have_nouns(source: Source) -> Iterator[Fault]:
    """No file or folder is named for having no name."""
    for part in source.path.with_suffix("").parts:
        if vague := VAGUE_NAMES.intersection(part.lower().split("_")):
            yield Fault(source.path, 1, f"expected a noun, found {min(vague)!r} in {part!r}")


def instants_have_zones(source: Source) -> Iterator[Fault]:
    """No ``datetime`` is made without a zone."""
    for call, name in _calls(source):
        method = name.rpartition(".")[2]
        zoneless = {"now": not call.args and not call.keywords, "fromtimestamp": _lacks_zone(call)}
        is_datetime = name.startswith(("datetime.", "dt."))
        if method in {"utcnow", "utcfromtimestamp"} or (is_datetime and zoneless.get(method)):
            yield _fault(source, call, f"expected an instant with a zone, found {name}")


def _lacks_zone(call: ast.Call) -> bool:
    return len(call.args) < 2 and all(k.arg != "tz" for k in call.keywords)


def only_doors_print(source: Source) -> Iterator[Fault]:
    """``print`` is for the command line, the benchmarks and the examples."""
    if source.room in {"bench", "examples"} or source.path.is_relative_to("api/cli"):
        return
    for call, name in _calls(source):
        if name == "print":
            yield _fault(source, call, "expected no print outside api/cli, bench, examples")


def exceptions_are_named(source: Source) -> Iterator[Fault]:
    """``Exception`` is caught only to clean up and raise again, or in an outermost loop."""
    if str(source.path) in OUTERMOST_LOOPS:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler) and _catches_all(node) and not _raises_again(node):
            yield _fault(source, node, "expected named exceptions, found a handler for all")


def _catches_all(handler: ast.ExceptHandler) -> bool:
    names = (
        {n.id for n in ast.walk(handler.type) if isinstance(n, ast.Name)} if handler.type else set()
    )
    return handler.type is None or bool(names & {"Exception", "BaseException"})


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def work_left_has_an_issue(source: Source) -> Iterator[Fault]:
    """A comment about work left names the issue that will do it."""
    left = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b(?!\(#\d+\))")
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT and (found := left.search(token.string)):
            yield Fault(source.path, token.start[0], f"expected {found[1]}(#issue), found none")


def core_tests_mock_nothing(source: Source) -> Iterator[Fault]:
    """The core is tested with real parts."""
    if source.room != "tests" or source.path.parts[1] not in CORE:
        return
    for node in ast.walk(source.tree):
        text = (
            ast.unparse(node)
            if isinstance(node, ast.Import | ast.ImportFrom | ast.Attribute)
            else ""
        )
        if re.search(r"\bunittest\b.*\bmock\b|\bMagicMock\b|\bmonkeypatch\.setattr\b", text):
            yield _fault(source, node, f"expected real parts, found {text}")


def only_stores_know_sql(source: Source) -> Iterator[Fault]:
    """Within the ledger a database is known to ``store_sqlite*`` and its siblings only."""
    if source.room != "ledger" or source.path.parts[1].startswith("store_"):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            text = ast.unparse(node)
            if re.match(r"(from|import) (sqlalchemy|sqlite3|psycopg)\b", text):
                yield _fault(source, node, f"expected no database outside a store, found {text}")


def core_functions_have_docstrings(source: Source) -> Iterator[Fault]:
    """Public functions of the core say what they do.

    A method of a class that names its base is described there.
    """
    if source.room not in CORE:
        return
    for function in _public_functions(source.tree):
        if not ast.get_docstring(function):
            yield _fault(source, function, f"expected a docstring, found none: {function.name}")


def _public_functions(tree: ast.Module) -> Iterator[Function]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            if all(ast.unparse(base).startswith(("Protocol", "Generic")) for base in node.bases):
                yield from _public_functions(ast.Module(node.body, []))
        elif isinstance(node, Function) and _is_public(node):
            yield node


def _is_public(function: Function) -> bool:
    marks = {ast.unparse(d).rpartition(".")[2] for d in function.decorator_list}
    return not function.name.startswith("_") and not marks & {"overload", "override", "setter"}


def positions_are_few(source: Source) -> Iterator[Fault]:
    """From the third parameter of a public function on, a caller names what it passes."""
    if source.room not in ROOMS:
        return
    for function in _public_functions(source.tree):
        names = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
        own = [n for n in names if n not in {"self", "cls"}]
        if len(own) > POSITIONAL_MAX:
            yield _fault(source, function, f"expected * before {own[2]!r} in {function.name}")


def statuses_are_kept_together(source: Source) -> Iterator[Fault]:
    """HTTP status numbers exist in ``api/errors.py`` only."""
    if source.room not in ROOMS or str(source.path) == "api/errors.py":
        return
    for node in ast.walk(source.tree):
        for number in _statuses(node):
            text = "expected a name from api/errors.py, found HTTP status"
            yield _fault(source, number, f"{text} {ast.unparse(number)}")


def _statuses(node: ast.AST) -> Iterator[ast.expr]:
    values: list[ast.expr] = []
    match node:
        case ast.keyword(arg="status" | "status_code", value=value):
            values = [value]
        case ast.keyword(arg="responses", value=ast.Dict(keys=keys)):
            values = [k for k in keys if k]
        case ast.Compare(left=ast.Attribute(attr="status" | "status_code"), comparators=values):
            pass
        case ast.Call(func=ast.Name(id="HTTPException"), args=[value, *_]):
            values = [value]
        case ast.Attribute(value=ast.Name(id="HTTPStatus")):
            yield node
    yield from (v for v in values if isinstance(v, ast.Constant) and isinstance(v.value, int))


def errors_have_codes(source: Source) -> Iterator[Fault]:
    """Every class in an ``errors.py`` states a ``code`` of its own."""
    if not source.path.name.endswith("errors.py") or source.room not in ROOMS:
        return
    for node in source.tree.body:
        if isinstance(node, ast.ClassDef) and _is_error(node) and error_code(node) is None:
            yield _fault(source, node, f"expected a code of its own, found none: {node.name}")


def _is_error(node: ast.ClassDef) -> bool:
    return bool(node.bases) and not any("Protocol" in ast.unparse(base) for base in node.bases)


def error_code(node: ast.ClassDef) -> str | None:
    """Read the ``code`` that a class body states itself."""
    for statement in node.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id="code")], value=ast.Constant(value=str(code)))
                | ast.AnnAssign(target=ast.Name(id="code"), value=ast.Constant(value=str(code)))
            ):
                return code
    return None


RULES: tuple[Rule, ...] = (
    functions_are_short,
    modules_are_short,
    modules_have_docstrings,
    modules_have_nouns,
    instants_have_zones,
    only_doors_print,
    exceptions_are_named,
    work_left_has_an_issue,
    core_tests_mock_nothing,
    only_stores_know_sql,
    core_functions_have_docstrings,
    statuses_are_kept_together,
    errors_have_codes,
)
# Shown by tests.tidy_figures and not refused: a formula may read better in its own order.
ADVICE: tuple[Rule, ...] = (positions_are_few,)
