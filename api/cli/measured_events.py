"""The events of a measurement file that the user named, by the format that its ending says."""

from __future__ import annotations

from pathlib import Path

from api.cli.measured.source import read_chunks
from quality.readers.model import MeasuredFile


def is_of_measurements(path: Path) -> bool:
    """Whether a file is one of a measuring program, by its ending."""
    return path.suffix.lower() in (".dfq", ".qif")


def measured_events(path: Path) -> MeasuredFile:
    """Every event of such a file.

    Raises:
        TableUnreadable: it cannot be read, or is too large.
        MeasurementFileRefused: it is not of its format, or beyond a bound.
    """
    # Only where such a file is read: its parser is of no use to anybody else.
    if path.suffix.lower() == ".qif":
        from quality.readers.qif import read_qif

        return read_qif(read_chunks(path))
    from quality.readers.dfq import read_dfq

    return read_dfq(read_chunks(path))
