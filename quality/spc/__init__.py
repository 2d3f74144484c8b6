"""Statistical process control: charts, run rules, capability, measurement systems.

Pure, over arrays of NumPy; SciPy gives special functions only. Nothing that admission imports may
import this room, since the libraries take their time to load. Start at :mod:`quality.spc.study`
for one characteristic as a whole; every public function names its source.
"""
