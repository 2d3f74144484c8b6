"""An inspection while it is done: a plan, readings one after another, the state of the lot.

Pure: :mod:`quality.tally.plan` is what is asked for, :mod:`quality.tally.readings` what is found,
:mod:`quality.tally.fold` counts, :mod:`quality.tally.deciding` says what is certain, and
:mod:`quality.tally.draft` writes the inspection report that the party signs
(docs/spec/tally.md).
"""
