"""``lotmark anomaly replay``: decisions made again from model, state and inputs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click

from api.cli.anomaly_options import model_option, open_either
from api.cli.faults import CommandFault
from api.cli.options import pass_output
from api.cli.output import Output

_BORDERLINE_TOLD: Final = 20


@click.command("replay")
@click.argument("decisions", type=click.Path(path_type=Path, dir_okay=False))
@model_option
@pass_output
def replay(output: Output, *, decisions: Path, model: Path) -> None:
    """Make the decisions in DECISIONS again: equal inputs, scores within 1e-6, equal levels.

    DECISIONS are those of 'lotmark anomaly score --decisions' or of the service, one a line. A
    level within 1e-6 of its limit is said to be borderline. Anything else is refused.
    """
    from scoring.anomaly.decision import decode_decision
    from scoring.anomaly.replay import replay as replay_decision
    from scoring.errors import MalformedDecision, ReplayDiffers

    detector = open_either(model)
    found: dict[str, Any] = {"decisions": 0, "rows": 0, "largest_difference": 0.0}
    borderline, moved = 0, 0
    for number, line in _lines(decisions):
        try:
            report = replay_decision(decode_decision(line), detector)
        except (MalformedDecision, ReplayDiffers) as fault:
            raise CommandFault(
                fault.code,
                f"{decisions}, line {number}: {fault}",
                remedy="Compare the model's digest, and whether the file is as it was written.",
            ) from fault
        found["decisions"] += 1
        found["rows"] += report.rows
        difference = max(found["largest_difference"], report.largest_difference)
        found["largest_difference"] = difference
        borderline += len(report.borderline)
        moved += len(report.moved)
    if not found["decisions"]:
        raise CommandFault(
            "malformed-decision-path", f"{decisions}: expected a decision, found none"
        )
    output.say(
        f"{found['rows']} rows of {found['decisions']} decisions made again by model"
        f" {detector.digest[:16]}: inputs equal, scores within"
        f" {found['largest_difference']:.1e}, levels equal"
        + (f", {borderline} rows borderline, {moved} of them at the level next to it" * bool(moved))
    )
    output.result({"model": detector.digest, **found, "borderline": borderline, "moved": moved})


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file, each bounded by what a decision may have."""
    from scoring.anomaly.decision import DECISION_BYTES_MAX

    try:
        with path.open("rb") as file:
            number = 0
            while line := file.readline(DECISION_BYTES_MAX + 2):
                number += 1
                yield number, line.rstrip(b"\n")
    except OSError as fault:
        raise CommandFault(
            "file-unreadable",
            f"expected decisions at {path}, found: {fault.strerror or fault}",
            remedy="Correct the path.",
        ) from fault
