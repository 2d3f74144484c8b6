"""Mappings that a party used: a table of the same headings needs no options the next time.

They are kept in the party's folder, one for each type and row of headings, whatever the file
was called and wherever it lay. What was set for one lot is not among what is kept.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from api.cli.column_map import SUFFIX, ColumnMap, parse_mapping, write_mapping
from api.cli.table_errors import MalformedMapping
from ledger import limits


@dataclass(frozen=True, slots=True)
class MappingMemory:
    """The mappings in one folder."""

    folder: Path

    def find(self, vct: str | None, headings: Sequence[str]) -> ColumnMap | None:
        """The mapping of a type for these headings; of any type where ``vct`` is None.

        None where there is none, and where the headings were read as two types.

        Raises:
            MalformedMapping: it was changed to another form.
        """
        name = _name(vct, headings) if vct else f"*.{_signature(headings)}{SUFFIX}"
        found = sorted(self.folder.glob(name)) if self.folder.is_dir() else []
        return self._read(found[0]) if len(found) == 1 else None

    def latest(self, vct: str) -> ColumnMap | None:
        """The mapping of a type that was used last, for headings that are not quite these."""
        found = self.folder.glob(f"{_stem(vct)}.*{SUFFIX}") if self.folder.is_dir() else ()
        for path in sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True):
            try:
                return self._read(path)
            except MalformedMapping:
                # It only would have been a hint.
                continue
        return None

    def keep(self, mapping: ColumnMap) -> None:
        """Remember a mapping for its headings."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_mapping(self.folder / _name(mapping.vct, mapping.headings), mapping)

    def _read(self, path: Path) -> ColumnMap:
        data = path.read_bytes()
        if len(data) > limits.MAPPING_BYTES_MAX:
            raise MalformedMapping(
                f"expected at most {limits.MAPPING_BYTES_MAX} bytes in {path}, found {len(data)}"
            )
        found = parse_mapping(data, name=str(path))
        return seen_at(found, path, name=found.file or path.name)


def seen_at(mapping: ColumnMap, path: Path, *, name: str) -> ColumnMap:
    """The mapping with what it is told by: the file that it was made for, and the day."""
    day = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    return replace(mapping, seen=f"{name} of {day.isoformat()}")


def tell_changes(before: Sequence[str], now: Sequence[str]) -> str:
    """What changed between two rows of headings, in words; empty where nothing did."""
    gone = [repr(heading) for heading in before if heading not in now]
    new = [repr(heading) for heading in now if heading not in before]
    told = [f"{', '.join(gone)} gone"] * bool(gone) + [f"{', '.join(new)} new"] * bool(new)
    return "; ".join(told)


def _stem(vct: str) -> str:
    return vct.replace("/", ".")


def _name(vct: str, headings: Sequence[str]) -> str:
    return f"{_stem(vct)}.{_signature(headings)}{SUFFIX}"


def _signature(headings: Sequence[str]) -> str:
    text = json.dumps(list(headings), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
