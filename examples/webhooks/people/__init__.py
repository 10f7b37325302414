"""People: who did how much."""
