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
