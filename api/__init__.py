"""Api: every door in. HTTP, command line, settings, wiring and migrations.

The composition root: the one room that may import all others. Start at
:mod:`api.wiring`, where objects are built by plain constructor calls.
"""

__version__ = "0.1.0"
