"""The third version: which types each subscription takes."""

from django.db import migrations

from tense.django.tables import BringTables


class Migration(migrations.Migration):
    """Tables only."""

    dependencies = (("tense", "0002_settled"),)
    operations = (BringTables(sqlite=(2, 3), postgresql=(2, 3)),)
