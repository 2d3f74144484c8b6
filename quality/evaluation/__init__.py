"""The evaluation consortium: simulated parties whose true quality is known.

Every method that judges suppliers is tried on the same 327 suppliers, so that nobody can choose
an easy set (docs/reference/evaluation.md). Start with :class:`quality.evaluation.consortium.\
EvaluationConsortium`; :mod:`quality.evaluation.truth` keeps what is true beside what is said.
Pure: a seed comes in, drafts of records come out in the order of their admission times.
"""
