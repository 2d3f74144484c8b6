"""Measurement files into one stream of events: Q-DAS DFQ, QIF, and tables of readings.

Pure: bytes go in by pieces, :mod:`quality.readers.model` comes out, and memory does not grow with
the number of readings. Start at :mod:`quality.readers.model`; :mod:`quality.readers.dfq` and
:mod:`quality.readers.qif` each read one format.
"""
