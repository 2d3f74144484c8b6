"""The errors of :mod:`ledger`, each with a stable ``code``; the text may change.

::

    LedgerError
    +-- MalformedJson, MalformedText, MalformedDecimal   refused by docs/spec/json.md
    +-- SdJwtError                                       see ledger.sdjwt_errors
    +-- StoreUnavailable, HeadMoved, OutcomeUnknown ...  see ledger.store_errors
    +-- BlobError                                        see ledger.blob_errors
    +-- MalformedType, MalformedDocument, MalformedCharter   governance content
    |                                                    of policies see ledger.policy_errors
    +-- LogRolledBack, LogKeyRetired, HighWaterDamaged, ClockSuspect, LogClosed, TooBusy, NotInLog
    |                                                    the log cannot go on, or not so far
    +-- MalformedAnchor, ViewTooLarge, MalformedView, WrongIndex, ChainBroken,
    |   CharterMismatch, KeyPathBroken, KeyNotRegistered, TypeMismatch    docs/spec/view.md
    +-- MalformedRecord, RecordTooLarge, MalformedHeader, AlgorithmNotAllowed,
    |   MalformedClaims, WrongAudience, ForeignKey, MalformedEntry
    |                                                    a record or entry of the wrong form
    +-- DisclosureRefused
    |   +-- DisclosureMalformed, DisclosureNotOfThisRecord, DisclosureDuplicate, DisclosureUnused
    +-- EnvelopeRefused                                  see ledger.sealed_errors
    +-- OutOfRange               an index or size that the tree does not have
    +-- MalformedFrontier        stored right-edge hashes that do not fit their size
    +-- MalformedTilePath        no path of a tile or entry bundle
    +-- MalformedTile            tile or bundle bytes that do not fit their coordinates
    +-- ProofRefused             a Merkle proof that does not prove its claim
    |   +-- NotIncluded          the path does not lead from the leaf to the root
    |   +-- NotConsistent        the newer tree does not extend the older one
    +-- MalformedProof           no tlog-proof text
    +-- MalformedVerifierKey     no vkey text, or a key no verifier may be configured with
    +-- MalformedTrustPolicy     no tlog-policy text
    +-- MalformedNote            no signed note, or one whose text is no checkpoint
    +-- NoteRefused              a well-formed note that the verifier's keys do not vouch for
        +-- NoKnownSignature     no line by a known key
        +-- BadNoteSignature     a line by a known key does not verify
        |   +-- BadLogSignature  ... and the key is a log's
        |   +-- BadCosignature   ... and the key is a witness's
        +-- LogSignatureMissing  no line by a log key of the trust policy
        +-- WrongOrigin          signed, but for another log
        +-- QuorumNotMet         too few witnesses cosigned
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


class RecordTooLarge(LedgerError):
    """A JWS that does not fit into an entry, or into one of this charter."""

    code = "record-too-large"


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


class SaltReused(DisclosureRefused):
    """Two disclosures of a record share a salt: who sees one could guess at the other."""

    code = "salt-reused"


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


class LogKeyRetired(LedgerError):
    """The key of this process is not, or would not be, among the log keys in force."""

    code = "log-key-retired"


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


# ---- Tree, tiles, notes and proofs (docs/spec/tree.md) ----


class OutOfRange(LedgerError):
    """An index or a size that the tree does not have."""

    code = "out-of-range"


class MalformedFrontier(LedgerError):
    """Stored right-edge hashes that do not fit the size they are said to belong to."""

    code = "malformed-frontier"


class MalformedTilePath(LedgerError):
    """Text that is not the one path of a tile or entry bundle."""

    code = "malformed-tile-path"


class MalformedTile(LedgerError):
    """Tile or entry bundle bytes that do not fit their coordinates."""

    code = "malformed-tile"


class ProofRefused(LedgerError):
    """A Merkle proof that does not prove its claim."""

    code = "proof-refused"


class NotIncluded(ProofRefused):
    """The path does not lead from the leaf at this index to the root of this size."""

    code = "not-included"


class NotConsistent(ProofRefused):
    """The proof does not show that the newer tree extends the older one."""

    code = "not-consistent"


class MalformedProof(LedgerError):
    """Text that is no C2SP tlog-proof."""

    code = "malformed-proof"


class MalformedVerifierKey(LedgerError):
    """Text that is no vkey, or a key that no verifier may be configured with."""

    code = "malformed-verifier-key"


class MalformedTrustPolicy(LedgerError):
    """Text that is no C2SP tlog-policy, or one beyond the bounds."""

    code = "malformed-trust-policy"


class MalformedNote(LedgerError):
    """Bytes that are no C2SP signed note, or a note text that is no checkpoint."""

    code = "malformed-note"


class NoteRefused(LedgerError):
    """A well-formed note that the verifier's own keys do not vouch for."""

    code = "note-refused"


class NoKnownSignature(NoteRefused):
    """No line of the note is by a known key."""

    code = "no-known-signature"


class BadNoteSignature(NoteRefused):
    """A line by a known key does not verify, so the whole note is refused."""

    code = "bad-note-signature"


class BadLogSignature(BadNoteSignature):
    """A line by a known log key does not verify."""

    code = "bad-log-signature"


class BadCosignature(BadNoteSignature):
    """A line by a known witness does not verify as a cosignature."""

    code = "bad-cosignature"


class LogSignatureMissing(NoteRefused):
    """No line of the note is by a log key of the trust policy."""

    code = "log-signature-missing"


class WrongOrigin(NoteRefused):
    """The checkpoint is one of another log."""

    code = "wrong-origin"


class QuorumNotMet(NoteRefused):
    """Fewer witnesses cosigned than the trust policy demands."""

    code = "quorum-not-met"
