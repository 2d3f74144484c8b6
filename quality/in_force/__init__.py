"""What parties have agreed on, each kind of master as an immutable fold of its own.

Pure, after docs/spec/masters.md. :mod:`quality.masters` puts them together and judges by them.
"""
