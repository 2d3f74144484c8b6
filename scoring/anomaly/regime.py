"""A change of regime is one event: the line does something else now, and the model knows it not.

Two roads lead there: behind a change of set-up, 30 % of the parameters or more lie elsewhere; or
more than a fifth of fifty rows that inspection found good were called. From then on the model is
*out of domain* and calls nothing, until a model with a new baseline (:func:`rebaselined`) takes
over or the line goes back to where it was. The state is small and goes along with the stream.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from scoring.anomaly.drift_reference import LOOKS, DriftReference
from scoring.anomaly.model import Model, Settings
from scoring.anomaly.table import Numbers, ParameterTable
from scoring.anomaly.training import Prior, train
from scoring.errors import MalformedState


class RegimeKind(StrEnum):
    """How a regime was told."""

    SET_UP = "set-up"  # behind a change of set-up most parameters lie elsewhere
    ALARMS = "alarms"  # good rows are called: the model is out of date
    RETURNED = "returned"  # behind a change of set-up the parameters lie where they did


@dataclass(frozen=True, slots=True)
class RegimeSettings:
    """A parameter is shifted beyond ``sigma`` and ``widths`` deviations of its own wander."""

    share: float = 0.3
    sigma: float = 1.0
    widths: float = 4.0
    called_rows: int = 50
    called_share: float = 0.2


@dataclass(frozen=True, slots=True)
class RegimeRows:
    """Scored rows [n, m] in their order; the set-up of a row is None where it is not told."""

    z: Numbers
    present: npt.NDArray[np.bool_]
    setups: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class RegimeEvent:
    """A regime began or ended.

    ``row`` is the number within the rows pushed (or confirmed) at which it was told; it began
    ``rows_since`` rows earlier, counting ``row`` itself. ``shifted`` are the parameters that lie
    elsewhere and by how many sigma, the farthest first.
    """

    kind: RegimeKind
    row: int
    rows_since: int
    setup: str | None
    before: str | None
    shifted: tuple[tuple[str, float], ...]
    share: float


@dataclass(frozen=True, slots=True)
class RegimeState:
    """Where a line is.

    ``since`` rows lie behind the newest change of set-up (-1: judged, or none yet); ``sums`` and
    ``counts`` [m] are over them. ``called`` tells of the newest confirmed-good rows which were.
    """

    setup: str | None
    before: str | None
    is_out_of_domain: bool
    since: int
    sums: Numbers
    counts: Numbers
    called: tuple[bool, ...] = field(default=())


class RegimeMonitor:
    """Watches one line for another regime. It keeps nothing: state in, state out."""

    def __init__(self, reference: DriftReference, settings: RegimeSettings | None = None) -> None:
        """Watch by what the training rows were like."""
        self._reference = reference
        self._settings = settings or RegimeSettings()

    def start(self) -> RegimeState:
        """The state before any row."""
        none = np.zeros(len(self._reference.names))
        return RegimeState(None, None, False, -1, none, none.copy())

    def push(
        self, rows: RegimeRows, state: RegimeState
    ) -> tuple[tuple[RegimeEvent, ...], RegimeState]:
        """Take in scored rows in their order.

        Raises:
            MalformedState: a state over other parameters.
        """
        if len(state.sums) != len(self._reference.names):
            raise MalformedState(
                f"expected a state over {len(self._reference.names)} parameters,"
                f" found {len(state.sums)}"
            )
        events = []
        for row in range(len(rows.z)):
            state = _entered(state, rows.setups[row])
            if state.since < 0:
                continue
            here = rows.present[row]
            state = replace(
                state,
                since=state.since + 1,
                sums=state.sums + np.where(here, rows.z[row], 0.0),
                counts=state.counts + here,
            )
            if state.since in LOOKS:
                event, state = self._look(row, state)
                events += [event] if event is not None else []
        return tuple(events), state

    def confirm(
        self, called: Sequence[bool], state: RegimeState
    ) -> tuple[tuple[RegimeEvent, ...], RegimeState]:
        """Take in rows that inspection found good, in their order: whether each was called."""
        return confirm_called(called, state, settings=self._settings)

    def _look(self, row: int, state: RegimeState) -> tuple[RegimeEvent | None, RegimeState]:
        shifted = self._shifted(state)
        share = len(shifted) / max(1, len(self._reference.names))
        is_other = share >= self._settings.share
        is_last = state.since == LOOKS[-1]
        if is_other and not state.is_out_of_domain:
            kind = RegimeKind.SET_UP
        elif is_last and not is_other and state.is_out_of_domain:
            kind = RegimeKind.RETURNED
        else:
            return None, replace(state, since=-1) if is_last or is_other else state
        event = RegimeEvent(kind, row, state.since, state.setup, state.before, shifted, share)
        return event, replace(state, since=-1, is_out_of_domain=is_other)

    def _shifted(self, state: RegimeState) -> tuple[tuple[str, float], ...]:
        reference, chosen = self._reference, self._settings
        seen = state.counts > 0
        shift = np.where(seen, state.sums / np.maximum(state.counts, 1.0) - reference.mean, 0.0)
        width = reference.wander[LOOKS.index(state.since)]
        far = np.abs(shift) > np.maximum(chosen.sigma, chosen.widths * width)
        order = sorted(np.flatnonzero(far), key=lambda j: (-abs(shift[j]), j))
        return tuple((reference.names[j], float(shift[j])) for j in order)


def confirm_called(
    called: Sequence[bool], state: RegimeState, *, settings: RegimeSettings | None = None
) -> tuple[tuple[RegimeEvent, ...], RegimeState]:
    """Take in rows that people found good, in their order: whether each was called."""
    chosen = settings or RegimeSettings()
    events = []
    for row, each in enumerate(called):
        kept = (*state.called, bool(each))[-chosen.called_rows :]
        state = replace(state, called=kept)
        share = sum(kept) / chosen.called_rows
        if len(kept) < chosen.called_rows or share <= chosen.called_share:
            continue
        if not state.is_out_of_domain:
            kind, size = RegimeKind.ALARMS, chosen.called_rows
            event = RegimeEvent(kind, row, size, state.setup, state.before, (), share)
            events.append(event)
        state = replace(state, is_out_of_domain=True, called=())
    return tuple(events), state


def _entered(state: RegimeState, setup: str | None) -> RegimeState:
    """The state at a row's set-up; the first one that is told is no change."""
    if setup is None or setup == state.setup:
        return state
    if state.setup is None:
        return replace(state, setup=setup)
    none = np.zeros(len(state.sums))
    return replace(state, setup=setup, before=state.setup, since=0, sums=none, counts=none.copy())


