"""The errors of setting up and opening the folders of a log and of a party.

::

    SetupError
    +-- FolderMissing    no log where one was expected
    +-- FolderInUse      a log is there already; nothing is overwritten
    +-- FolderNotEmpty   something else is where a log is to be made
    +-- FoundingInterrupted  making a log did not end; no log came of it
    +-- FoundingRefused  the new log would not admit what makes it one
    +-- SimulationExists     another simulation is in the folder
    +-- SimulationRefused    the log does not admit a simulated record
    +-- FolderDamaged    a file of the folder is not what it should be
    +-- KeyMismatch      the opened key is not the log key that the charter names
    +-- MalformedBase    the public address is not one that requests can be signed for
    +-- PartyMissing     no party's keys where they were expected
    +-- PartyExists      a party is there already; keys are never overwritten
    +-- PartyDamaged     a file of a party's folder is not what it should be
    +-- MalformedStatement   not the statement of a founder
    +-- CharterUnexpected    the charter that was read is not one to endorse
    +-- ProposalUnexpected   the proposal that was read is not the one to be signed
    +-- KeyChangeDamaged     what is kept of a change of keys does not belong to the party
    +-- BackupExists     there is something where a backup is to be made
    +-- UploadMissing    an upload that the log cites is not there, or not as it was
    +-- RestoreRefused   the restored log does not pass its audit, or is another one
    +-- OldInstanceServes    the log that is to be restored is served somewhere
    +-- AnchorMissing    no trust anchor is at hand
    +-- WitnessMissing   no witness where one was expected
    +-- WitnessExists    something is there already; nothing is overwritten
    +-- WitnessDamaged   a file of a witness's folder is not what it should be
"""

from __future__ import annotations

from typing import ClassVar, Final

#: What is most often wrong where a folder is not there, so it is asked first.
WRONG_FOLDER: Final = "are you in the folder that holds parties/ and data/?"


class SetupError(Exception):
    """Root of the family."""

    code: ClassVar[str] = "setup-error"


class FolderMissing(SetupError):
    """There is no log in the folder."""

    code = "no-log-here"


class FolderInUse(SetupError):
    """The folder holds a log already."""

    code = "log-exists"


class FolderDamaged(SetupError):
    """A file of the folder is missing or not of its form."""

    code = "data-folder-damaged"


class SimulationExists(SetupError):
    """The folder holds another simulation, or something else."""

    code = "simulation-exists"


class SimulationRefused(SetupError):
    """The log refuses a record that was simulated for it."""

    code = "simulation-refused"


class KeyMismatch(SetupError):
    """The key is not one of the charter's log keys."""

    code = "log-key-mismatch"


class MalformedBase(SetupError):
    """The public base URL is not of the form that signed requests need."""

    code = "malformed-base-url"


class FolderNotEmpty(SetupError):
    """There is something in the folder, and it is no log."""

    code = "folder-not-empty"


class FoundingInterrupted(SetupError):
    """A founding in this folder did not end."""

    code = "founding-interrupted"


class FoundingRefused(SetupError):
    """The new log does not admit its own first records."""

    code = "founding-refused"


class PartyMissing(SetupError):
    """There is no party's folder, or none that can be told from others."""

    code = "no-party-here"


class PartyExists(SetupError):
    """The folder holds a party's keys already."""

    code = "party-exists"


class PartyDamaged(SetupError):
    """A file of a party's folder is missing or not of its form."""

    code = "party-folder-damaged"


class MalformedStatement(SetupError):
    """Not the statement that a founder hands over."""

    code = "malformed-statement"


class CharterUnexpected(SetupError):
    """The charter that was read does not say what its endorser expects."""

    code = "charter-unexpected"


class ProposalUnexpected(SetupError):
    """What was read is no proposal, another one, or names other keys than the party's."""

    code = "proposal-unexpected"


class KeyChangeDamaged(SetupError):
    """A change of keys was begun, and what is left of it cannot be gone on with."""

    code = "key-change-damaged"


class AnchorMissing(SetupError):
    """A trust anchor is needed, and none was given."""

    code = "no-anchor-here"


class WitnessMissing(SetupError):
    """There is no witness in the folder."""

    code = "no-witness-here"


class WitnessExists(SetupError):
    """The folder is not empty."""

    code = "witness-exists"


class WitnessDamaged(SetupError):
    """A file of the witness's folder is not of its form."""

    code = "witness-folder-damaged"


class BackupExists(SetupError):
    """There is something where a backup is to be made."""

    code = "backup-exists"


class UploadMissing(SetupError):
    """A record of the log cites an upload that is not in the folder of uploads as it was."""

    code = "upload-missing"


class RestoreRefused(SetupError):
    """A backup whose log does not pass its audit, or is another one than expected."""

    code = "restore-refused"


class OldInstanceServes(SetupError):
    """The log that is to be restored with the right to sign is served somewhere."""

    code = "old-instance-serves"
