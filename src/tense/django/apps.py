"""The app's entry in Django's registry."""

from django.apps import AppConfig

from tense.runtime.app import App


class TenseConfig(AppConfig):
    """Tense in a Django project; `apps.get_app_config("tense").app` is the app that TENSE_APP names."""

    name = "tense.django"
    label = "tense"
    verbose_name = "Tense"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks."""
        from tense.django import checks  # noqa: F401, PLC0415 - Django: what uses models is imported when they are there

    @property
    def app(self) -> App:
        """The app that TENSE_APP names."""
        from tense.django.conf import tense_app  # noqa: PLC0415 - as above

        return tense_app()
