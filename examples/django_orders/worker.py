"""What a worker imports: `tense run examples.django_orders.worker:app`. It sets Django up before any model is imported."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "examples.django_orders.settings")
django.setup()

from examples.django_orders.app import app  # noqa: E402 - models want Django to be set up

__all__ = ["app"]
