"""Carrying out erasures, end to end."""
