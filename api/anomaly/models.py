"""Models that are ready to score, opened from their bytes and remembered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from api.observability import log
from scoring.anomaly.model import Model
from scoring.anomaly.outline import Outline, outline_of
from scoring.anomaly.replay import ReplayableDetector
from scoring.errors import ScoringError

#: Sessions that are kept open; each has its weights in memory.
OPEN_MAX: Final = 32


@dataclass(frozen=True, slots=True)
class OpenModel:
    """A model that may watch a line, and what serves it."""

    model: Model
    detector: ReplayableDetector


@dataclass(frozen=True, slots=True)
class OpenDetector:
    """A model of any kind and what serves it; ``watches`` is None of a challenger."""

    told: Outline
    detector: ReplayableDetector
    watches: OpenModel | None


class Models:
    """Opens models by their digest. Belongs to one thread: sessions do."""

    def __init__(self, onnx: Callable[[str], bytes | None]) -> None:
        """Ask ``onnx`` for the bytes of a digest in hex."""
        self._onnx = onnx
        self._open: OrderedDict[str, OpenDetector] = OrderedDict()

    def open(self, digest: str) -> OpenModel | None:
        """The model that may watch; None of a challenger, which scores in shadow alone."""
        found = self.open_any(digest)
        return None if found is None else found.watches

    def open_any(self, digest: str) -> OpenDetector | None:
        """The model or challenger; None where its bytes are not held, or are of no version here."""
        found = self._open.get(digest)
        if found is None:
            content = self._onnx(digest)
            found = None if content is None else _opened(content)
            if found is None:
                return None
            self._open[digest] = found
            if len(self._open) > OPEN_MAX:
                self._open.popitem(last=False)
        self._open.move_to_end(digest)
        return found


def _opened(content: bytes) -> OpenDetector | None:
    from scoring.anomaly.detectors import open_detector
    from scoring.anomaly.serving import OnnxDetector

    try:
        detector = open_detector(content)
    except ScoringError as fault:
        log.error("anomaly.model_unusable", code=fault.code, detail=str(fault))
        return None
    watches = OpenModel(detector.model, detector) if isinstance(detector, OnnxDetector) else None
    return OpenDetector(outline_of(detector.model), detector, watches)
