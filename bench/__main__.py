"""``python -m bench`` lists the benchmarks, ``python -m bench NAME ...`` runs one."""

from __future__ import annotations

import ast
import runpy
import sys
from pathlib import Path

HERE = Path(__file__).parent


def benchmarks() -> dict[str, str]:
    """Name every benchmark with the first line of its docstring, without importing it."""
    sources = sorted(p for p in HERE.glob("*.py") if not p.stem.startswith("_"))
    titles = {p.stem: ast.get_docstring(ast.parse(p.read_text("utf-8"))) or "" for p in sources}
    return {name: title.partition("\n")[0] for name, title in titles.items()}


def main(arguments: list[str]) -> int:
    """List, or run the named benchmark with the arguments that follow its name."""
    known = benchmarks()
    if not arguments:
        print("\n".join(f"  {name:<12} {title}" for name, title in known.items()))
        return 0
    if arguments[0] not in known:
        print(f"expected one of {', '.join(known)}, found {arguments[0]!r}", file=sys.stderr)
        return 2
    sys.argv = arguments
    runpy.run_module(f"bench.{arguments[0]}", run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
