"""Analytics: counts sales."""
