"""Ledger: records, entries, tree, proofs, checkpoints, types, sharing, vault, store and audit.

The core (everything but the store and the service) is pure. This room imports only
:mod:`keys`. Start at :mod:`ledger.record` for what a party signs, :mod:`ledger.entry`
for what the log orders, :mod:`ledger.sharing.decision` for who reads it,
:mod:`ledger.vault.vault` for how it is kept and :mod:`ledger.service` for the one writer.
"""
