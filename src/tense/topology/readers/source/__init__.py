"""Python source that does not use Tense, read by `ast`: nothing is imported and nothing runs."""
