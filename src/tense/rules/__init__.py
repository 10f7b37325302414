"""The decisions: plain functions and tables with no await, no I/O and no logging. Imports messages and errors."""
