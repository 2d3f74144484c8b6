"""Ledger: records, entries, the tree, proofs, checkpoints, record types, store and audit.

The core (everything but the store and the service) is pure. This room imports only
:mod:`keys`. Start at :mod:`ledger.record` for what a party signs, :mod:`ledger.entry`
for what the log orders and :mod:`ledger.service` for the one writer.
"""
