"""From the outside world to a command."""
