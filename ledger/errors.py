"""The errors of :mod:`ledger`, each with a stable ``code``; the text may change.

::

    LedgerError
    +-- MalformedJson, MalformedText, MalformedDecimal   refused by docs/spec/json.md
    +-- SdJwtError                                       see ledger.sdjwt_errors
    +-- MalformedRecord, MalformedHeader, AlgorithmNotAllowed, MalformedClaims,
    |   WrongAudience, ForeignKey, MalformedEntry        a record or entry of the wrong form
    +-- DisclosureRefused
    |   +-- DisclosureMalformed, DisclosureNotOfThisRecord, DisclosureDuplicate, DisclosureUnused
"""

from __future__ import annotations

from typing import ClassVar


class LedgerError(Exception):
    """Root of the family."""

    code: ClassVar[str] = "ledger-error"


# ---- JSON and text ----


class MalformedJson(LedgerError):
    """Bytes that strict JSON refuses: syntax, encoding, duplicate name, number, depth or size."""

    code = "malformed-json"


class MalformedText(LedgerError):
    """A text with a control or bidirectional control character, not in NFC, or too long."""

    code = "malformed-text"


class MalformedDecimal(LedgerError):
    """A text that is not an exact decimal in its one accepted form."""

    code = "malformed-decimal"


# ---- Records and entries ----


class MalformedRecord(LedgerError):
    """Not an SD-JWT of Lotmark's form."""

    code = "malformed-record"


class MalformedHeader(LedgerError):
    """The JOSE header is not exactly alg, kid, typ with acceptable values."""

    code = "malformed-header"


class AlgorithmNotAllowed(LedgerError):
    """The header names another algorithm than EdDSA."""

    code = "algorithm-not-allowed"


class MalformedClaims(LedgerError):
    """The clear claims are not the closed set, or one has the wrong form."""

    code = "malformed-claims"


class WrongAudience(LedgerError):
    """The record is addressed to another log."""

    code = "wrong-audience"


class ForeignKey(LedgerError):
    """The kid is another party's, or the issuer is no party of this origin."""

    code = "foreign-key"


class MalformedEntry(LedgerError):
    """Not an entry of six lines."""

    code = "malformed-entry"


class DisclosureRefused(LedgerError):
    """A disclosure that is not one of this record."""

    code = "disclosure-refused"


class DisclosureMalformed(DisclosureRefused):
    """Not base64url of [salt, group, value]."""

    code = "disclosure-malformed"


class DisclosureNotOfThisRecord(DisclosureRefused):
    """The salt carries another record's tag."""

    code = "disclosure-not-of-this-record"


class DisclosureDuplicate(DisclosureRefused):
    """The same digest or the same group stands twice."""

    code = "disclosure-duplicate"


class DisclosureUnused(DisclosureRefused):
    """The record does not commit to this disclosure."""

    code = "disclosure-unused"


# ---- Governance ----


class MalformedType(LedgerError):
    """A record type definition that is not one, or whose schema is unbounded or remote."""

    code = "malformed-type"


class MalformedDocument(LedgerError):
    """A governance document without its parts, of another digest or of the wrong form."""

    code = "malformed-document"


class MalformedCharter(LedgerError):
    """A charter that does not have the form, or that its founders could not keep."""

    code = "malformed-charter"


# ---- The log ----


class LogRolledBack(LedgerError):
    """The stored log is behind, or not an extension of, what was already signed."""

    code = "log-rolled-back"


class HighWaterDamaged(LedgerError):
    """The high-water file is there and cannot be read."""

    code = "high-water-damaged"


class ClockSuspect(LedgerError):
    """The clock stands more than a minute behind the last entry; nothing is written."""

    code = "clock-suspect"


class LogClosed(LedgerError):
    """The log has stopped; nothing more is admitted."""

    code = "log-closed"


class TooBusy(LedgerError):
    """More records wait than the log lets wait."""

    code = "too-busy"


class NotInLog(LedgerError):
    """An index, tile or checkpoint that the log does not have."""

    code = "not-in-log"


# ---- Views ----


class MalformedAnchor(LedgerError):
    """A trust anchor file of another form, or with a key that is no valid point."""

    code = "malformed-anchor"


class ViewTooLarge(LedgerError):
    """A view of more bytes than a verifier reads."""

    code = "too-large"


class MalformedView(LedgerError):
    """A JSON document that is no view."""

    code = "malformed-view"


class WrongIndex(LedgerError):
    """An index that is not below the checkpoint's size, or not above the entry before."""

    code = "wrong-index"


class ChainBroken(LedgerError):
    """An entry that does not name the leaf of the one before it."""

    code = "chain-broken"


class CharterMismatch(LedgerError):
    """The key path does not begin at the anchor's charter."""

    code = "charter-mismatch"


class KeyPathBroken(LedgerError):
    """An entry of the key path is no link from the charter to the record's key."""

    code = "key-path-broken"


class KeyNotRegistered(LedgerError):
    """The key path does not put the record's key in force."""

    code = "key-not-registered"


class TypeMismatch(LedgerError):
    """The type's definition is missing or another, or the manifest does not fit it."""

    code = "type-mismatch"
