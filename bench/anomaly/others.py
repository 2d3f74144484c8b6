"""The other data given: real wafers, made-up units, and a real process with text in its cells.

Nothing is asked of these figures: labels of the first are of whole wafers and hardly show in any
sensor, those of the second are drawn by chance, the third has none.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from bench.anomaly import single
from bench.anomaly.files import Columns
from bench.anomaly.folders import Reading, read_folder

#: What failed says that it failed, and is no parameter.
_MODES: Final = ("TWF", "HDF", "PWF", "OSF", "RNF")
READINGS: Final = {
    "secom": Reading(rows=500),
    "ai4i2020": Reading(Columns("Machine failure", "Type", _MODES), rows=2000),
    "petrobras": Reading(rows=1000),
}


def reports(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """What is said of each file, learnt from by its own first good rows."""
    found = {}
    for name, reading in READINGS.items():
        if (folder / name).is_dir():
            read = read_folder(folder / name, reading)
            files, _ = single.by_file(read, reading.rows)
            told = {"read": list(read.told)} if read.told else {}
            found[name] = [file.told() | told for file in files]
    return found
