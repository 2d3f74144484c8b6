"""Files that are whole after a crash: replaced at once, moved at once, and on disk on return.

A rename is atomic, but it survives a power cut only once the directory has been synced too;
both are done here. POSIX file systems are assumed. What is written beside a file before it
replaces the file ends in ``.new``; a leftover of that name means nothing and may be removed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

NEW: Final = ".new"


def replace_file(path: Path, content: bytes) -> None:
    """Give a file this content, or leave the one it had.

    Raises:
        OSError: the old content, or none, is still there.
    """
    beside = path.with_name(path.name + NEW)
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_directory(path.parent)


def move_file(path: Path, target: Path) -> None:
    """Move a file within one file system; repeating a move that failed finishes it.

    Raises:
        OSError: it may have moved already, or not.
    """
    if path.exists() or not target.exists():
        path.replace(target)
    sync_directory(target.parent)
    sync_directory(path.parent)


def write_at(path: Path, offset: int, *, content: bytes) -> None:
    """Put bytes at an offset, drop whatever was behind them, and sync.

    Raises:
        OSError: any part of the bytes may be there.
    """
    is_new = not path.exists()
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        file.seek(offset)
        file.write(content)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())
    if is_new:
        sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable.

    Raises:
        OSError: the directory cannot be opened or synced.
    """
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
