"""Cases of views as one file that every implementation reads: ``docs/spec/vectors/views.json``.

A case is an anchor, a view and what must come of them: a code, or a result. Texts that stand
in many cases (an entry's JWS, a disclosure, an anchor) are written once and named, so that the
file stays small. Write it anew with ``python -m tests.ledger.view_cases``.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

VECTORS: Final = Path(__file__).resolve().parents[2] / "docs" / "spec" / "vectors" / "views.json"
FORMAT: Final = "lotmark.vectors.views/v1"

# What views have in common: whole entries of the table; JWSs and disclosures.
_ENTRY: Final = re.compile(r'\{"head":"[^"]*","jws":"[^"]*","path":\[[^]]*\]\}')
_LONG: Final = re.compile(r"[A-Za-z0-9_.-]{150,}")


@dataclass(frozen=True, slots=True)
class Repeat:
    """A text many times over, for documents beyond a bound."""

    text: str
    times: int


Piece = str | bytes | Repeat
Pieces = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class ViewCase:
    """Anchor and view in pieces, the row of docs/spec/view.md that decides, and the outcome.

    ``expected`` is a code, or the result as a mapping.
    """

    name: str
    rule: str
    anchor: Pieces
    view: Pieces
    expected: str | Mapping[str, Any]


def bytes_of(pieces: Pieces) -> bytes:
    """The document that the pieces make up."""
    return b"".join(_piece_bytes(piece) for piece in pieces)


def encode_vectors(cases: Sequence[ViewCase]) -> str:
    """The text of the vector file: a line for each shared text and each case."""
    names = _shared(piece for case in cases for piece in (*case.anchor, *case.view))
    lines = [
        f'  "{name}": {_dump(_named_parts(text, (_LONG,), _without(names, text)))}'
        for text, name in names.items()
    ]
    rows = [f"  {_dump(_encode_case(case, names))}" for case in cases]
    texts, whole = ",\n".join(lines), ",\n".join(rows)
    return (
        f'{{\n "format": "{FORMAT}",\n "texts": {{\n{texts}\n }},\n "cases": [\n{whole}\n ]\n}}\n'
    )


def decode_vectors(text: str) -> list[ViewCase]:
    """The cases of a vector file: the same bytes, perhaps in other pieces."""
    document = json.loads(text)
    assert document["format"] == FORMAT
    texts: dict[str, str] = {}
    for name, pieces in document["texts"].items():
        texts[name] = bytes_of(_decode_pieces(pieces, texts)).decode()
    return [
        ViewCase(
            case["name"],
            case["rule"],
            _decode_pieces(case["anchor"], texts),
            _decode_pieces(case["view"], texts),
            case["code"] if "code" in case else case["result"],
        )
        for case in document["cases"]
    ]


def _piece_bytes(piece: Piece) -> bytes:
    if isinstance(piece, Repeat):
        return piece.text.encode() * piece.times
    return piece if isinstance(piece, bytes) else piece.encode()


def _shared(pieces: Iterable[Piece]) -> dict[str, str]:
    """Text -> name, for every text and every part of one that stands in several places."""
    found: Counter[str] = Counter()
    for piece in pieces:
        if isinstance(piece, str):
            parts = [piece, *_ENTRY.findall(piece), *_LONG.findall(piece)]
            found.update(dict.fromkeys(parts).keys())
    several = [text for text, count in found.items() if count > 1 and len(text) >= 150]
    # Short ones first: a longer text may then be written with the names of those before it.
    return {text: f"t{number}" for number, text in enumerate(sorted(several, key=len))}


def _without(names: Mapping[str, str], text: str) -> dict[str, str]:
    return {other: name for other, name in names.items() if other != text}


def _encode_case(case: ViewCase, names: Mapping[str, str]) -> dict[str, Any]:
    outcome = "code" if isinstance(case.expected, str) else "result"
    return {
        "name": case.name,
        "rule": case.rule,
        "anchor": _encode_pieces(case.anchor, names),
        "view": _encode_pieces(case.view, names),
        outcome: case.expected,
    }


def _encode_pieces(pieces: Pieces, names: Mapping[str, str]) -> list[Any]:
    encoded: list[Any] = []
    for piece in pieces:
        match piece:
            case Repeat(text, times):
                encoded.append({"repeat": text, "times": times})
            case bytes():
                encoded.append({"hex": piece.hex()})
            case str():
                encoded.extend(_encode_text(piece, names))
    return encoded


def _encode_text(text: str, names: Mapping[str, str]) -> list[Any]:
    if text in names:
        return [{"text": names[text]}]
    return _named_parts(text, (_ENTRY, _LONG), names)


def _named_parts(
    text: str, forms: Sequence[re.Pattern[str]], names: Mapping[str, str]
) -> list[Any]:
    """The text with every part of these forms that has a name replaced by it."""
    if not text or not forms:
        return [text] if text else []
    parts: list[Any] = []
    position = 0
    for part in forms[0].finditer(text):
        if part[0] in names:
            parts += _named_parts(text[position : part.start()], forms[1:], names)
            parts.append({"text": names[part[0]]})
            position = part.end()
    return parts + _named_parts(text[position:], forms[1:], names)


def _decode_pieces(encoded: Sequence[Any], texts: Mapping[str, str]) -> Pieces:
    return tuple(_decode_piece(piece, texts) for piece in encoded)


def _decode_piece(encoded: Any, texts: Mapping[str, str]) -> Piece:
    match encoded:
        case {"text": name}:
            return texts[name]
        case {"hex": digits}:
            return bytes.fromhex(digits)
        case {"repeat": text, "times": times}:
            return Repeat(text, times)
        case _:
            return str(encoded)


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
