"""Carrying out what entries ordered erased, and telling what became of it (docs/spec/erasure.md).

Start at :mod:`api.erasing.worker`. What may be erased is judged at admission, in ``ledger``.
"""
