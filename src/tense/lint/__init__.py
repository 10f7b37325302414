"""Configuration, baseline, silencers and output formats of the rules. Decides nothing itself."""
