"""The tests of the project, in Django's own manner: `python -m examples.django_orders.manage test`."""
