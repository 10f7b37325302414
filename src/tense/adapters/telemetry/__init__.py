"""Telemetry: where spans, figures and log lines go."""
