"""The command line ``lotmark``: a door like any other; what it does stands in the rooms.

Start at :mod:`api.cli.main`. Results go to standard output, everything else to standard
error; with ``--json`` standard output holds exactly one JSON document.
"""
