"""The words of warehouse: none yet, for it only listens. Its name marks its place in the logs of others."""

from tense import Contract

warehouse = Contract("warehouse")
