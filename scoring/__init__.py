"""Scoring: supplier health and the anomaly model, pure, reproducible and explainable.

May import :mod:`quality`, :mod:`ledger`, :mod:`keys`. Supplier health is not built yet.
"""
