"""What users and adapter authors test with: harness, clock, fakes, scenario, faults, conformance."""
