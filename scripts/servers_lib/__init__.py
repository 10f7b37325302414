"""Real servers for tests: one file each, started in a private folder and stopped by the pid that was recorded."""
