"""The errors of witnessing, each with a stable ``code``; the text may change.

::

    LedgerError
    +-- MalformedAddCheckpoint   not a request of the form tlog-witness gives
    +-- OriginNotWitnessed       a log that this witness does not know
    +-- CheckpointNotSigned      no configured key of the log vouches for it
    +-- OldSizeTooLarge          an old size beyond the checkpoint's own
    +-- SizeConflict             another size was cosigned last; it carries that size
    +-- ExtensionRefused         the checkpoint does not extend what was cosigned
    |   +-- EmptyRootWrong, ProofUnexpected, RootsDiffer, ExtensionNotProven
    +-- WitnessBusy              more than the witness takes from one log, or at once
    +-- WitnessStateLost         a witness without its memory must not go on
    +-- WitnessSilent            a witness gave no answer
    +-- WitnessesMissing         too few witnesses answered before the first signature
    +-- MalformedForkEvidence    no evidence file
    +-- ForkNotShown             an evidence file that does not show what it claims
    +-- NotCosigned              no cosigned checkpoint covers it yet
"""

from __future__ import annotations

from ledger.errors import LedgerError
from ledger.tree import TreeSize


class MalformedAddCheckpoint(LedgerError):
    """A body that is no add-checkpoint request, or one with extension lines."""

    code = "malformed-add-checkpoint"


class OriginNotWitnessed(LedgerError):
    """A checkpoint of a log that this witness is not configured for."""

    code = "origin-not-witnessed"


class CheckpointNotSigned(LedgerError):
    """No line by a configured key of the log, or one that does not verify."""

    code = "checkpoint-not-signed"


class OldSizeTooLarge(LedgerError):
    """The old size is larger than that of the checkpoint."""

    code = "old-size-too-large"


class SizeConflict(LedgerError):
    """The old size is not the one that was cosigned last."""

    code = "size-conflict"

    def __init__(self, message: str, *, size: TreeSize) -> None:
        """Carry the size that was cosigned last, 0 for none."""
        super().__init__(message)
        self.size = size


class ExtensionRefused(LedgerError):
    """The checkpoint was not shown to extend the one cosigned last."""

    code = "extension-refused"


class EmptyRootWrong(ExtensionRefused):
    """A tree of size 0 with another root than that of nothing."""

    code = "empty-root-wrong"


class ProofUnexpected(ExtensionRefused):
    """A proof where the old size is 0 and there is nothing to prove."""

    code = "proof-unexpected"


class RootsDiffer(ExtensionRefused):
    """The size that was cosigned last, with another root: the log has two histories."""

    code = "roots-differ"


class ExtensionNotProven(ExtensionRefused):
    """The consistency proof does not lead from the root cosigned last to the new one."""

    code = "extension-not-proven"


class WitnessBusy(LedgerError):
    """More requests than the witness takes, of one log or together."""

    code = "witness-busy"


class WitnessStateLost(LedgerError):
    """The memory of what was cosigned is missing, or is that of another witness."""

    code = "witness-state-lost"


class WitnessSilent(LedgerError):
    """A witness could not be reached, was too slow, or said too much."""

    code = "witness-silent"


class WitnessesMissing(LedgerError):
    """Fewer witnesses answered than the log must ask before it signs."""

    code = "witnesses-missing"


class MalformedForkEvidence(LedgerError):
    """A file that is no fork evidence."""

    code = "malformed-fork-evidence"


class ForkNotShown(LedgerError):
    """Two checkpoints that may belong to one history, as far as the file shows."""

    code = "fork-not-shown"


class NotCosigned(LedgerError):
    """No checkpoint that covers the entry has the cosignatures of the trust policy yet."""

    code = "not-cosigned"
