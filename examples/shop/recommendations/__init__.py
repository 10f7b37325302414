"""Recommendations: knows what is bought together; it joined the shop last."""
