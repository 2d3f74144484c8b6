"""Inspection by sampling: plans, switching between severities, skip-lot, what an inspection tells.

Pure. Begin with ``switching`` for the severity in force, ``observed`` for which report counts.
"""
