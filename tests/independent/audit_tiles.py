"""Audit a log's tiles with ``aics-tlog``: run by the Python of ``.venv-aics``, never by ours.

``audit_tiles.py VERIFIER_KEY PREFIX`` reads the checkpoint under a URL prefix or folder, checks
its signature, proves every tile and entry bundle against its root, and prints what it saw as
JSON. It imports nothing of this project, and leaves with 1 and the reason where it is not content.
"""

from __future__ import annotations

import json
import sys

from aics_tlog import HttpTileReader, audit_tiles, parse_note, parse_vkey, verify_checkpoint
from aics_tlog.remote import tile_source_url


def audit(verifier_key: str, prefix: str) -> dict[str, int | str]:
    """Check everything below the prefix; no proxy comes between."""
    reader = HttpTileReader([tile_source_url(prefix)], proxies={})
    checkpoint = verify_checkpoint(parse_note(reader.read_checkpoint()), parse_vkey(verifier_key))
    if not checkpoint.ok:
        raise ValueError(f"checkpoint: {checkpoint.error}")
    seen = audit_tiles(reader, checkpoint.size, checkpoint.root)
    return {
        "origin": checkpoint.origin,
        "size": seen.size,
        "root": checkpoint.root.hex(),
        "tiles": seen.tiles,
        "bundles": seen.bundles,
    }


def main(arguments: list[str]) -> int:
    """Print the report, or the reason for there being none."""
    try:
        report = audit(arguments[0], arguments[1])
    except (OSError, ValueError) as fault:
        sys.stderr.write(f"{type(fault).__name__}: {fault}\n")
        return 1
    sys.stdout.write(json.dumps(report) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
