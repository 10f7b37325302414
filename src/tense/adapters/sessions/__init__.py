"""Libraries that keep sessions over a driver: from the user's session to the connection within its transaction."""
