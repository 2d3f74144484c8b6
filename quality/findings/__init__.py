"""Findings: what in measured values and times looks made up, worded as a suspicion, with places.

A finding says "suspected" and never more: falsified evidence is stated by a laboratory, an auditor
or the quorum, not by a computation. Nothing heavy is imported here; SciPy's functions load where a
probability is asked for. Start at :func:`quality.findings.search.find`.
"""
