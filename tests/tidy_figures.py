"""How long the functions are, and what is advised: ``python -m tests.tidy_figures``."""

from __future__ import annotations

import statistics
import sys

from tests.tidy import ADVICE, PYTHON_FOLDERS, functions, length, sources


def lengths_by_folder() -> dict[str, list[int]]:
    """Measure every function of every folder, and of all of them."""
    found: dict[str, list[int]] = {folder: [] for folder in (*PYTHON_FOLDERS, "all")}
    for source in sources():
        measured = [length(function) for function in functions(source.tree)]
        found[source.room] += measured
        found["all"] += measured
    return found


def figures(lengths: list[int]) -> str:
    """Say median, ninth decile and longest in lines."""
    if len(lengths) < 2:
        return f"{len(lengths):>9}"
    p90 = statistics.quantiles(lengths, n=10, method="inclusive")[-1]
    return f"{len(lengths):>9} {statistics.median(lengths):>7g} {p90:>5.0f} {max(lengths):>7}"


def main() -> int:
    """Print a line a folder, then a line a piece of advice."""
    sys.stdout.write(f"{'':<9} functions  median   p90 longest\n")
    for folder, lengths in lengths_by_folder().items():
        sys.stdout.write(f"{folder:<9} {figures(lengths)}\n")
    for fault in (fault for source in sources() for rule in ADVICE for fault in rule(source)):
        sys.stdout.write(f"{fault}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
