"""The errors of :mod:`quality`, each with a stable ``code``; the text may change.

::

    QualityError
    +-- MalformedBusinessKey   no GLN, GTIN, SSCC, DUNS or USCC
    +-- MalformedCodebook      a document that is no codebook, or none that may follow another
    +-- MalformedSamplingParameters   a document ``sampling`` that is none
    +-- MeasurementFileRefused no measurement file of its format, or one beyond a bound
    +-- MalformedReading       no reading of a tally, or none of its plan
    +-- MalformedTally         nothing that a tally can be opened for
    +-- ReadingContradicts     a reading that does not fit those before it
    +-- TallyUndecided         a report is asked for while the lot is undecided
    +-- UnknownUnit            no unit of the conversion table
    +-- UnitMismatch           units of two quantities, or of one that nothing converts
    +-- NoSamplingPlan         a lot, level, AQL or severity that the sampling tables do not have
    +-- StatisticsError        values or a question that a statistic is not defined for
        +-- ValuesNotFinite    not a number, infinite, or too large to be squared
        +-- TooFewValues       fewer than the statistic needs
        +-- NoVariation        all equal, so that nothing can be divided by their spread
        +-- MalformedChart     subgroups, counts or parameters that make no chart
        +-- MalformedLimits    limits that no value lies between, or none where one is needed
"""

from __future__ import annotations

from typing import ClassVar


class QualityError(Exception):
    """Root of the family."""

    code: ClassVar[str] = "quality-error"


class MalformedBusinessKey(QualityError):
    """Not the key it is said to be: characters, length or check digit."""

    code = "malformed-business-key"


class MalformedCodebook(QualityError):
    """Not a codebook, or not one that may take the place of the one in force."""

    code = "malformed-codebook"


class MalformedSamplingParameters(QualityError):
    """Not the parameters of sampling."""

    code = "malformed-sampling-parameters"


class MeasurementFileRefused(QualityError):
    """A file that is not of the format it is read as, or is beyond a bound of its reader."""

    code = "measurement-file-refused"


class MalformedReading(QualityError):
    """Not a reading of a tally, or about what its plan does not have."""

    code = "malformed-reading"


class TimeOutOfRange(MalformedReading):
    """A reading that states a time at which it cannot have been measured."""

    code = "time-out-of-range"


class MalformedTally(QualityError):
    """Not what a tally can be opened for."""

    code = "malformed-tally"


class ReadingContradicts(QualityError):
    """A reading that does not fit those before it."""

    code = "reading-contradicts"


class TallyUndecided(QualityError):
    """A report is asked for while the lot may still be accepted or not."""

    code = "tally-undecided"


class UnknownUnit(QualityError):
    """A unit that the conversion table does not have."""

    code = "unknown-unit"


class UnitMismatch(QualityError):
    """Two units between which nothing converts."""

    code = "unit-mismatch"


class NoSamplingPlan(QualityError):
    """A lot, level, AQL or severity for which the sampling tables have no plan."""

    code = "no-sampling-plan"


class StatisticsError(QualityError):
    """A statistic is not defined for what was given."""

    code = "statistics-error"


class ValuesNotFinite(StatisticsError):
    """A value is no number, infinite, or too large to be squared."""

    code = "values-not-finite"


class TooFewValues(StatisticsError):
    """Fewer values than the statistic needs."""

    code = "too-few-values"


class NoVariation(StatisticsError):
    """Values that do not differ, where something is divided by their spread."""

    code = "no-variation"


class MalformedChart(StatisticsError):
    """Subgroups, counts or parameters that make no chart."""

    code = "malformed-chart"


class MalformedLimits(StatisticsError):
    """Limits that no value lies between, or none at all where one is needed."""

    code = "malformed-limits"
