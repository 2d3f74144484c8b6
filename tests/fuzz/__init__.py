"""Fuzzing: every parser of outside bytes, a million times or a few hundred."""
