"""The wiring: from a message to its handlers within one process. Imports rules, ports, messages and errors."""
