"""``lotmark rebuild``: the projections of a log, compared and made anew."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from api.anomaly.rebuilding import AnomalyRebuilt
from api.cli.audit import steps
from api.cli.faults import CommandFault
from api.cli.options import data_folder, data_option, pass_output
from api.cli.output import Output
from api.rebuilding import Rebuilt, compare
from api.rebuilding import rebuild as rebuild_projections
from ledger.store_scratch import Difference


@click.command()
@click.option(
    "--check", is_flag=True, help="Compare only; the service may run, and nothing is changed."
)
@data_option
@pass_output
def rebuild(output: Output, *, data: Path, check: bool) -> None:
    """Recreate search, standing, pins, indexes, derived and anomaly tables, and compare.

    On SQLite the service must be stopped, unless --check only compares. On PostgreSQL services
    may run, and submissions wait while it writes. The log itself is not touched.
    Exit status 1 where what was there was not what should be.
    """
    folder = data_folder(data)
    with output.progress("comparing" if check else "rebuilding", None) as update:
        action = compare if check else rebuild_projections
        rebuilt = action(folder, on_progress=steps(update))
    _tell(output, rebuilt, is_check=check)
    if not rebuilt.is_as_before:
        click.get_current_context().exit(CommandFault.exit_code)


def _tell(output: Output, rebuilt: Rebuilt, *, is_check: bool) -> None:
    made = "expected" if is_check else "made anew"
    output.say(
        f"{rebuilt.entries} entries: {rebuilt.search_keys} search keys, {rebuilt.standings} "
        f"standings and {rebuilt.pins} pins {made}"
    )
    _tell_differences(output, "missing", rebuilt.differences.missing)
    _tell_differences(output, "surplus", rebuilt.differences.surplus)
    if rebuilt.changed_rows:
        output.say(
            f"  {len(rebuilt.changed_rows)} entries have columns that are not of their bytes, "
            f"the first {rebuilt.changed_rows[0]}: restore a backup"
        )
    if rebuilt.outbox_gaps:
        output.say(f"  {rebuilt.outbox_gaps} entries are missing in the outbox")
    derived = rebuilt.derived
    output.say(
        f"  {derived.size_before} entries were counted in derived tables, now {derived.size}"
    )
    _tell_differences(output, "missing", _plain(derived.differences.missing))
    _tell_differences(output, "surplus", _plain(derived.differences.surplus))
    _tell_anomaly(output, rebuilt.anomaly)
    if rebuilt.is_as_before:
        output.say("  all was there before, and nothing else")
    output.say(f"  {rebuilt.without_disclosures} entries hold no disclosures here")
    if rebuilt.unreadable:
        output.say(f"  {rebuilt.unreadable} entries cannot be read: run 'lotmark audit --full'")
    output.result(_members(rebuilt))


def _tell_anomaly(output: Output, found: AnomalyRebuilt) -> None:
    output.say(
        f"  {found.size_before} entries were scored in anomaly tables, now {found.size}; "
        f"{found.models} models"
    )
    _tell_differences(output, "missing", _plain(found.differences.missing, "anomaly"))
    _tell_differences(output, "surplus", _plain(found.differences.surplus, "anomaly"))
    if found.changed_models:
        output.say(
            f"  {len(found.changed_models)} models are not of their digest, the first "
            f"{found.changed_models[0]}: restore a backup, or train them again"
        )


def _plain(found: Mapping[str, Difference], kind: str = "derived") -> Mapping[str, Difference]:
    """Rows beside the log by table: ``derived month`` and so on."""
    return {f"{kind} {table}": difference for table, difference in found.items()}


def _tell_differences(output: Output, what: str, found: Mapping[str, Difference]) -> None:
    for kind, difference in sorted(found.items()):
        examples = ", ".join(_example(kind, row.key, row.entry) for row in difference.examples)
        output.say(f"  {what}: {difference.count} {kind} rows, as {examples}")


def _example(kind: str, key: bytes, index: int) -> str:
    if kind.startswith(("derived ", "anomaly ")):
        return key.partition(b" ")[0].decode(errors="replace")
    name = key.decode(errors="replace") if kind in {"standing", "pin"} else key.hex()
    return f"{name} of entry {index}"


def _members(rebuilt: Rebuilt) -> dict[str, Any]:
    own, derived, anomaly = rebuilt.differences, rebuilt.derived, rebuilt.anomaly
    sides = {
        "missing": {
            **own.missing,
            **_plain(derived.differences.missing),
            **_plain(anomaly.differences.missing, "anomaly"),
        },
        "surplus": {
            **own.surplus,
            **_plain(derived.differences.surplus),
            **_plain(anomaly.differences.surplus, "anomaly"),
        },
    }
    return {
        "entries": rebuilt.entries,
        "search_keys": rebuilt.search_keys,
        "standings": rebuilt.standings,
        "pins": rebuilt.pins,
        "as_before": rebuilt.is_as_before,
        "missing_before": rebuilt.missing_before,
        "surplus_before": rebuilt.surplus_before,
        "changed_rows": len(rebuilt.changed_rows),
        "outbox_gaps": rebuilt.outbox_gaps,
        "without_disclosures": rebuilt.without_disclosures,
        "unreadable": rebuilt.unreadable,
        "derived": {"size_before": derived.size_before, "size": derived.size},
        "anomaly": {
            "size_before": anomaly.size_before,
            "size": anomaly.size,
            "models": anomaly.models,
            "changed_models": list(anomaly.changed_models),
        },
        "differences": {
            what: {
                kind: {
                    "count": difference.count,
                    "examples": [_example(kind, row.key, row.entry) for row in difference.examples],
                }
                for kind, difference in found.items()
            }
            for what, found in sides.items()
        },
    }
