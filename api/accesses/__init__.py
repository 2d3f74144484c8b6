"""Receipts of accesses: who read what of whose records (docs/spec/accesses.md).

Start at :mod:`api.accesses.log`, which keeps them before bytes leave; owners read them through
:mod:`api.accesses.book`. They follow from no entry, so their tables stand beside the log's
and are backed up with it. May import what the room may.
"""
