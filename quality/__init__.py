"""Quality: the trade's own words. Record types for inspections, credentials, 8D and parameters.

Pure. Imports :mod:`ledger` and :mod:`keys` only. Start at :mod:`quality.types` for what the
records look like and :mod:`quality.rules` for what they may say.
"""
