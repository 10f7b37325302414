"""The app: `examples.webhooks.app:app`."""

from examples.webhooks.digest.service import service as digest
from examples.webhooks.people.service import service as people
from examples.webhooks.repository.service import service as repository
from tense import App

app = App(repository, digest, people)
