"""The settings of the project. What Tense added is marked; the rest is what `startproject` writes, or less."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

address = urlsplit(os.environ.get("ORDERS_DATABASE", f"sqlite:///{Path(__file__).parent / 'orders.sqlite'}"))

sqlite: dict[str, Any] = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": address.path[1:],
    # Tense: a worker writes to the file too. Who is going to write says so when it begins, and waits for its turn.
    "OPTIONS": {"transaction_mode": "IMMEDIATE"},
    # Tense: tests that run services need a file, as two connections share nothing in memory.
    "TEST": {"NAME": str(Path(address.path[1:]).with_suffix(".test.sqlite"))},
}
postgres: dict[str, Any] = {
    "ENGINE": "django.db.backends.postgresql",
    "NAME": address.path[1:],
    "HOST": address.hostname,
    "PORT": address.port,
    "USER": address.username,
    "PASSWORD": address.password,
}
DATABASES = {"default": sqlite if address.scheme == "sqlite" else postgres}

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "tense.django",  # Tense: its tables as migrations, its dead letters in the admin, its checks
    "examples.django_orders.shop",
]

TENSE_APP = "examples.django_orders.app:app"  # Tense: where its app is; `client()` and the checks ask for it

MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
ROOT_URLCONF = "examples.django_orders.urls"
SECRET_KEY = os.environ.get("ORDERS_SECRET", "of an example that guards nothing")
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]
DEBUG = True
STATIC_URL = "static/"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
