"""Warehouse: packs parcels."""
