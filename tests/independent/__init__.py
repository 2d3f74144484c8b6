"""Verifiers that others wrote, run in environments of their own against what Lotmark serves."""
