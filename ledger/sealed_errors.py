"""The errors of sealed groups (docs/spec/sealed.md).

::

    EnvelopeRefused
    +-- MalformedEnvelope    another form, or out of bounds
    +-- WrongRecipient       not sealed to this key
    +-- WrongContext         made for another log, record, group or owner, or changed
    +-- SealedOtherContent   what is inside is not what the record committed to
"""

from __future__ import annotations

from ledger.errors import LedgerError


class EnvelopeRefused(LedgerError):
    """A sealed group that is refused, or does not open."""

    code = "envelope-refused"


class MalformedEnvelope(EnvelopeRefused):
    """Not an envelope, or one out of bounds."""

    code = "malformed-envelope"


class WrongRecipient(EnvelopeRefused):
    """The envelope is not sealed to this key."""

    code = "wrong-recipient"


class WrongContext(EnvelopeRefused):
    """The envelope was made for another log, record, group or owner, or was changed."""

    code = "wrong-context"


class SealedOtherContent(EnvelopeRefused):
    """What is inside is not what the record committed to."""

    code = "sealed-other-content"
