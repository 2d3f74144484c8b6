"""Scoring: supplier health and the anomaly model. Nothing is built here yet.

Will be pure and reproducible; may import :mod:`quality`, :mod:`ledger`, :mod:`keys`.
"""
