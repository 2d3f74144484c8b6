"""``lotmark anomaly train``: a model of a plain file of good rows, with no server."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from api import __version__
from api.cli.anomaly_labels import good_rows
from api.cli.anomaly_options import (
    beside_path,
    file_argument,
    file_asked,
    file_options,
    write_whole,
)
from api.cli.options import pass_output
from api.cli.output import Output

if TYPE_CHECKING:
    from api.parameter_files import FileAsked, ParameterFile
    from scoring.anomaly.files import FileBatch
    from scoring.anomaly.model import Model
    from scoring.anomaly.specification import Limits
    from scoring.anomaly.table import ParameterTable

#: Values that are held of a file; of a longer one contiguous rows of every time are taken.
VALUES_MAX: Final = 2_000_000
_FILE: Final = click.Path(path_type=Path, dir_okay=False)
CARD_FORMAT: Final = "lotmark.anomaly-card/v1"


@click.command("train")
@file_argument
@click.option("--out", required=True, type=_FILE, help="Where the ONNX file is written.")
@click.option("--card", type=_FILE, help="Where the model's figures are written, as JSON.")
@click.option(
    "--challenger",
    type=_FILE,
    help="Where an autoencoder of the same rows is written, to be compared with the model.",
)
@click.option(
    "--limits",
    type=_FILE,
    help="Table of limits: columns parameter, lower, upper; a DFQ file has its own.",
)
@click.option("--by-lot", is_flag=True, help="Learn means and variances of lots, not single rows.")
@file_options
@pass_output
def train(
    output: Output, *, file: Path, out: Path, card: Path | None, limits: Path | None, **options: Any
) -> None:
    """Train a model on the good rows of FILE (CSV, text matrix, Parquet, DFQ; also .gz).

    Rows are taken in by their measured time; rows that a column of labels calls bad are left
    out, and their number is told. Beside the model a file with limits and rules is
    written, which 'lotmark anomaly score' reads.
    """
    from scoring.anomaly.graph import export_model

    by_lot, challenger = options.pop("by_lot"), options.pop("challenger")
    found, opened, rows = read_whole(output, file, file_asked(options))
    found, labelled_bad = good_rows(output, found, file.name)
    _note_duplicates(output, found.table)
    model = train_model(output, found.table, by_lot=by_lot)
    onnx = export_model(model)
    write_whole(out, onnx)
    digest = hashlib.sha256(onnx).hexdigest()
    members = {
        "model": digest,
        "bytes": len(onnx),
        "stage": str(model.stage),
        "rows": rows,
        "labelled_bad": labelled_bad,
        "used": model.facts.used,
        "effective_rows": round(model.facts.n_eff, 1),
        "parameters": len(model.names),
        "constant": [model.names[at] for at in sorted(model.constants)],
        "text_cells": found.text_cells,
    }
    _write_beside(out, onnx, model, table=found.table, limits=_limits(limits, opened))
    if challenger is not None:
        members["challenger"] = _write_challenger(challenger, found.table)
    if card is not None:
        write_whole(card, card_text(model, onnx).encode())
    _tell(output, out, members, model)
    output.result(members)


def read_whole(
    output: Output, file: Path, asked: FileAsked
) -> tuple[FileBatch, ParameterFile, int]:
    """A file as one table, contiguous parts of a very long one; and how many rows it has."""
    from api.parameter_files import open_parameters
    from scoring.anomaly.files import SpacedBatches, whole_table

    kept = SpacedBatches(VALUES_MAX)
    with open_parameters(file, asked, output.progress) as opened:
        for note in opened.notes:
            output.note(note)
        for batch in opened.tables():
            kept.add(batch)
    found = whole_table(kept.kept)
    if len(found.table) < kept.rows:
        output.note(f"{file.name}: {len(found.table)} of {kept.rows} rows are taken, spread evenly")
    if found.text_cells:
        output.note(f"{file.name}: {found.text_cells} cells of text count as missing")
    return found, opened, kept.rows


def _note_duplicates(output: Output, table: ParameterTable) -> None:
    """Say which columns are the same throughout: one of them would do."""
    seen: dict[bytes, str] = {}
    for at, name in enumerate(table.names):
        values = table.values[:, at]
        first = seen.setdefault(hashlib.sha256(values.tobytes()).digest(), name)
        if first != name and not (values == values[0]).all():
            output.note(
                f"columns {first!r} and {name!r} are identical: an alarm may name either;"
                f" --leave-out {name!r} leaves one"
            )


def train_model(output: Output, table: ParameterTable, *, by_lot: bool = False) -> Model:
    """Train, with a bar."""
    from scoring.anomaly.training import train as train_rows
    from scoring.anomaly.training import train_lots

    with output.progress("training", None) as update:
        note = _steps(update)
        return train_lots(table, note=note) if by_lot else train_rows(table, note=note)


def _write_challenger(out: Path, table: ParameterTable) -> str:
    """Train one on the same rows, and give the digest of its file."""
    from scoring.anomaly.challenger import export_challenger, train_challenger

    onnx = export_challenger(train_challenger(table))
    write_whole(out, onnx)
    return hashlib.sha256(onnx).hexdigest()


def _steps(update: Callable[[int], None]) -> Callable[[int, int], None]:
    def note(done: int, _: int) -> None:
        update(1 if done else 0)

    return note


def _limits(path: Path | None, opened: ParameterFile) -> Limits:
    from scoring.anomaly.limits_file import read_limits
    from scoring.anomaly.specification import Limit, Limits

    if path is not None:
        return read_limits([path.read_bytes()])
    told = {
        name: Limit(*(None if text is None else float(text) for text in (one.lower, one.upper)))
        for name, one in opened.limits.items()
        if one.lower is not None or one.upper is not None
    }
    return Limits(told)


def _write_beside(
    out: Path, onnx: bytes, model: Model, *, table: ParameterTable, limits: Limits
) -> None:
    from scoring.anomaly.line_file import LineBeside, encode_line
    from scoring.anomaly.lots import lot_rows
    from scoring.anomaly.rule_training import calibrate_rules
    from scoring.anomaly.rules import RuleSet
    from scoring.anomaly.serving import OnnxDetector

    detector, rules = OnnxDetector(onnx), RuleSet()
    rows = table if model.lots is None else lot_rows(table, model.lots)
    calibration = calibrate_rules(rows, detector, model, rules)
    beside = LineBeside(detector.digest, limits, rules, calibration)
    write_whole(beside_path(out), encode_line(beside))


def card_text(model: Model, onnx: bytes) -> str:
    """What a model is, for people and programs: canonical JSON, the same for the same model."""
    from api.cli.anomaly_watch import score_limits
    from scoring.anomaly.cards import out_of_fold_digest

    content = {
        "format": CARD_FORMAT,
        "model": hashlib.sha256(onnx).hexdigest(),
        "onnx_bytes": len(onnx),
        "code_version": __version__,
        "stage": str(model.stage),
        "parameters": list(model.names),
        "units": list(model.units),
        "settings": asdict(model.settings),
        "training": asdict(model.facts),
        "setups": [{"label": setup.label, "rows": setup.rows} for setup in model.setups],
        "statistics": [statistic.name for statistic in model.statistics],
        "out_of_fold": out_of_fold_digest(model.calibration),
        "resolution": model.calibration.resolution,
        "limits": score_limits(model, model.settings.yellow),
    }
    return json.dumps(content, sort_keys=True, ensure_ascii=False, indent=1) + "\n"


def _tell(output: Output, out: Path, members: dict[str, Any], model: Model) -> None:
    output.say(f"model {members['model'][:16]} in {out}, {members['bytes']} bytes")
    output.say(
        f"stage {members['stage']}: {members['rows']} rows, {members['effective_rows']} of them"
        f" independent, {len(model.modelled)} parameters"
    )
    if members["constant"]:
        output.say(f"constant, left to rules: {', '.join(members['constant'])}")
    output.say(f"the rarest p-value that is counted: {model.calibration.resolution:.2g}")
    output.say(f"limits and rules in {beside_path(out)}")
