"""A log made by ``aics-tlog`` asks a witness through ``aics-witness``: run by ``.venv-aics``.

``submit_checkpoints.py URL WITNESS_VKEY SIZE...`` submits a checkpoint of each size in turn and
prints, as JSON, the cosigned note of the last. Its origin and key are those of ``make_log.py``.
"""

from __future__ import annotations

import json
import sys

from aics_tlog import Checkpoint, MerkleTree, sign_checkpoint
from aics_witness import WitnessClient, merge_cosignatures
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ORIGIN = "log.example/tiles"


def main(url: str, vkey: str, sizes: list[int]) -> int:
    """Submit, and print what came of it."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    tree = MerkleTree([f"leaf {index}\n".encode() for index in range(max(sizes))])
    merged = b""
    with WitnessClient(url, vkey) as client:
        for size in sizes:
            checkpoint = Checkpoint(ORIGIN, size, tree.root(size))
            note = sign_checkpoint(checkpoint, key, ORIGIN).to_bytes()
            merged = merge_cosignatures(note, client.submit(note, tree.consistency_proof))
    sys.stdout.write(json.dumps({"note": bytes(merged).decode()}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], [int(size) for size in sys.argv[3:]]))
