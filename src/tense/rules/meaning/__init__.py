"""The graph of who says and handles what, and the rules that judge it. Imports rules.naming."""