def prior_of(model: Model) -> Prior:
    """A model's correlation, for a line that makes the same elsewhere or otherwise."""
    covariance = np.linalg.inv(model.level.precision)
    width = np.sqrt(np.diag(covariance))
    names = tuple(model.names[j] for j in model.modelled)
    return Prior(names, np.asarray(covariance / np.outer(width, width)))


def rebaselined(model: Model, table: ParameterTable, *, settings: Settings | None = None) -> Model:
    """A model of the new regime's rows: their own baseline, the old correlation as prior.

    Raises:
        TooFewRows: fewer than ten rows.
    """
    return train(table, settings or model.settings, prior=prior_of(model))


def regime_arrays(state: RegimeState) -> dict[str, Numbers]:
    """The arrays of a state, for one that carries it: with the words, all there is to keep."""
    flags = np.array([float(state.since), float(state.is_out_of_domain)])
    return {
        "regime.flags": flags,
        "regime.sums": state.sums,
        "regime.counts": state.counts,
        "regime.called": np.array(state.called, np.float64),
    }


def regime_state(
    arrays: Mapping[str, Numbers], *, setup: str | None, before: str | None
) -> RegimeState:
    """A state of its arrays and words.

    Raises:
        MalformedState: an array that is not there or of another shape.
    """
    try:
        since, is_out = (float(each) for each in arrays["regime.flags"])
        sums, counts = arrays["regime.sums"], arrays["regime.counts"]
        called = tuple(bool(each) for each in arrays["regime.called"])
    except (KeyError, ValueError, TypeError) as cause:
        raise MalformedState(f"expected the arrays of a regime, found {cause}") from cause
    if sums.ndim != 1 or sums.shape != counts.shape or not -1 <= since <= LOOKS[-1]:
        raise MalformedState(f"expected sums and counts of one length, found {sums.shape}")
    return RegimeState(setup, before, bool(is_out), int(since), sums, counts, called)
