"""Simulated logs: the evaluation consortium's records written down, or signed and loaded.

For try-outs and benchmarks. Keys are made from the seed, so anybody can make them again: nothing
that such a log says is anybody's word. Start at :mod:`api.simulation.loading`.
"""
