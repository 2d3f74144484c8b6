"""A small log made by ``aics-tlog`` itself, to try the auditor on: run by ``.venv-aics``.

``make_log.py FOLDER SIZE`` writes checkpoint, tiles and bundles, and prints the verifier key.
"""

from __future__ import annotations

import sys
from pathlib import Path

from aics_tlog import (
    Checkpoint,
    MerkleTree,
    TileWriter,
    format_vkey,
    sign_checkpoint,
    vkey_from_ed25519,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ORIGIN = "log.example/tiles"


def main(folder: Path, size: int) -> int:
    """Write the log."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    leaves = [f"leaf {index}\n".encode() for index in range(size)]
    TileWriter(leaves).write_to(folder)
    note = sign_checkpoint(Checkpoint(ORIGIN, size, MerkleTree(leaves).root()), key, ORIGIN)
    (folder / "checkpoint").write_bytes(note.to_bytes())
    sys.stdout.write(format_vkey(vkey_from_ed25519(ORIGIN, key.public_key())))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
