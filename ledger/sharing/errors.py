"""The errors of signed decisions, each with a stable ``code``; the text may change.

::

    LedgerError
    +-- MalformedDecision     no signed decision
    +-- MalformedRefusal      no signed refusal
    +-- DecisionMismatch      a decision that is not about the record that it stands beside
    +-- RefusalMismatch       a refusal that is not of the submission that it stands beside
    +-- ErasedMismatch        a group that is said to be erased, and shown or erased by no entry
    +-- NoteRefused > BadNoteSignature
        +-- BadDecisionSignature     a line by a known log key does not verify, or none is there
        +-- BadRefusalSignature
"""

from __future__ import annotations

from ledger.errors import BadNoteSignature, LedgerError


class MalformedDecision(LedgerError):
    """A text that is no signed decision (docs/spec/sharing.md)."""

    code = "malformed-decision"


class MalformedRefusal(LedgerError):
    """A text that is no signed refusal (docs/spec/sharing.md)."""

    code = "malformed-refusal"


class DecisionMismatch(LedgerError):
    """A decision on another record, or one that withholds what is shown beside it."""

    code = "decision-mismatch"


class RefusalMismatch(LedgerError):
    """A refusal of another submission, or one with another code than was told beside it."""

    code = "refusal-mismatch"


class ErasedMismatch(LedgerError):
    """A group that is said to be erased is shown, or no entry of the log can have ordered it."""

    code = "erased-mismatch"


class BadDecisionSignature(BadNoteSignature):
    """No log key of the trust policy vouches for the decision."""

    code = "bad-decision-signature"


class BadRefusalSignature(BadNoteSignature):
    """No log key of the trust policy vouches for the refusal."""

    code = "bad-refusal-signature"
