"""Email: writes to customers."""
