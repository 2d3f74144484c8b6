"""The anomaly model: warns of process parameters early, keeps its false-alarm rate, says why.

:mod:`~scoring.anomaly.training` makes a :class:`~scoring.anomaly.model.Model` of a table;
:mod:`~scoring.anomaly.graph` writes it as an ONNX graph, :mod:`~scoring.anomaly.serving` scores
by that graph alone. What the figures mean and where they come from is said in
``docs/spec/anomaly.md``.
"""
