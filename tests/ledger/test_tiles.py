"""Tile paths, shapes and entry bundles (C2SP tlog-tiles)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import tiles
from ledger.errors import MalformedTile, MalformedTilePath
from ledger.tiles import EntryBundle, HashTile, LevelShape
from ledger.tree import TreeSize
from tests.vectors import vectors_dir

pytestmark = [pytest.mark.item("2.4"), pytest.mark.item("2.5")]


@pytest.fixture(scope="module")
def examples() -> Any:
    return json.loads((vectors_dir() / "tlog/c2sp-spec/examples.json").read_text())


def test_published_tile_path_is_reproduced(examples: Any) -> None:
    for number, expected in examples["tile_index_path"].items():
        assert tiles.encode_tile_path(HashTile(0, int(number))) == f"tile/0/{expected}"


def test_published_tree_shapes_are_reproduced(examples: Any) -> None:
    for vector in examples["tree_shape"]:
        size = TreeSize(vector["size"])
        found = {level: tiles.level_shape(level, size) for level in range(tiles.level_count(size))}
        assert found == {
            int(level): LevelShape(**shape) for level, shape in vector["tiles"].items()
        }


def test_published_tile_counts_of_a_growing_tree_are_reproduced() -> None:
    vectors = json.loads((vectors_dir() / "tlog/go-x-mod-sumdb/tlog.json").read_text())
    for old, new, count in vectors["new_tiles_count_height10"]:
        assert len(tiles.tiles_added(TreeSize(old), TreeSize(new), height=10)) == count


PATHS: dict[str, HashTile | EntryBundle] = {
    "tile/0/000": HashTile(0, 0),
    "tile/0/255": HashTile(0, 255),
    "tile/0/x001/000": HashTile(0, 1000),
    "tile/0/x001/x234/067": HashTile(0, 1234067),
    "tile/0/000.p/1": HashTile(0, 0, 1),
    "tile/1/x001/067.p/255": HashTile(1, 1067, 255),
    "tile/63/000": HashTile(63, 0),
    "tile/entries/000": EntryBundle(0),
    "tile/entries/x001/067.p/8": EntryBundle(1067, 8),
    f"tile/0/{'x036/x028/x797/x018/x963/967'}": HashTile(0, 2**55 - 1),
}


@pytest.mark.parametrize("path", PATHS)
def test_path_is_read_and_written(path: str) -> None:
    assert tiles.parse_tile_path(path) == PATHS[path]
    assert tiles.encode_tile_path(PATHS[path]) == path


REFUSED_PATHS = [
    "",
    "tile",
    "tile/0",
    "tile/0/",
    "tile//000",
    "/tile/0/000",
    "tile/0/000/",
    "tile/0/x001",  # last group missing
    "tile/0/x001/",
    "tile/0/x001/x067",  # x on the last group
    "tile/0/001/067",  # no x before the last group
    "tile/0/1/067",
    "tile/0/x01/067",
    "tile/0/x0001/067",
    "tile/0/x001/67",
    "tile/0/0000",
    "tile/0/00",
    "tile/0/0",
    "tile/0/x000/001",  # needless leading group
    "tile/0/X001/067",
    "tile/0/+00",
    "tile/0/-01",
    "tile/0/ 01",
    "tile/0/0x1",
    "tile/00/000",
    "tile/01/000",
    "tile/-1/000",
    "tile/+1/000",
    "tile/64/000",
    "tile/100/000",
    "tile/data/000",
    "tile/Entries/000",
    "tile/8/0/000",  # the older layout with a height
    "tile/0/000.p",
    "tile/0/000.p/",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/0/000.p/999",
    "tile/0/000.p/1000",
    "tile/0/000.p/01",
    "tile/0/000.p/-1",
    "tile/0/000.p/+1",
    "tile/0/000.p/1/2",
    "tile/0/000.P/1",
    "tile/0/000p/1",
    "tile/0/000.p/1\n",
    "tile/0/000\n",
    "tile/0/00\u0661",  # a digit, but not an ASCII one
    "tile/\u0661/000",
    "tile/0/../000",
    "tile/0/000?x",
    "tile/0/x036/x028/x797/x018/x963/968",  # beyond any tree
    "tile/0/x999/x999/x999/x999/x999/x999/999",
    "tile/0/x001/x999/x999/x999/x999/x999/x999/999",
    "tile/entries",
    "tile/entries/000.p/256",
]


@pytest.mark.parametrize("path", REFUSED_PATHS)
def test_any_other_spelling_of_a_path_is_refused(path: str) -> None:
    with pytest.raises(MalformedTilePath) as refused:
        tiles.parse_tile_path(path)
    assert refused.value.code == "malformed-tile-path"


@given(
    level=st.integers(0, 63),
    number=st.integers(0, tiles.TILE_NUMBER_MAX),
    width=st.integers(1, 256),
)
def test_every_tile_has_one_path(level: int, number: int, width: int) -> None:
    for tile in (HashTile(level, number, width), EntryBundle(number, width)):
        assert tiles.parse_tile_path(tiles.encode_tile_path(tile)) == tile


@given(st.text("tile/0123456789xp.entris", max_size=24).map(lambda tail: "tile/" + tail))
def test_a_path_that_is_read_is_written_back_alike(path: str) -> None:
    try:
        tile = tiles.parse_tile_path(path)
    except MalformedTilePath:
        return
    assert tiles.encode_tile_path(tile) == path


SHAPES = {
    0: [],
    1: [LevelShape(0, 1)],
    255: [LevelShape(0, 255)],
    256: [LevelShape(1, 0), LevelShape(0, 1)],
    300: [LevelShape(1, 44), LevelShape(0, 1)],
    65_536: [LevelShape(256, 0), LevelShape(1, 0), LevelShape(0, 1)],
    70_000: [LevelShape(273, 112), LevelShape(1, 17), LevelShape(0, 1)],
}


@pytest.mark.parametrize("size", SHAPES)
def test_shape_of_a_size(size: int) -> None:
    tree_size = TreeSize(size)
    levels = range(tiles.level_count(tree_size))
    assert [tiles.level_shape(level, tree_size) for level in levels] == SHAPES[size]


@pytest.mark.parametrize(
    ("level", "number", "size", "width"),
    [
        (0, 0, 300, 256),
        (0, 1, 300, 44),
        (0, 2, 300, 0),
        (1, 0, 300, 1),
        (1, 1, 300, 0),
        (2, 0, 300, 0),
    ],
)
def test_width_of_a_tile(level: int, number: int, size: int, width: int) -> None:
    assert tiles.tile_width(level, number, TreeSize(size)) == width


@pytest.mark.parametrize(
    "path",
    ["tile/0/000", "tile/0/000.p/9", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/001.p/44"],
)
def test_tile_of_a_published_size_is_implied(path: str) -> None:
    assert tiles.is_implied(tiles.parse_tile_path(path), TreeSize(300))


@pytest.mark.parametrize(
    "path",
    ["tile/0/001", "tile/0/001.p/45", "tile/1/000.p/2", "tile/2/000.p/1", "tile/entries/002.p/1"],
)
def test_tile_beyond_the_size_is_not_implied(path: str) -> None:
    assert not tiles.is_implied(tiles.parse_tile_path(path), TreeSize(300))


def test_growth_names_new_full_tiles_and_the_last_partials() -> None:
    assert tiles.tiles_added(TreeSize(250), TreeSize(600)) == [
        HashTile(0, 0),
        HashTile(0, 1),
        HashTile(0, 2, 88),
        HashTile(1, 0, 2),
    ]


def test_no_growth_names_no_tile() -> None:
    assert tiles.tiles_added(TreeSize(300), TreeSize(300)) == []


ENTRIES = (b"", b"a", b"b" * 65_535)


def test_bundle_is_read_and_written() -> None:
    data = tiles.encode_bundle(ENTRIES)
    assert data[:5] == b"\x00\x00\x00\x01a"
    assert tiles.parse_bundle(data, width=3) == ENTRIES


BUNDLE = tiles.encode_bundle([b"abc", b"de"])
REFUSED_BUNDLES = {
    "an entry too few": (BUNDLE, 3),
    "an entry too many": (BUNDLE, 1),
    "empty": (b"", 1),
    "last byte missing": (BUNDLE[:-1], 2),
    "a byte left over": (BUNDLE + b"\x00", 2),
    "length beyond the end": (b"\x00\x04abc" + BUNDLE[5:], 2),
}


@pytest.mark.parametrize("name", REFUSED_BUNDLES)
def test_bundle_that_does_not_hold_its_width_is_refused(name: str) -> None:
    data, width = REFUSED_BUNDLES[name]
    with pytest.raises(MalformedTile) as refused:
        tiles.parse_bundle(data, width=width)
    assert refused.value.code == "malformed-tile"


@pytest.mark.parametrize("entries", [[], [b"x"] * 257, [b"x" * 65_536]])
def test_bundle_that_has_no_layout_is_not_written(entries: list[bytes]) -> None:
    with pytest.raises(MalformedTile):
        tiles.encode_bundle(entries)


@pytest.mark.parametrize(("length", "width"), [(63, 2), (65, 2), (96, 2), (0, 0), (8224, 257)])
def test_tile_bytes_of_another_length_are_refused(length: int, width: int) -> None:
    assert len(tiles.split_tile(b"\x00" * 64, 2)) == 2
    with pytest.raises(MalformedTile):
        tiles.split_tile(b"\x00" * length, width)
