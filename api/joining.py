"""Making the data folder of one more replica from that of another.

Replicas of a log share its database and have a folder each: the log's key, the search secret
and the anchor are the same, the high-water mark is each one's own. It begins with the mark of
the folder it is made from, which every later head must extend.
"""

from __future__ import annotations

from dataclasses import dataclass

from api.data_folder import (
    DataFolder,
    read_anchor_text,
    read_config,
    read_search_secret,
    write_config,
    write_new,
)
from api.founding import marked
from api.setup_errors import FolderDamaged
from ledger.durable_files import sync_directory
from ledger.high_water import HighWaterFile


@dataclass(frozen=True, slots=True)
class Joined:
    """A new replica: the log it serves, and the size from which it goes on."""

    origin: str
    size: int


def join_replica(source: DataFolder, folder: DataFolder) -> Joined:
    """Make ``folder`` that of another replica of the log in ``source``, which may be serving.

    Args:
        source: a replica's data folder, or a copy of one; no database is read.
        folder: absent or empty.

    Raises:
        FolderInUse, FolderNotEmpty, FoundingInterrupted: something stands in ``folder``.
        FolderMissing, FolderDamaged, HighWaterDamaged: ``source`` is not a replica's folder.
    """
    config = read_config(source)
    mark = HighWaterFile(source.high_water).read()
    if mark is None:
        raise FolderDamaged(f"{source.high_water}: expected the mark of the last signed head")
    secret, anchor = read_search_secret(source), read_anchor_text(source)
    with marked(folder):
        if source.log_key.exists():
            # Sealed under the log's passphrase, as it is there.
            write_new(folder.log_key, source.log_key.read_bytes(), mode=0o600)
        if source.service_key.exists():
            write_new(folder.service_key, source.service_key.read_bytes(), mode=0o600)
        write_new(folder.search_secret, secret, mode=0o600)
        write_new(folder.anchor, anchor.encode(), mode=0o644)
        kept = HighWaterFile(folder.high_water)
        kept.write(mark)
        kept.close()
        sync_directory(folder.root)
        # From here on the folder holds a log.
        write_config(folder, config)
    return Joined(config.origin, mark.size)
