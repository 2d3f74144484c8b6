"""One suspicion with its evidence, and the thresholds beyond which something is one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

EN: Final = "suspected: "
ZH: Final = "疑似"


@dataclass(frozen=True, slots=True)
class Finding:
    """A suspicion: a stable ``code``, how likely chance does as much, where, and in words.

    Args:
        code: Stable; the text may change.
        p_value: At most so likely is it on honest values; None where no chance is involved.
        evidence: The places that it rests on: a record or file, and a JSON pointer into it.
        en: Begins with "suspected: ", always.
        zh: Begins with "疑似", always.
    """

    code: str
    p_value: float | None
    evidence: tuple[str, ...]
    en: str
    zh: str

    def __post_init__(self) -> None:
        """A text that says more than a suspicion, or rests on nothing, is a fault of this room."""
        assert self.en.startswith(EN), self.en
        assert self.zh.startswith(ZH), self.zh
        assert self.evidence, self.code


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What is taken for more than chance; ``level`` holds for each kind of finding of one search.

    Attributes:
        level: On honest values at most this share of searches has a finding of a kind.
        copied_least: Fewer values in a row than this are never called copied.
        digits_each: Values that each last digit is expected to have before any is preferred.
        digits_spread: Deviation, in last digits, from which on all last digits are equally likely.
        spread_reports: Other reports of a characteristic before one is compared with them.
        spread_ratio: A deviation above this share of the usual one is never called too small.
        spread_steps: Deviation, in steps of the gauge, below which rounding decides it.
        tolerance_steps: Steps that a gauge should divide a tolerance into.
        coarse_values: Values that show the step of a gauge that is not named.
        clock_minutes: Clocks may differ by so much.
        late_hours: From the verdict to its signature.
    """

    level: float = 0.001
    copied_least: int = 4
    digits_each: int = 10
    digits_spread: float = 8.0
    spread_reports: int = 5
    spread_ratio: float = 1 / 3
    spread_steps: float = 3.0
    tolerance_steps: int = 10
    coarse_values: int = 20
    clock_minutes: int = 5
    late_hours: int = 168
