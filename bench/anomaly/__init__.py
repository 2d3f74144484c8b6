"""The anomaly model measured: ``python -m bench.anomaly`` prints the figures of its targets.

Start at :mod:`~bench.anomaly.__main__`. Files become :class:`~bench.anomaly.runs.Runs`, whatever
their form; :mod:`~bench.anomaly.line` is the product as it is used, :mod:`~bench.anomaly.peers`
what it is compared with.
"""

import os

# One thread for linear algebra, set before NumPy is imported: the matrices are small, and threads
# that wait for each other cost several times the work where other processes have the cores.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
