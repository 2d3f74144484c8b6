"""Tests. A test name is a claim; ``pytest.mark.item`` names the acceptance item it proves."""
