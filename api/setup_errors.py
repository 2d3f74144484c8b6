"""The errors of setting up and opening a data folder.

::

    SetupError
    +-- FolderMissing    no log where one was expected
    +-- FolderInUse      a log is there already; nothing is overwritten
    +-- FolderDamaged    a file of the folder is not what it should be
    +-- KeyMismatch      the opened key is not the log key that the charter names
    +-- MalformedBase    the public address is not one that requests can be signed for
"""

from __future__ import annotations

from typing import ClassVar


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


class KeyMismatch(SetupError):
    """The key is not one of the charter's log keys."""

    code = "log-key-mismatch"


class MalformedBase(SetupError):
    """The public base URL is not of the form that signed requests need."""

    code = "malformed-base-url"
