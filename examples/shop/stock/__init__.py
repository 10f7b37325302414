"""Stock: knows what is on the shelves."""
