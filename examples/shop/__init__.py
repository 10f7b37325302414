"""A shop of seven services. Read a `contract.py` for what a service says, its `service.py` for what it does."""
