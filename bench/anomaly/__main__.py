"""The anomaly model: its targets, on the data given or on any other, beside plain methods.

``python -m bench.anomaly --json`` takes the folder of ``LOTMARK_DATA`` (else ``../shared/data``),
``--data FOLDER`` any other, ``--train FILE --score FILE --onset N`` single files. One
configuration, the product's own, for all of them.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from bench.anomaly.files import Columns
from bench.anomaly.folders import OWN_ROWS, Reading
from bench.anomaly.report import Report, given_folder, report_files, report_folder, report_given
from scoring.errors import ScoringError


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.anomaly", description=__doc__)
    parser.add_argument("--json", action="store_true", help="on one line")
    parser.add_argument("--data", type=Path, help="a folder of tables")
    parser.add_argument("--train", type=Path, nargs="+", help="tables of good rows")
    parser.add_argument("--score", type=Path, nargs="+", help="tables to score")
    parser.add_argument("--onset", type=int, help="the first bad row of the tables, from 0")
    parser.add_argument("--rows", type=int, default=OWN_ROWS, help="learnt from, of a file alone")
    parser.add_argument("--label", default="", help="the column that says what was bad")
    parser.add_argument("--setup", default="", help="the column that says what was set up")
    parser.add_argument("--drop", nargs="*", default=[], help="columns that are no parameters")
    parser.add_argument("--alone", action="store_true", help="without the plain methods")
    options = parser.parse_args()
    if (options.train is None) != (options.score is None):
        parser.error("expected --train and --score together")
    return options


def main() -> int:
    """Measure and print one JSON object."""
    options = _options()
    try:
        found = _measured(options)
    except (ValueError, OSError, ScoringError) as fault:
        print(f"bench.anomaly: {fault}", file=sys.stderr)
        return 2
    print(json.dumps(found, indent=None if options.json else 1, allow_nan=False))
    return 0


def _measured(options: argparse.Namespace) -> Report:
    columns = Columns(options.label, options.setup, tuple(options.drop))
    reading = Reading(columns, options.onset, options.rows, not options.alone)
    if options.train:
        return report_files(options.train, options.score, reading=reading)
    return report_folder(options.data, reading) if options.data else report_given(given_folder())


if __name__ == "__main__":
    sys.exit(main())
