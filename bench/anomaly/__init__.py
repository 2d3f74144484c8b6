"""The anomaly model measured: ``python -m bench.anomaly`` prints the figures of its targets.

Start at :mod:`~bench.anomaly.__main__`. Files become :class:`~bench.anomaly.runs.Runs`, whatever
their form; :mod:`~bench.anomaly.line` is the product as it is used, :mod:`~bench.anomaly.peers`
what it is compared with.
"""
