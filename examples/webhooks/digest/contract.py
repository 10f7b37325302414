"""The words of digest: none, for it only listens."""

from tense import Contract

digest = Contract("digest")
