"""The PostgreSQL store: everything in one schema, several processes, late commits never jumped over."""
