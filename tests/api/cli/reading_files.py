"""Files of readings in a folder, and what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from api.cli.column_map import TableForm
from api.cli.input_files import Input, InputOptions
from api.cli.inputs import read_input
from api.cli.mapping_memory import MappingMemory
from ledger.compose import Filing
from tests.api.cli.tables import KINDS, ORIGIN, VERDICT

VCT = "inspection-report/v1"


def options(
    memory: Path | None = None,
    *,
    maps: tuple[str, ...] = (),
    sets: Mapping[str, str] | None = None,
    whole_bytes_max: int = 0,
    skips_faulty: bool = False,
    **form: Any,
) -> InputOptions:
    """What a command line says; every table is one to be streamed."""
    constants = {**VERDICT, **(sets or {})}
    return InputOptions(
        VCT,
        maps,
        tuple("=".join(item) for item in constants.items()),
        (),
        replace(TableForm(offset="+01:00"), **form),
        Filing(),
        ORIGIN,
        "did:web:quality.example:parties:lindqvist-gear",
        skips_faulty,
        MappingMemory(memory) if memory else None,
        whole_bytes_max=whole_bytes_max,
    )


def read(path: Path, said: InputOptions | None = None) -> Input:
    """Read a file."""
    return read_input(path, said or options(), find_kind=KINDS.__getitem__)


def measured(found: Input, at: int = 0) -> list[dict[str, Any]]:
    """The characteristics of a report."""
    made: list[dict[str, Any]] = found.drafts[at].groups["measurements"]["characteristics"]
    return made
