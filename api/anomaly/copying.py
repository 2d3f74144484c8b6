"""Models in a backup, and back: they follow from training, and from nothing that is held for ever.

A row is JSON of what is known of a model in one line, LF, and its ONNX bytes. Tables that follow
from the log are not copied, nor are trainings: those are asked for again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, Final

from api.anomaly.keeping import KeptModel, ModelStore
from ledger.backup_rows import BackupDamaged
from ledger.errors import MalformedJson
from ledger.strict_json import encode_json, parse_json_object

_FACTS_BYTES_MAX: Final = 256 * 1024
#: An ONNX file that is served has at most 32 MiB (docs/spec/anomaly-graph.md).
ROW_BYTES_MAX: Final = _FACTS_BYTES_MAX + 32 * 1024 * 1024
_TEXTS: Final = ("digest", "owner", "line")
_MEMBERS: Final = {*_TEXTS, "made_ms", "facts"}


def copy_models(models: ModelStore) -> Iterator[tuple[int, bytes]]:
    """Every model that is of its digest, numbered from 0.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    held = (model for model in models.models() if _is_of_its_digest(model))
    for number, model in enumerate(held):
        told = {name: getattr(model, name) for name in sorted(_MEMBERS)}
        yield number, encode_json(told, numbers="any") + b"\n" + model.onnx


def put_back_models(models: ModelStore, rows: Iterable[tuple[int, bytes]]) -> int:
    """Keep the models of a backup beside those that are there; gives how many.

    Raises:
        BackupDamaged: a row is no model, or its bytes are not of its digest.
        StoreUnavailable: the database does not answer.
    """
    count = 0
    for _, content in rows:
        models.keep(_read(content))
        count += 1
    return count


def _read(content: bytes) -> KeptModel:
    told, _, onnx = content.partition(b"\n")
    try:
        members: dict[str, Any] = parse_json_object(told, bytes_max=_FACTS_BYTES_MAX, numbers="any")
    except MalformedJson as fault:
        raise BackupDamaged(f"expected a model: {fault}") from fault
    texts = all(isinstance(members.get(name), str) for name in _TEXTS)
    is_whole = texts and type(members.get("made_ms")) is int
    if members.keys() != _MEMBERS or not is_whole or not isinstance(members["facts"], dict):
        raise BackupDamaged(
            f"expected {', '.join(sorted(_MEMBERS))} of a model, found {len(members)} members"
        )
    model = KeptModel(onnx=onnx, **members)
    if not _is_of_its_digest(model):
        raise BackupDamaged(f"expected a model of SHA-256 {model.digest}, found other bytes")
    return model


def _is_of_its_digest(model: KeptModel) -> bool:
    return hashlib.sha256(model.onnx).hexdigest() == model.digest
