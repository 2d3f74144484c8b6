"""Reports: a verified record as a workbook that can be taken back, and as a PDF to hand on.

Start with :mod:`api.reports.subject`, what a report is of; :mod:`api.reports.sheets` and
:mod:`api.reports.taking_back` are a pair, :mod:`api.reports.pdf` is for people alone. The
libraries that write are slow to import: import these modules where a report is made.
"""
