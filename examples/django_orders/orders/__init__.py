"""The service that owns orders: its words, and what it does when asked."""
