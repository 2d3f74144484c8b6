"""Tests of the readers of measurement files."""
