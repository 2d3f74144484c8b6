"""Targets of what the trade reads: codebooks, and the keys and units of a table."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Final

from keys.encoding import encode_base64url
from quality.builtin_codebooks import builtin_codebooks
from quality.builtin_parameters import builtin_sampling
from quality.business_keys import BUSINESS_KEYS, business_key_faults
from quality.codebooks import judge_codebook, parse_codebook
from quality.errors import MalformedCodebook, MalformedSamplingParameters, UnknownUnit
from quality.in_force.skipping import HASH_BYTES, read_hash
from quality.sampling.parameters import judge_sampling_parameters, parse_sampling_parameters
from quality.units import convert, find_unit, recognise_unit
from tests.fuzz.choices import Choices, change_place
from tests.fuzz.target import Target, text_of

_SMALL: Final[dict[str, Any]] = {
    "codebook": "defects",
    "version": "1",
    "codes": [
        {"code": "SUR", "en": "Surface", "zh": "表面"},
        {"code": "SUR-SCRATCH", "parent": "SUR", "en": "Scratch", "zh": "划伤"},
        {"code": "OLD", "en": "Old", "zh": "旧", "retired": True},
    ],
}
_NAME_CHANGED: Final = "acfb210bd6c8fb4e3cd910b4a24a2ad9bb30b2fb253c649d"
_TEXT: Final = json.dumps(_SMALL, ensure_ascii=False)


def _parse_codebook(data: bytes) -> None:
    text = text_of(data)
    codebook = parse_codebook(text)
    assert codebook.entries
    for code, entry in codebook.entries.items():
        assert entry.parent not in {None, code} or not codebook.ancestors(code)
        assert (codebook.code_fault(code, pointer="/x") is None) != entry.is_retired
    # What may follow a book keeps it; a book never follows itself under its own version.
    assert judge_codebook(f"codebook-{codebook.name}", text, before=text) is not None


def _change_codebook(data: bytes) -> None:
    chance, document = Choices(data), json.loads(_TEXT)
    for _ in range(1 + chance.randrange(3)):
        change_place(chance, document)
    text = json.dumps(document)
    refusal = judge_codebook("codebook-defects", text, before=_TEXT)
    parsed = parse_codebook(text)
    if refusal is None:
        assert parsed.entries.keys() >= {"SUR", "SUR-SCRATCH", "OLD"}


def _read_hash(data: bytes) -> None:
    found = read_hash(text_of(data))
    assert found is None or encode_base64url(found) == text_of(data)
    assert found is None or len(found) == HASH_BYTES


def _parse_sampling(data: bytes) -> None:
    text = text_of(data)
    found = parse_sampling_parameters(text)
    assert set(found.classes) == {"critical", "major", "minor"}
    assert judge_sampling_parameters("sampling", text, before=None) is None
    assert judge_sampling_parameters("sampling", text, before=text) is not None


def _find_near(data: bytes) -> None:
    book = parse_codebook(builtin_codebooks()[0].text)
    assert len(book.near(text_of(data))) <= 3


def _judge_key(data: bytes) -> None:
    for kind in BUSINESS_KEYS:
        business_key_faults(kind, text_of(data), pointer="/key")


def _recognise_unit(data: bytes) -> None:
    unit = find_unit(recognise_unit(text_of(data)))
    assert convert(Decimal("1.5"), unit.code, target=unit.code) == Decimal("1.5")


TARGETS: Final = (
    Target(
        "codebook",
        _parse_codebook,
        (MalformedCodebook,),
        (parse_codebook,),
        lambda: [_TEXT.encode(), b"{}"],
        words=('"code"', '"parent"', '"en"', '"zh"', '"retired"', '"codebook"', '"version"'),
    ),
    Target(
        "codebook-changes",
        _change_codebook,
        (MalformedCodebook,),
        (judge_codebook,),
        # The first changes a name only, so that what follows is a codebook.
        lambda: [bytes.fromhex(_NAME_CHANGED), *(bytes([n]) * 24 for n in range(0, 256, 37))],
        bytes_max=96,
    ),
    Target(
        "sampling-parameters",
        _parse_sampling,
        (MalformedSamplingParameters,),
        (parse_sampling_parameters,),
        lambda: [builtin_sampling().text.encode(), b"{}"],
        words=('"classes"', '"skip_lot"', '"reduced"', '"aql"', '"level"', '"0.65"'),
    ),
    Target(
        "skip-hash",
        _read_hash,
        (),
        (read_hash,),
        lambda: [b"A" * 43, b"B" * 43, b""],
        bytes_max=96,
        runs=100_000,
    ),
    Target(
        "near-codes",
        _find_near,
        (),
        (),
        lambda: [b"SUR-SCARTCH", b"scratch", b""],
        bytes_max=96,
        runs=100_000,
    ),
    Target(
        "business-key",
        _judge_key,
        (),
        (business_key_faults,),
        lambda: [b"9506000134352", b"9144030071526726XG", b"106141412345678908"],
        bytes_max=48,
    ),
    Target(
        "unit-spelling",
        _recognise_unit,
        (UnknownUnit,),
        (recognise_unit,),
        lambda: [b"mm", "µm".encode(), b"Newton Metre", b"H87"],
        bytes_max=48,
        runs=100_000,
    ),
)
