"""The errors of access receipts.

::

    LedgerError
    +-- AccessNotKept        receipts of a read cannot be kept, so it is not answered
    +-- MalformedAccess      a row that is not the one text of an access
    +-- MalformedEvidence    a request kept as evidence that is not the text of one
    +-- MalformedAlertRule   a rule for alerts outside its form
    +-- TooManyAlertRules    a party has as many rules as it may

Each class carries a stable ``code``; the text may change, the code may not.
"""

from __future__ import annotations

from ledger.errors import LedgerError


class AccessNotKept(LedgerError):
    """The receipts of a read cannot be kept; nothing of it was shown."""

    code = "access-not-kept"


class MalformedAccess(LedgerError):
    """A row that is not the one text of an access."""

    code = "malformed-access"


class MalformedEvidence(LedgerError):
    """What was kept of a request is not the one text of a signed request."""

    code = "malformed-evidence"


class MalformedAlertRule(LedgerError):
    """A rule that says when to alert and does not have the form."""

    code = "malformed-alert-rule"


class TooManyAlertRules(LedgerError):
    """A party has as many rules as it may have."""

    code = "too-many-alert-rules"
