"""Tiles: how a tree is cut into files that never change (C2SP tlog-tiles).

A hash tile holds up to 256 consecutive hashes of one tree height that is a multiple of 8;
an entry bundle holds the entries under one tile of level 0. This module knows their
coordinates, their paths below the log's prefix, which of them a size implies, and the
layout of a bundle. Every tile has exactly one path: any other spelling is refused.

Not checked here: whether the hashes of a tile are those of the log.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger.errors import MalformedTile, MalformedTilePath
from ledger.limits import BUNDLE_ENTRY_BYTES_MAX, TREE_SIZE_MAX
from ledger.tree import HASH_BYTES, TreeSize

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
TILE_BYTES: Final = TILE_WIDTH * HASH_BYTES
TILE_LEVEL_MAX: Final = 63
TILE_NUMBER_MAX: Final = TREE_SIZE_MAX >> TILE_HEIGHT

_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)"
    r"/(?P<number>(?:x[0-9]{3}/){0,6}[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class HashTile:
    """Coordinates of a hash tile; ``width`` below 256 is a partial tile.

    Slot i is the perfect subtree at height ``8 * level`` and position ``256 * number + i``.
    """

    level: int
    number: int
    width: int = TILE_WIDTH


@dataclass(frozen=True, slots=True)
class EntryBundle:
    """Coordinates of an entry bundle: the entries ``256 * number`` and on, ``width`` of them."""

    number: int
    width: int = TILE_WIDTH


@dataclass(frozen=True, slots=True)
class LevelShape:
    """What one tile level of a tree holds: full tiles, then one partial of this width (or 0)."""

    full: int
    partial: int


def parse_tile_path(path: str) -> HashTile | EntryBundle:
    """Read a path below the log's prefix, as ``tile/0/x001/067.p/8`` (C2SP tlog-tiles).

    Raises:
        MalformedTilePath: any text that :func:`encode_tile_path` does not produce.
    """
    match = _PATH.fullmatch(path)
    if match is None:
        raise MalformedTilePath(f"expected tile/<level>/<number>[.p/<width>], found {path[:80]!r}")
    number = int(match["number"].replace("x", "").replace("/", ""))
    width = int(match["width"] or TILE_WIDTH)
    tile = (
        EntryBundle(number, width)
        if match["level"] == "entries"
        else HashTile(int(match["level"]), number, width)
    )
    is_bounded = (
        number <= TILE_NUMBER_MAX and _level(tile) <= TILE_LEVEL_MAX and width <= TILE_WIDTH
    )
    # The way back catches .p/256 and needless leading groups such as x000/001.
    if not is_bounded or encode_tile_path(tile) != path:
        raise MalformedTilePath(f"expected the one path of a tile, found {path[:80]!r}")
    return tile


def encode_tile_path(tile: HashTile | EntryBundle) -> str:
    """The path of a tile below the log's prefix (C2SP tlog-tiles)."""
    level = "entries" if isinstance(tile, EntryBundle) else str(tile.level)
    digits = str(tile.number)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[start : start + 3] for start in range(0, len(digits), 3)]
    number = "/".join([*("x" + group for group in groups[:-1]), groups[-1]])
    partial = "" if tile.width == TILE_WIDTH else f".p/{tile.width}"
    return f"tile/{level}/{number}{partial}"


def level_shape(level: int, size: TreeSize) -> LevelShape:
    """The tiles of one level in a tree of ``size`` leaves."""
    hashes = size >> TILE_HEIGHT * level
    return LevelShape(full=hashes >> TILE_HEIGHT, partial=hashes % TILE_WIDTH)


def level_count(size: TreeSize) -> int:
    """How many tile levels a tree of ``size`` leaves has."""
    return -(-size.bit_length() // TILE_HEIGHT)


def tile_width(level: int, number: int, size: TreeSize) -> int:
    """How many hashes tile ``number`` of a level has in a tree of ``size`` leaves: 0 to 256."""
    hashes = size >> TILE_HEIGHT * level
    return max(0, min(TILE_WIDTH, hashes - number * TILE_WIDTH))


def is_implied(tile: HashTile | EntryBundle, size: TreeSize) -> bool:
    """Whether a tree of ``size`` leaves has all hashes or entries of the tile."""
    return tile.width <= tile_width(_level(tile), tile.number, size)


def tiles_added(
    old_size: TreeSize, new_size: TreeSize, *, height: int = TILE_HEIGHT
) -> list[HashTile]:
    """The hash tiles to publish when a tree has grown: new full ones and the last partials.

    Args:
        old_size: the size whose tiles are published already.
        new_size: the size to publish.
        height: the tile height; C2SP has 8, older logs others.
    """
    tiles: list[HashTile] = []
    for level in range(-(-new_size.bit_length() // height)):
        old, new = old_size >> height * level, new_size >> height * level
        if old < new:
            full = range(old >> height, new >> height)
            tiles += [HashTile(level, number, 1 << height) for number in full]
            if new % (1 << height):
                tiles.append(HashTile(level, new >> height, new % (1 << height)))
    return tiles


def split_tile(data: bytes, width: int) -> list[bytes]:
    """Cut the bytes of a tile into its hashes.

    Raises:
        MalformedTile: not ``width`` hashes of 32 bytes, or a width outside 1 to 256.
    """
    if not 1 <= width <= TILE_WIDTH or len(data) != width * HASH_BYTES:
        raise MalformedTile(f"expected {width} hashes of 32 bytes, found {len(data)} bytes")
    return [data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)]


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Lay out entries as a bundle: for each, its length in two bytes, then its bytes.

    Raises:
        MalformedTile: not 1 to 256 entries, or one of more than 65,535 bytes.
    """
    if not 1 <= len(entries) <= TILE_WIDTH:
        raise MalformedTile(f"expected 1 to {TILE_WIDTH} entries, found {len(entries)}")
    longest = max(len(entry) for entry in entries)
    if longest > BUNDLE_ENTRY_BYTES_MAX:
        raise MalformedTile(f"expected at most {BUNDLE_ENTRY_BYTES_MAX} bytes, found {longest}")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def parse_bundle(data: bytes, *, width: int) -> tuple[bytes, ...]:
    """Cut a bundle into exactly ``width`` entries.

    Raises:
        MalformedTile: truncated, bytes left over, or another number of entries.
    """
    entries: list[bytes] = []
    position = 0
    while position < len(data):
        start = position + 2
        stop = start + int.from_bytes(data[position:start], "big")
        if stop > len(data) or start > len(data):
            raise MalformedTile(f"expected {stop} bytes of bundle, found {len(data)}")
        entries.append(data[start:stop])
        position = stop
    if len(entries) != width:
        raise MalformedTile(f"expected {width} entries, found {len(entries)}")
    return tuple(entries)


def _level(tile: HashTile | EntryBundle) -> int:
    return 0 if isinstance(tile, EntryBundle) else tile.level
