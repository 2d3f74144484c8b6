"""The errors of :mod:`scoring`, each with a stable ``code``; the text may change.

::

    ScoringError
    +-- MalformedTable         rows that are no table of parameters, or beyond a bound
    +-- TooFewRows             fewer rows than a model, a limit or a comparison needs
    +-- ParametersDiffer       columns that are not those of the model
    +-- UnitsDiffer            a parameter in another unit than the model's, by a factor
    +-- MalformedModel         not a model, or not one that this version serves
    +-- MalformedState         not the state of this model's stream
    +-- MalformedDecision      not the bytes of a decision
    +-- ReplayDiffers          a stored decision that its model and inputs do not lead to
"""

from __future__ import annotations

from typing import ClassVar


class ScoringError(Exception):
    """Root of the family."""

    code: ClassVar[str] = "scoring-error"


class MalformedTable(ScoringError):
    """Not a table of parameters: text, infinite values, repeated names, or beyond a bound."""

    code = "malformed-table"


class TooFewRows(ScoringError):
    """Fewer rows than the question needs."""

    code = "too-few-rows"


class ParametersDiffer(ScoringError):
    """The columns are not those that the model was trained on."""

    code = "parameters-differ"


class UnitsDiffer(ScoringError):
    """A parameter came in another unit than the one that the model was trained on."""

    code = "units-differ"


class MalformedModel(ScoringError):
    """Not a model of this format, or one whose digest is another."""

    code = "malformed-model"


class MalformedState(ScoringError):
    """Not a state of this model's stream."""

    code = "malformed-state"


class MalformedDecision(ScoringError):
    """Not the bytes of a decision that was kept for replay."""

    code = "malformed-decision-path"


class ReplayDiffers(ScoringError):
    """Model and inputs lead to another decision than the one that was stored."""

    code = "replay-differs"
