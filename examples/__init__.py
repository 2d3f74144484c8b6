"""Examples: real measurements, and the demo that signs, proves and verifies them."""
