"""Options that the commands of ``lotmark anomaly`` share, and the files that they stand for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from api.cli.cells import is_offset
from api.cli.faults import CommandFault
from api.cli.options import read_file

if TYPE_CHECKING:
    from api.parameter_files import FileAsked
    from scoring.anomaly.line_file import LineBeside
    from scoring.anomaly.replay import ReplayableDetector
    from scoring.anomaly.serving import OnnxDetector

_Command = TypeVar("_Command", bound=Callable[..., Any])
_FILE: Final = click.Path(path_type=Path, dir_okay=False)
#: What stands beside a model: limits, rules, and how rare their hits are.
LINE_SUFFIX: Final = ".line.json"


def _check_offset(_: click.Context, __: click.Parameter, value: str) -> str:
    if not is_offset(value):
        raise click.BadParameter("expected a time zone such as +08:00")
    return value


file_argument = click.argument("file", type=_FILE)
model_option = click.option(
    "--model", required=True, type=_FILE, help="ONNX file of 'lotmark anomaly train'."
)
_OPTIONS: Final = (
    click.option("--time", "time", metavar="HEADING", help="Column of times; default: found out."),
    click.option(
        "--setup",
        "setups",
        multiple=True,
        metavar="HEADING",
        help="Column of what was set up (tool, recipe, material); may be given again.",
    ),
    click.option("--lot", metavar="HEADING", help="Column of lots."),
    click.option("--label", metavar="HEADING", help="Column that says what was bad."),
    click.option(
        "--only", multiple=True, metavar="HEADING", help="Parameters; default: all of numbers."
    ),
    click.option("--leave-out", multiple=True, metavar="HEADING", help="No parameters."),
    click.option(
        "--decimal",
        type=click.Choice(["point", "comma"]),
        help="Decimal sign; default: found out.",
    ),
    click.option(
        "--offset",
        default="Z",
        callback=_check_offset,
        show_default=True,
        metavar="+HH:MM",
        help="Time zone of times that name none.",
    ),
    click.option("--delimiter", help="Default: found out among ; tab , | and white space."),
    click.option(
        "--heading/--no-heading",
        "has_heading",
        default=None,
        help="Whether the first row names columns; default: found out.",
    ),
    click.option(
        "--units/--no-units",
        "has_units",
        default=None,
        help="Whether units stand below the heading; default: found out.",
    ),
    click.option(
        "--transposed/--not-transposed",
        "is_transposed",
        default=None,
        help="Whether each line is a parameter; default: found out of a matrix without heading.",
    ),
    click.option("--text-as-missing", is_flag=True, help="Count cells of text as missing values."),
)


def file_options(command: _Command) -> _Command:
    """Give a command the options that say how its files are read."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def file_asked(options: dict[str, Any], *, wanted: tuple[str, ...] = ()) -> FileAsked:
    """What the options say of a file; they are taken out of ``options``."""
    from api.parameter_files import FileAsked
    from scoring.anomaly.file_layout import ColumnsAsked
    from scoring.anomaly.text_files import TextAsked

    decimal, delimiter = options.pop("decimal"), options.pop("delimiter")
    columns = ColumnsAsked(
        time=options.pop("time"),
        lot=options.pop("lot"),
        label=options.pop("label"),
        setups=options.pop("setups"),
        only=options.pop("only"),
        left_out=options.pop("leave_out"),
        wanted=wanted,
        is_comma=None if decimal is None else decimal == "comma",
        zone=_zone(options.pop("offset")),
    )
    text = TextAsked(
        {"tab": "\t", "\\t": "\t"}.get(delimiter or "", delimiter),
        options.pop("has_heading"),
        options.pop("has_units"),
        options.pop("is_transposed"),
    )
    return FileAsked(columns, text, options.pop("text_as_missing"))


def _zone(offset: str) -> timezone:
    from datetime import datetime

    moment = datetime.fromisoformat(f"2026-01-01T00:00:00{offset}")
    delta = moment.utcoffset()
    assert delta is not None, "an offset was checked for"
    return timezone(delta)


def open_model(path: Path) -> OnnxDetector:
    """The detector of a model file.

    Raises:
        CommandFault: it cannot be read, or is a challenger's.
        MalformedModel: it is none.
    """
    from scoring.anomaly.serving import OnnxDetector

    found = open_either(path)
    if not isinstance(found, OnnxDetector):
        raise CommandFault(
            "shadow-alone",
            f"{path}: expected a model that watches a line, found a challenger",
            remedy="A challenger scores in shadow beside a model: have the service train it with"
            " 'lotmark model train LINE --challenger'. 'lotmark anomaly replay' makes its"
            " decisions again.",
        )
    return found


def open_either(path: Path) -> ReplayableDetector:
    """The detector of a model file, or of a challenger's.

    Raises:
        CommandFault: it cannot be read.
        MalformedModel: it is neither.
    """
    from scoring.anomaly.detectors import open_detector
    from scoring.anomaly.onnx_file import MODEL_BYTES_MAX

    return open_detector(read_file(path, "a model", bytes_max=MODEL_BYTES_MAX))


def open_beside(model: Path, digest: str) -> LineBeside | None:
    """What stands beside a model file; None where nothing does.

    Raises:
        MalformedModel: it is none.
        CommandFault: it is that of another model.
    """
    from scoring.anomaly.line_file import BYTES_MAX, decode_line

    path = beside_path(model)
    if not path.exists():
        return None
    beside = decode_line(read_file(path, "limits and rules", bytes_max=BYTES_MAX))
    if beside.model != digest:
        raise CommandFault(
            "malformed-model",
            f"{path}: expected what stands beside model {digest[:12]}, found that of"
            f" {beside.model[:12]}",
            remedy="Train again, or move the file away.",
        )
    return beside


def beside_path(model: Path) -> Path:
    """Where limits and rules of a model are kept."""
    return model.with_name(model.name + LINE_SUFFIX)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file as a whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(data)
    part.replace(path)
