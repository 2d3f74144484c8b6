"""Derived data: tables of their own, filled by readers of the log, thrown away and made again.

Nothing here is asked at admission. Start at :mod:`api.derived.worker`.
"""
