"""The words: frozen values with no await and no clock. Imports errors only."""
