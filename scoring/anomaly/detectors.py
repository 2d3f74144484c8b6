"""Whatever a file holds, behind the one interface: the model or a challenger."""

from __future__ import annotations

from scoring.anomaly.challenger_model import METADATA_KEY as CHALLENGER_KEY
from scoring.anomaly.challenger_serving import ChallengerDetector
from scoring.anomaly.onnx_file import parse_onnx
from scoring.anomaly.serving import OnnxDetector


def open_detector(onnx: bytes) -> OnnxDetector | ChallengerDetector:
    """What serves a file.

    Raises:
        MalformedModel: neither a model nor a challenger, or not one that onnxruntime takes.
    """
    if CHALLENGER_KEY in parse_onnx(onnx).metadata:
        return ChallengerDetector(onnx)
    return OnnxDetector(onnx)
