"""Orders: takes orders."""
