"""The words of analytics: none yet, for it only listens. Its name marks its place in the logs of others."""

from tense import Contract

analytics = Contract("analytics")
