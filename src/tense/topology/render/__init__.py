"""One renderer per output format: each turns a topology into text."""
