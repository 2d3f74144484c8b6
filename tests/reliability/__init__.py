"""Reliability: the real service, killed and starved of its disk, and what it must still keep.

``python -m tests.reliability.rounds`` runs the long series whose figures stand in
``docs/reliability.md``; the tests here run a few rounds of the same code.
"""
