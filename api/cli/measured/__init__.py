"""Measurement files into drafts of inspection reports: DFQ, QIF, and tables beyond what fits.

Files are read as a stream and gathered by lot and characteristic; a report gets the values as
long as it can hold them, else their summary and the file itself as evidence. Start at
``files.py`` (DFQ, QIF) or ``long_tables.py`` (CSV, XLSX); ``reports.py`` makes the groups.
"""
