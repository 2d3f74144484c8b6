"""Inspection by sampling: plans, what they risk, switching between severities, skip-lot.

Pure, without numpy. Begin with ``plan`` for what a lot asks for, ``switching`` for the severity
in force, ``observed`` for which report counts; ``master_table`` derives the tables.
"""
