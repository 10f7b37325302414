"""The words of recommendations: none yet, for it only listens. Its name marks its place in the logs of others."""

from tense import Contract

recommendations = Contract("recommendations")
