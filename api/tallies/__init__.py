"""Tallies as the service keeps them: durable, bounded, each of one party alone.

:mod:`api.tallies.book` keeps, :mod:`api.tallies.opening` makes a plan of what a party says,
:mod:`api.tally_door` answers (docs/spec/tally.md).
"""
