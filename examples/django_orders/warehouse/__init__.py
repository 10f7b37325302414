"""The service that packs parcels when something happens to orders."""
