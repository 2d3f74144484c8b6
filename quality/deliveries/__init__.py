"""Deliveries: exposure, bad units and differences, as folds over admitted records.

Pure, after docs/spec/deliveries.md (method ``DLV-1``). Start at :mod:`quality.deliveries.fold`.
"""
