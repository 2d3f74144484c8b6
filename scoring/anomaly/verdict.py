"""What is said of one row: its level, and the whole way there in figures."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from quality.spc.runs import Rule
from scoring.anomaly.explanation import Explanation
from scoring.anomaly.model import Stage
from scoring.anomaly.units import UnitChange


class Level(StrEnum):
    """How loud a row is."""

    NONE = "none"
    YELLOW = "yellow"
    RED = "red"


class Reason(StrEnum):
    """Why a row has its level; a row may have several."""

    RARE = "rare"  # p of model and rules together below the line's level
    FAR_TAIL = "far-tail"  # p below a tenth of the level for yellow
    PERSISTENT = "persistent"  # three of the last five rows
    RULES_AGREE = "rules-agree"  # the rules alone would be rare as well
    SPECIFICATION_AGREES = "specification-agrees"
    SPECIFICATION = "specification"  # a fact, not a score
    MISSING_RATE = "missing-rate"  # a parameter is missing more often than while training
    CONTROL_LIMIT = "control-limit"  # a limit that a quality engineer has set for a parameter


class Order(StrEnum):
    """How a row came into its stream; order is by measured time."""

    IN_ORDER = "in-order"
    LATE = "late"  # came late and was put in its place: rows behind it were scored again
    AGAIN = "again"  # scored again, because an earlier row came late; replaces the verdict before
    APART = "apart"  # earlier than anything that is kept: scored by itself, not in the state
    AHEAD = "ahead"  # measured later than now: the clock is wrong; not in the state


class Status(StrEnum):
    """Whether a row has a score."""

    SCORED = "scored"
    MISSING = "missing"  # fewer than half of the parameters: not scored, and not normal


@dataclass(frozen=True, slots=True)
class RuleHit:
    """A rule that fired at a row on the chart of one parameter."""

    parameter: str
    rule: Rule


@dataclass(frozen=True, slots=True)
class Violation:
    """A value outside its specification or outside a control limit that somebody has set."""

    parameter: str
    value: float
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True)
class Moved:
    """A parameter that was constant in training and is no longer: its value now and then."""

    parameter: str
    value: float
    trained: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on row ``row`` of ``source`` (a record, a file).

    ``p`` fuses ``p_model`` and ``p_rules`` (None: rules are not calibrated for this model); all
    of them and ``score`` are None where the row was not scored.
    ``model_level`` is by p alone, ``level`` has specification and control limits in it.
    ``is_borderline`` says that the score is within 1e-6 of a limit, so that another machine may
    find the level next to it. ``resolution`` is the smallest p that counting gives;
    below it p is a tail that was fitted (``is_extrapolated``). ``stage_text`` reads
    ``learning 12/30`` while a model learns. ``gaps`` are the parameters that are missing too
    often; ``units_suspected`` those whose values, with those that came with them, look as if they
    were in another unit: the row is scored as it is. ``moved`` are constants that changed.
    ``fired`` names the statistic, or ``constant/NAME`` or ``rule/NAME`` where one of these made
    the level. ``explanation`` is there where a level is.
    """

    source: str
    row: int
    at_us: int | None
    status: Status
    order: Order
    score: float | None
    p_model: float | None
    p_rules: float | None
    p: float | None
    alpha: float
    level: Level
    model_level: Level
    reasons: tuple[Reason, ...]
    fired: str
    rules: tuple[RuleHit, ...]
    violations: tuple[Violation, ...]
    beyond_control: tuple[Violation, ...]
    missing: tuple[str, ...]
    model: str
    input_hash: str
    stage: Stage
    stage_text: str
    resolution: float
    is_extrapolated: bool
    is_borderline: bool
    setup: str | None = None
    gaps: tuple[str, ...] = ()
    episodes: tuple[str, ...] = ()
    explanation: Explanation | None = None
    units_suspected: tuple[UnitChange, ...] = ()
    moved: tuple[Moved, ...] = ()
