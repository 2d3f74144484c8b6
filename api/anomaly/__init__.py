"""Parameters scored as they are uploaded: lines, verdicts, alarms, models, and the work on them.

Start at :mod:`api.anomaly.worker`. What reads numbers is imported when there are some, so that
a service without parameters carries no mathematics.
"""
