"""The errors of an audit that cannot go on from what it remembers.

::

    LedgerError
    +-- AuditStateDamaged    what is remembered is not what an audit wrote
    +-- AuditStateForeign    it was remembered of another log, or of another kind of source
    +-- AuditStateInUse      another audit writes to it
    +-- LogNotExtended       the log is not an extension of the one that was audited
"""

from __future__ import annotations

from ledger.errors import LedgerError


class AuditStateDamaged(LedgerError):
    """What is remembered of an audit was changed, or does not belong to the audited log."""

    code = "audit-state-damaged"


class AuditStateForeign(LedgerError):
    """What is remembered is of another log, another charter or another kind of source."""

    code = "audit-state-foreign"


class AuditStateInUse(LedgerError):
    """Another audit keeps what it remembers in the same file."""

    code = "audit-state-in-use"


class LogNotExtended(LedgerError):
    """The log shows another history than the one that was audited before."""

    code = "log-not-extended"
