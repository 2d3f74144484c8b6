"""The groups of an inspection report, one module each; :mod:`quality.inspection` joins them. Pure.

What each must be and what it may say that is bad: ``lot``, ``plan``, ``measured``,
``disposition``.
"""
