"""``python -m bench`` lists the benchmarks, ``python -m bench NAME ...`` runs one."""

from __future__ import annotations

import ast
import runpy
import sys
from pathlib import Path

HERE = Path(__file__).parent


def benchmarks() -> dict[str, str]:
    """Name every module that runs as a command, with its docstring's first line, unimported."""
    files = {p.stem: p for p in HERE.glob("[!_]*.py")}
    files |= {p.parent.name: p for p in HERE.glob("*/__main__.py")}
    texts = {name: files[name].read_text("utf-8") for name in sorted(files)}
    trees = {name: ast.parse(text) for name, text in texts.items() if "__main__" in text}
    return {name: (ast.get_docstring(t) or "").partition("\n")[0] for name, t in trees.items()}


def main(arguments: list[str]) -> int:
    """List, or run the named benchmark with the arguments that follow its name."""
    known = benchmarks()
    if not arguments:
        for name, title in known.items():
            print(f"  {name:<12} {title}")
        return 0
    if arguments[0] not in known:
        print(f"expected one of {', '.join(known)}, found {arguments[0]!r}", file=sys.stderr)
        return 2
    sys.argv = arguments
    runpy.run_module(f"bench.{arguments[0]}", run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
