"""DFQ files of any size, and a process of its own that reads one and tells time and memory."""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from quality.readers.dfq import read_dfq
from quality.readers.model import Reading

ROOT: Final = Path(__file__).parents[1]
CHARACTERISTICS: Final = 10
PIECE_BYTES: Final = 1 << 16
ROWS_AT_ONCE: Final = 1_000
_FIELD, _CHARACTERISTIC = "\x14", "\x0f"


@dataclass(frozen=True, slots=True)
class Read:
    """What reading a file took: values, seconds, those of a processor, the peak of memory."""

    values: int
    seconds: float
    cpu_seconds: float
    rss_mib: float


def write_dfq(path: Path, values: int, *, coded: bool) -> None:
    """Write a file of ten characteristics, each value with time, batch, nest and machine.

    ``coded`` writes a line for each field (K0001/3 ...), else a line without keys a piece.
    """
    chance = random.Random(6)
    with path.open("w", encoding="ascii", newline="\r\n") as file:
        file.write("".join(_description()))
        for start in range(0, values // CHARACTERISTICS, ROWS_AT_ONCE):
            stop = min(start + ROWS_AT_ONCE, values // CHARACTERISTICS)
            rows = (_row(row, chance, coded=coded) for row in range(start, stop))
            file.write("".join(rows))


def _description() -> Iterator[str]:
    yield f"K0100 {CHARACTERISTICS}\nK1001/1 4711\nK1002/1 Shaft\n"
    for index in range(1, CHARACTERISTICS + 1):
        yield f"K2001/{index} {index}\nK2002/{index} Diameter {index}\nK2142/{index} mm\n"
        yield f"K2101/{index} 10\nK2110/{index} 9.9\nK2111/{index} 10.1\n"


def _row(row: int, chance: random.Random, *, coded: bool) -> str:
    minutes, second = divmod(row * 7, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    at = f"{1 + days % 28:02}.{1 + days // 28 % 12:02}.2024/{hour:02}:{minute:02}:{second:02}"
    values = [f"{chance.gauss(10, 0.02):.4f}" for _ in range(CHARACTERISTICS)]
    if coded:
        lines = (f"K0001/{at_} {value}\nK0004/{at_} {at}\n" for at_, value in enumerate(values, 1))
        return "".join(lines)
    beside = _FIELD.join(("0", at, "", f"#B{row // 500}", str(row % 8 + 1), "5", "7", "", "0"))
    return _CHARACTERISTIC.join(f"{value}{_FIELD}{beside}" for value in values) + "\n"


def read_apart(path: Path) -> Read:
    """Read a file in a new process, so that its memory is that of the reading."""
    command = f"from bench.dfq_file import tell; tell({str(path)!r})"
    ended = subprocess.run(
        [sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return Read(**json.loads(ended.stdout))


def tell(path: str) -> None:
    """Read a file and print what it took; for a process of its own."""
    started, begun = time.perf_counter(), time.process_time()
    with Path(path).open("rb") as file:
        events = read_dfq(iter(lambda: file.read(PIECE_BYTES), b""))
        values = sum(type(event) is Reading for event in events)
    seconds = time.perf_counter() - started
    print(json.dumps(asdict(Read(values, seconds, time.process_time() - begun, _peak_mib()))))


def _peak_mib() -> float:
    """The peak of this program alone; getrusage tells that of its parent too, where larger."""
    status = Path("/proc/self/status").read_text("ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def csv_seconds(path: Path) -> float:
    """How long the csv module takes over the same bytes, cut into fields and nothing else."""
    started = time.perf_counter()
    with path.open(encoding="ascii", newline="") as file:
        for row in csv.reader(file, delimiter=_FIELD):
            assert row
    return time.perf_counter() - started
