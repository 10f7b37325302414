"""Loyalty: gives points."""
