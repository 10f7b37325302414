"""The words of people: none, for it only listens."""

from tense import Contract

people = Contract("people")
