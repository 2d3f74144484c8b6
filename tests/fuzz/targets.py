"""Every fuzz target by its name: a parser of outside bytes without one fails a test."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tests.fuzz import (
    targets_accesses,
    targets_anomaly,
    targets_api,
    targets_cli,
    targets_content,
    targets_drift,
    targets_keys,
    targets_log,
    targets_parameters,
    targets_quality,
    targets_readers,
    targets_readings,
    targets_records,
    targets_sealed,
    targets_sharing,
    targets_tally,
    targets_vault,
    targets_views,
    targets_watch,
    targets_witness,
    targets_workbook,
)
from tests.fuzz.target import Target

TARGETS: Final[Mapping[str, Target]] = MappingProxyType(
    {
        target.name: target
        for group in (
            targets_keys,
            targets_records,
            targets_sealed,
            targets_content,
            targets_log,
            targets_quality,
            targets_readings,
            targets_readers,
            targets_views,
            targets_sharing,
            targets_witness,
            targets_api,
            targets_accesses,
            targets_cli,
            targets_workbook,
            targets_vault,
            targets_parameters,
            targets_tally,
            targets_watch,
            targets_drift,
            targets_anomaly,
        )
        for target in group.TARGETS
    }
)
