"""The edge of a line: rows of parameters are taken in durably, batched, signed and submitted.

:mod:`~api.streaming.rows` reads rows, :mod:`~api.streaming.spool` keeps them on the disk,
:mod:`~api.streaming.edge` makes records of them, :mod:`~api.streaming.door` takes them by HTTP.
"""
