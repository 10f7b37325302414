"""The promises: small protocols whose docstrings are the contract. Imports messages and errors."""
