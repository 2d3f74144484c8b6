"""Counts while readings are folded: which pieces each class is judged by, and what they have.

A class other than critical is judged by the first ``sample`` pieces of its own plan, in the order
in which something was first known of them (ISO 2859-1:1999, 10.1: the sample of a class is that
of its own plan). A critical piece counts wherever it is found. Once a class is sure to be
accepted, a defect of it that is found later on a piece that was inspected before is told and
counts no longer, so that a decision that was said never turns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from quality.tally.plan import CRITICAL, Characteristic, ClassPlan, TallyPlan, worst_class
from quality.tally.readings import Defect, Good, Measured, Reading, Withdrawn

Numbered = tuple[int, Reading]
"""A reading with its sequence."""
DefectKey = tuple[str, str]
"""Class and code of a defect."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece that has a name: whether it was called good, its defects, what was measured.

    ``defects`` gives how often each is there, ``uncounted`` those by which their class is not
    judged; ``measured`` the sequence by characteristic.
    """

    is_good: bool
    defects: Mapping[DefectKey, int]
    measured: Mapping[str, int]
    uncounted: Mapping[DefectKey, int]

    @property
    def is_defective(self) -> bool:
        """Whether it has a defect of any class."""
        return bool(self.defects or self.uncounted)

    @property
    def is_inspected(self) -> bool:
        """Whether it is known to be good or defective."""
        return self.is_good or self.is_defective

    @property
    def worst(self) -> str | None:
        """The worst class of the defects that count."""
        return worst_class([name for name, _ in self.defects])


@dataclass(frozen=True, slots=True)
class ClassCount:
    """What a class is judged by: defective pieces or nonconformities, and pieces inspected.

    ``is_settled`` says that it is sure to be accepted, ``missing`` how many values it waits for.
    """

    counted: int
    inspected: int
    missing: int
    is_settled: bool


@dataclass(slots=True)
class _Class:
    plan: ClassPlan
    reach: int
    missing: int
    counted: int = 0
    inspected: int = 0
    settled_at: int | None = None

    def settle(self, at: int, *, at_hand: int | None) -> None:
        """Accept it once it is certain; of critical pieces nothing ever is.

        More may be found on the piece at hand, of that place: it counts as not inspected.
        """
        left = self.reach - self.inspected + (at_hand is not None and at_hand <= self.reach)
        is_open = self.settled_at is None and self.plan.name != CRITICAL
        if is_open and not self.missing and self.plan.is_safe(self.counted, remaining=left):
            self.settled_at = at


@dataclass(slots=True)
class _Piece:
    place: int
    is_good: bool = False
    inspected_at: int | None = None
    defects: dict[DefectKey, int] = field(default_factory=dict)
    uncounted: dict[DefectKey, int] = field(default_factory=dict)
    measured: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Unnamed:
    """Good pieces that nobody has named: the place of the first, how many, and since when."""

    place: int
    pieces: int
    at: int


class Count:
    """Counts while the fold runs; only the fold sees it."""

    def __init__(self, plan: TallyPlan) -> None:
        """Nothing is counted yet."""
        self.plan = plan
        self.held: list[int] = []
        self.values: dict[str, list[Measured]] = {}
        self._known = {one.number: one for one in plan.characteristics}
        self._classes = {one.name: _open(one, plan) for one in plan.classes}
        self._pieces: dict[str, _Piece] = {}
        self._groups: list[_Unnamed] = []
        self._places = self._inspected = 0
        self.unnamed = 0

    @property
    def pieces(self) -> dict[str, Piece]:
        """The pieces that have a name, as they are now."""
        return {
            name: Piece(one.is_good, one.defects, one.measured, one.uncounted)
            for name, one in self._pieces.items()
        }

    @property
    def classes(self) -> dict[str, ClassCount]:
        """What each class is judged by, as it is now."""
        return {
            name: ClassCount(one.counted, one.inspected, one.missing, one.settled_at is not None)
            for name, one in self._classes.items()
        }

    def add_all(self, numbered: Iterable[Numbered]) -> None:
        """Count readings, in the order of their sequences."""
        for at, reading in numbered:
            self.add(at, reading)

    def add(self, at: int, reading: Reading) -> None:
        """Count one that is not withdrawn."""
        match reading:
            case Measured():
                self._measure(at, reading, self._known[reading.characteristic])
            case Defect():
                key = (reading.class_name, reading.code)
                piece = self._piece(reading.piece)
                self._find(at, piece, key, times=reading.nonconformities, is_wanted=False)
            case Good(piece=None):
                self._pass(at, reading.pieces)
            case Good():
                piece = self._piece(str(reading.piece))
                piece.is_good = True
                self._inspect(at, piece)
            case Withdrawn():
                return
        for one in self._classes.values():
            one.settle(at, at_hand=self._at_hand(reading))

    def _at_hand(self, reading: Reading) -> int | None:
        """The place of a defective piece that was just read; the last of all is not waited for."""
        if not isinstance(reading, Defect | Measured) or self._inspected >= self.plan.sample:
            return None
        piece = self._pieces.get(reading.piece)
        has_defects = piece is not None and bool(piece.defects or piece.uncounted)
        return piece.place if piece is not None and has_defects else None

    def _measure(self, at: int, reading: Measured, one: Characteristic) -> None:
        value = Decimal(reading.value)
        if not (one.is_plausible(value) or reading.is_confirmed):
            self.held.append(at)
            return
        piece = self._piece(reading.piece)
        piece.measured[one.number] = at
        values = self.values.setdefault(one.number, [])
        is_wanted = len(values) < one.pieces
        values.append(reading)
        if one.limits.excludes(value):
            self._find(at, piece, (one.defect_class, one.code), times=1, is_wanted=is_wanted)
        if is_wanted and one.defect_class in self._classes:
            self._classes[one.defect_class].missing -= 1

    def _find(self, at: int, piece: _Piece, key: DefectKey, *, times: int, is_wanted: bool) -> None:
        name, _ = key
        of_class = self._classes.get(name)
        if not _counts(of_class, piece, is_wanted=is_wanted):
            piece.uncounted[key] = piece.uncounted.get(key, 0) + times
        else:
            before = worst_class([found for found, _ in piece.defects])
            piece.defects[key] = piece.defects.get(key, 0) + times
            self._count(before, worst_class([found for found, _ in piece.defects]))
            if of_class is not None and of_class.plan.counts_nonconformities:
                of_class.counted += times
        self._inspect(at, piece)

    def _count(self, before: str | None, after: str | None) -> None:
        """Move a piece from the class that it counted in to a worse one."""
        for name, step in ((before, -1), (after, 1)):
            one = self._classes.get(name) if name is not None else None
            if one is not None and not one.plan.counts_nonconformities:
                one.counted += step

    def _inspect(self, at: int, piece: _Piece) -> None:
        if piece.inspected_at is not None:
            return
        piece.inspected_at = at
        self._inspected += 1
        for one in self._classes.values():
            one.inspected += piece.place <= one.reach

    def _pass(self, at: int, pieces: int) -> None:
        first = self._places + 1
        self._groups.append(_Unnamed(first, pieces, at))
        self._places += pieces
        self._inspected += pieces
        self.unnamed += pieces
        for one in self._classes.values():
            one.inspected += max(min(one.reach, self._places) - first + 1, 0)

    def _piece(self, name: str) -> _Piece:
        """The piece of a name; where the sample has no room for one more, one of the unnamed.

        Of those it is the first: a class with the smallest sample is judged by it too.
        """
        if name in self._pieces:
            return self._pieces[name]
        if self.unnamed and self._places >= self.plan.sample:
            group = self._groups[0]
            made = _Piece(group.place, is_good=True, inspected_at=group.at)
            group.place, group.pieces = group.place + 1, group.pieces - 1
            self.unnamed -= 1
            if not group.pieces:
                self._groups.pop(0)
        else:
            self._places += 1
            made = _Piece(self._places)
        self._pieces[name] = made
        return made


def _open(one: ClassPlan, plan: TallyPlan) -> _Class:
    wanted = [item.pieces for item in plan.characteristics if item.defect_class == one.name]
    return _Class(one, plan.sample if one.name == CRITICAL else one.sample, sum(wanted))


def _counts(of_class: _Class | None, piece: _Piece, *, is_wanted: bool) -> bool:
    """Whether a class is judged by a defect of it on this piece.

    A value that was wanted belongs to the sample of its characteristic, wherever its piece is.
    """
    if of_class is None or of_class.plan.name == CRITICAL:
        return True
    settled, inspected = of_class.settled_at, piece.inspected_at
    if settled is not None and inspected is not None and inspected <= settled:
        return False
    return is_wanted or piece.place <= of_class.reach
