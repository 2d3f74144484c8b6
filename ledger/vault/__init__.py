"""Contents under keys: sealing, the key shelf, and the erasing of groups (docs/spec/vault.md).

Start at :mod:`ledger.vault.vault`. May import the core of the ledger and ``cryptography``; knows
no database.
"""
