"""One reader per kind of source: each turns it into a topology."""
