"""A Django app: `INSTALLED_APPS = ["tense.django"]`. Migrations, read-only admin pages, checks, a client per process."""
